"""Runtime configuration (R25): values under one Parameter Store path that operators change without a deployment.

All of them are read at first use and again when the cache time is over. What cannot be read, or does not mean what it
should, changes nothing: the last good value stays, or the default where there never was one, and the log counts it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from shared.clients import error_code, service_errors
from shared.logs import LEVELS, Log

Value = TypeVar("Value")

SET = "set/"

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_SWITCH = {"on": True, "true": True, "off": False, "false": False}


class Configuration:
    """Typed values by name. One per execution environment: it remembers from call to call."""

    def __init__(
        self, read: Callable[[], Mapping[str, str]], log: Log, *, namespace: str, cache_seconds: float, clock: Callable[[], float]
    ) -> None:
        """``read`` gives every value by name; ``clock`` seconds that never go back; ``namespace`` is the metrics'."""
        self.cache_seconds = cache_seconds
        self._read, self._clock, self._log, self._namespace = read, clock, log, namespace
        self._due = float("-inf")
        self._texts: Mapping[str, str] = {}
        self._good: dict[str, Any] = {}
        self._refused: dict[str, str] = {}

    def begin(self, log: Log) -> Log:
        """For the start of an invocation: speak through its log from now on, and give that log at the level set."""
        self._log = log
        return log.at(self.text("log-level", default=log.level, allowed=LEVELS))

    def text(self, name: str, *, default: str, allowed: Collection[str] = ()) -> str:
        """A text; one of ``allowed`` where there are any."""

        def parse(text: str) -> str:
            if allowed and text not in allowed:
                raise ValueError(f"expected one of {', '.join(allowed)}")
            return text

        return self._value(name, default, parse)

    def number(self, name: str, *, default: int, minimum: int, maximum: int) -> int:
        """A whole number within limits, both included."""

        def parse(text: str) -> int:
            number = int(text) if _WHOLE_NUMBER.fullmatch(text) else None
            if number is None or not minimum <= number <= maximum:
                raise ValueError(f"expected a whole number from {minimum} to {maximum}")
            return number

        return self._value(name, default, parse)

    def switch(self, name: str, *, default: bool) -> bool:
        """``on`` or ``true``, ``off`` or ``false``."""

        def parse(text: str) -> bool:
            if text.lower() not in _SWITCH:
                raise ValueError("expected on or off")
            return _SWITCH[text.lower()]

        return self._value(name, default, parse)

    def _value(self, name: str, default: Value, parse: Callable[[str], Value]) -> Value:
        self._refresh()
        if name not in self._texts:
            return default
        text = self._texts[name].strip()
        try:
            self._good[name] = parse(text)
            self._refused.pop(name, None)
        except ValueError as error:
            self._refuse(name, text, str(error))
        value: Value = self._good.get(name, default)
        return value

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
    request: dict[str, Any] = {"Path": path, "Recursive": True}
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
    """The configuration at ``CONFIG_PATH``, such as ``/tap/dev/config``, kept for ``CONFIG_CACHE_SECONDS``."""
    path = variables["CONFIG_PATH"].rstrip("/")
    return Configuration(
        lambda: in_force(parameters_under(client("ssm"), path)),
        log,
        namespace=f"{path.split('/')[1]}/configuration",
        cache_seconds=float(variables["CONFIG_CACHE_SECONDS"]),
        clock=time.monotonic,
    )
