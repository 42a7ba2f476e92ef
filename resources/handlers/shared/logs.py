"""Structured logs: one JSON object a line on standard output, which Lambda carries to CloudWatch Logs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")


class Invocation(Protocol):
    """What is used of the context that Lambda hands to a handler."""

    @property
    def aws_request_id(self) -> str: ...
    @property
    def function_name(self) -> str: ...
    @property
    def function_version(self) -> str: ...
    def get_remaining_time_in_millis(self) -> int: ...


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - standard output is Lambda's way to the log


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Log:
    """Writes lines at ``level`` and above. ``of`` and ``at`` give another log and leave this one as it is."""

    environment: str
    level: str = "INFO"
    invocation: Mapping[str, str] = field(default_factory=lambda: {"request_id": "", "function": "", "version": ""})
    write: Callable[[str], None] = _print
    now: Callable[[], datetime] = _now

    def of(self, context: Invocation) -> Log:
        """This log within one invocation."""
        ids = {"request_id": context.aws_request_id, "function": context.function_name, "version": context.function_version}
        return replace(self, invocation=ids)

    def at(self, level: str) -> Log:
        """This log from ``level`` on, one of :data:`LEVELS`."""
        return replace(self, level=level)

    def debug(self, message: str, **fields: object) -> None:
        self._line("DEBUG", message, fields)

    def info(self, message: str, **fields: object) -> None:
        self._line("INFO", message, fields)

    def warn(self, message: str, **fields: object) -> None:
        self._line("WARN", message, fields)

    def error(self, message: str, *, error: BaseException | None = None, **fields: object) -> None:
        """With ``error``: its type, its words and its stack."""
        self._line("ERROR", message, {**fields, **(_described(error) if error else {})})

    def count(self, metric: str, message: str, *, namespace: str, **fields: object) -> None:
        """A warning that CloudWatch counts as a metric of the environment, whatever the level: a count must not be lost.

        The form is CloudWatch's embedded metric format; it needs no permission and no call.
        """
        directive = {"Namespace": namespace, "Dimensions": [["Environment"]], "Metrics": [{"Name": metric, "Unit": "Count"}]}
        stamp = {"Timestamp": int(self.now().timestamp() * 1000), "CloudWatchMetrics": [directive]}
        extra = {**fields, "Environment": self.environment, metric: 1, "_aws": stamp}
        self._line("WARN", message, extra, always=True)

    def _line(self, level: str, message: str, fields: Mapping[str, object], *, always: bool = False) -> None:
        if not always and LEVELS.index(level) < LEVELS.index(self.level):
            return
        # Lambda's own filter reads `timestamp` and `level`; a field of the caller's never takes the place of ours.
        ours: dict[str, object] = {
            "timestamp": self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "message": message,
            **self.invocation,
            "environment": self.environment,
        }
        self.write(json.dumps({**ours, **fields, **ours}, default=str))


def _described(error: BaseException) -> dict[str, object]:
    import traceback

    return {"error": type(error).__name__, "reason": str(error), "stack": "".join(traceback.format_exception(error))}
