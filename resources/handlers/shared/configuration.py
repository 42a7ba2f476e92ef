"""Runtime configuration (R25): values under one Parameter Store path that operators change without a deployment.

All of them are read at first use and again when the cache time is over. What cannot be read, or does not mean what it
should, changes nothing: the last good value stays, or the default where there never was one, and the log counts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from shared.clients import error_code, service_errors
from shared.logs import LEVELS, Log
from shared.setting import Setting, decode

SET = "set/"


class Configuration:
    """Typed values by name. One per execution environment: it remembers from call to call."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        read: Callable[[], Mapping[str, str]],
        log: Log,
        *,
        namespace: str,
        cache_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        """``settings``: what there is, by name; ``read`` gives every value by name; ``clock`` seconds that never go back;
        ``namespace`` is the metrics'.
        """
        self.cache_seconds = cache_seconds
        self._settings, self._read, self._clock, self._log, self._namespace = settings, read, clock, log, namespace
        self._due = float("-inf")
        self._texts: Mapping[str, str] = {}
        self._good: dict[str, Any] = {}
        self._refused: dict[str, str] = {}

    def begin(self, log: Log) -> Log:
        """For the start of an invocation: speak through its log from now on, and give that log at the level set."""
        self._log = log
        level = self.text("log-level") if "log-level" in self._settings else log.level
        return log.at(level) if level in LEVELS else log

    def text(self, name: str) -> str:
        return str(self._value(name, "text"))

    def number(self, name: str) -> int:
        return int(self._value(name, "number"))

    def switch(self, name: str) -> bool:
        return bool(self._value(name, "switch"))

    def items(self, name: str) -> tuple[str, ...]:
        """Of a list, in its order."""
        return tuple(self._value(name, "list"))

    def secret(self, name: str) -> str | None:
        """The secret, or the ARN of one in Secrets Manager, whichever was set; None where nothing was."""
        value = self._value(name, "secret")
        return None if value is None else str(value)

    def _value(self, name: str, type: str) -> Any:
        """Raises:
        LookupError: the model has no setting of this name and type, which is a mistake in the code that asks.
        """
        setting = self._settings.get(name)
        if setting is None or setting.type != type:
            raise LookupError(f"runtime.settings has no {type} {name}")
        self._refresh()
        default = None if setting.default is None else setting.value(setting.default)
        if name not in self._texts:
            self._good.pop(name, None)
            return default
        try:
            self._good[name] = setting.value(self._texts[name])
            self._refused.pop(name, None)
        except ValueError as error:
            self._refuse(name, self._texts[name], str(error))
        return self._good.get(name, default)

    def _refuse(self, name: str, text: str, expected: str) -> None:
        """Counted once, not at every use. The text is not logged: somebody may have put a secret there by mistake."""
        if self._refused.get(name) == text:
            return
        self._refused[name] = text
        message = f"setting {name} is refused, {expected}: the last good value stays in force; mend it with the command config set"
        self._log.count("BadValues", message, namespace=self._namespace, setting=name)

    def _refresh(self) -> None:
        now = self._clock()
        if now < self._due:
            return
        # Also after a failure: a service in trouble is not asked again at every request.
        self._due = now + self.cache_seconds
        try:
            self._texts = self._read()
        except service_errors() as error:
            message = "runtime configuration cannot be read: the last good values stay in force"
            code = error_code(error) or type(error).__name__
            self._log.count("FailedReads", message, namespace=self._namespace, error=code, reason=str(error))


def parameters_under(ssm: Any, path: str) -> dict[str, str]:
    """Every parameter below ``path`` by its name relative to it, over all pages (at most 10 a page)."""
    found: dict[str, str] = {}
    request: dict[str, Any] = {"Path": path, "Recursive": True, "WithDecryption": True}
    while True:
        page = ssm.get_parameters_by_path(**request)
        found |= {parameter["Name"].removeprefix(f"{path}/"): parameter["Value"] for parameter in page["Parameters"]}
        if not page.get("NextToken"):
            return found
        request["NextToken"] = page["NextToken"]


def in_force(found: Mapping[str, str]) -> dict[str, str]:
    """A template owns ``config/<name>``, the default; operators write ``config/set/<name>``, which wins.

    Two parameters and not one, so that no deployment overwrites what an operator set, and drift does not find it.
    """
    defaults = {name: value for name, value in found.items() if "/" not in name}
    return defaults | {name.removeprefix(SET): value for name, value in found.items() if name.startswith(SET)}


def from_environment(variables: Mapping[str, str], client: Callable[[str], Any], log: Log) -> Configuration:
    """The ``CONFIG_SETTINGS`` with their values at ``CONFIG_PATH``, such as ``/tap/dev/config``, kept for ``CONFIG_CACHE_SECONDS``."""
    path = variables["CONFIG_PATH"].rstrip("/")
    return Configuration(
        decode(variables["CONFIG_SETTINGS"]),
        lambda: in_force(parameters_under(client("ssm"), path)),
        log,
        namespace=f"{path.split('/')[1]}/configuration",
        cache_seconds=float(variables["CONFIG_CACHE_SECONDS"]),
        clock=time.monotonic,
    )
