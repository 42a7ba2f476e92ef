"""Progress for programs: one JSON object a line.

Each has ``event`` and ``at`` (UTC), and what belongs to it:

    note, warn   text
    done         text, seconds (null where nobody measured)
    error        word, code, subject, fact, remedy, details
    resource     stack, path, type, status, reason, physical_id, time: one event of AWS
    progress     stack, status, done, all, going_back: after each look at AWS that brought something new
    failure      stack, kind, path, type, status, reason, physical_id, time: with a reason of its own; the first is the cause
    upload       done, total, bytes
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deploy.console.stream import Stream

if TYPE_CHECKING:
    from deploy.errors import Told
    from deploy.model import Event
    from deploy.progress import Cause, Progress


class Machine:
    """JSON lines. ``clock``: UTC now."""

    def __init__(self, stream: Stream, clock: Callable[[], datetime]) -> None:
        self.stream, self.clock = stream, clock
        self._shown: set[tuple[tuple[str, ...], str]] = set()
        self._failures: set[Cause] = set()

    def say(self, kind: str, text: str, took: float | None = None) -> None:
        self._emit(kind, text=text, **({"seconds": took} if kind == "done" else {}))

    def error(self, error: Told) -> None:
        said = {name: getattr(error, name) for name in ("word", "code", "subject", "fact", "remedy", "details")}
        self._emit("error", **said)

    def begin(self, progress: Progress) -> None:
        self.update(progress)

    def update(self, progress: Progress) -> None:
        new = [event for event in progress.own if (event.path, event.id) not in self._shown]
        for event in new:
            self._shown.add((event.path, event.id))
            self._emit("resource", stack=progress.operation.stack, **_facts(event))
        for failure in progress.failures:
            if failure not in self._failures:
                self._failures.add(failure)
                self._emit("failure", stack=progress.operation.stack, kind=failure.kind, **_facts(failure))
        if new:
            counts, back = progress.counts, progress.going_back is not None
            self._emit(
                "progress", stack=progress.operation.stack, status=progress.status, done=counts.done, all=counts.all, going_back=back
            )

    def end(self, progress: Progress) -> None:
        self.update(progress)

    def upload(self, done: int, total: int, sent: int) -> None:
        self._emit("upload", done=done, total=total, bytes=sent)

    def _emit(self, event: str, **facts: Any) -> None:
        self.stream.line(json.dumps({"event": event, "at": _time(self.clock()), **facts}))


def _facts(event: Event | Cause) -> dict[str, Any]:
    return {
        "path": "/".join(event.path),
        "type": event.type,
        "status": event.status,
        "reason": event.reason,
        "physical_id": event.physical_id,
        "time": _time(event.at),
    }


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
