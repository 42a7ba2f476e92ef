"""Words for a stream that is no screen, a log or a file: one line for each thing that happened, and a sign of life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from deploy.console import words
from deploy.console.stream import Stream
from deploy.report.ink import clean, one_line, seconds, size

if TYPE_CHECKING:
    from deploy.errors import Told
    from deploy.model import Event
    from deploy.progress import Progress

_SILENCE = 30.0
_STYLES = {"note": "cyan", "done": "green", "warn": "yellow"}


class Plain:
    """Lines. ``clock``: UTC now."""

    def __init__(self, stream: Stream, clock: Callable[[], datetime]) -> None:
        self.stream, self.clock = stream, clock
        self._shown: set[tuple[tuple[str, ...], str]] = set()
        self._said: dict[tuple[str, ...], str] = {}
        self._spoke: datetime | None = None
        self._quarter = -1
        self._open = False

    def say(self, kind: str, text: str, took: float | None = None) -> None:
        """``kind``: note, done or warn. Further lines of the text stand below the first."""
        ink = self.stream.ink
        end = ink("dim", f"  {seconds(took)}") if took is not None else ""
        first, *more = clean(text).splitlines() or [""]
        self.line(f"{ink(_STYLES[kind], ink.symbol(kind))} {first}{end}")
        for line in more:
            self.line(f"  {line}".rstrip())

    def error(self, error: Told) -> None:
        for line in error_lines(error, self.stream):
            self.line(line)

    def begin(self, progress: Progress) -> None:
        self._spoke = self.clock()
        self.update(progress)

    def update(self, progress: Progress) -> None:
        """Everything that ended since the last call, and what a stack begins; every half minute that it is still at work."""
        for event in progress.own:
            key = (event.path, event.id)
            if key not in self._shown:
                self._shown.add(key)
                if line := self._event(event, progress):
                    self._speak(line)
        now = self.clock()
        if self._spoke is None or (now - self._spoke).total_seconds() >= _SILENCE:
            self._speak(self._alive(progress, now))

    def end(self, progress: Progress) -> None:
        self.update(progress)

    def upload(self, done: int, total: int, sent: int) -> None:
        """One line that is written over on a screen; elsewhere a line at every quarter, so that a log stays short."""
        text = f"  {done} of {total} uploaded, {size(sent)}"
        if not sent:
            return  # what is there already is no news
        quarter = 4 * done // total if total else 4
        if self.stream.is_screen:
            self._open = done < total
            self.stream.write(f"\r{text}\x1b[K" + ("" if self._open else "\n"))
        elif quarter != self._quarter:
            self.line(text)
        self._quarter = quarter

    def line(self, text: str) -> None:
        if self._open:
            self._open = False
            self.stream.write("\r\x1b[K")
        self.stream.line(text)

    def _speak(self, line: str) -> None:
        self._spoke = self.clock()
        self.line(line)

    def _event(self, event: Event, progress: Progress) -> str:
        """``12:31:07  ✓ Compute/ApiFunction created  AWS::Lambda::Function``, with the reason where it failed."""
        is_stack = event.type == "AWS::CloudFormation::Stack"
        if event.status.endswith("_IN_PROGRESS") and not is_stack:
            return ""
        if is_stack and self._said.get(event.path) == event.status and event.path:
            return ""  # a nested stack's own event, and its parent's on it
        self._said[event.path] = event.status
        ink = self.stream.ink
        name = one_line("/".join(event.path)) or one_line(progress.operation.stack)
        mark = ink(words.style(event.status), f"{ink.symbol(words.symbol(event.status))} {name} {words.said(event.status)}")
        kind = "" if is_stack else ink("dim", f"  {one_line(event.type)}")
        reason = f": {one_line(event.reason)}" if event.reason and ("FAILED" in event.status or "ROLLBACK" in event.status) else ""
        return f"  {ink('dim', f'{event.at:%H:%M:%S}')}  {mark}{kind}{reason}"

    def _alive(self, progress: Progress, now: datetime) -> str:
        counts = progress.counts
        flying = [node for node in progress.root.walk() if node.in_flight and not node.is_stack]
        names = ", ".join(one_line("/".join(node.path)) for node in flying[:3]) + (
            f" and {len(flying) - 3} more" if len(flying) > 3 else ""
        )
        since = seconds((max(now, progress.root.started) - progress.root.started).total_seconds()) if progress.root.started else "0 s"
        return f"  {now:%H:%M:%S}  {counts.done} of {counts.all} done after {since}{': at work on ' + names if names else ''}"


def error_lines(error: Told, stream: Stream) -> list[str]:
    """``✗ refused  stack tap-prod: it would lose data``, details below, then what to do."""
    ink = stream.ink
    mark = "back" if error.word == "rolled back" else "failed"
    head = f"{ink('bold red', f'{ink.symbol(mark)} {error.word}')}  {one_line(error.subject)}: {one_line(error.fact)}"
    details = [
        f"    {one_line(line)}" if not line.startswith(" ") else f"      {one_line(line)}"
        for detail in error.details
        for line in detail.split("\n")
    ]
    return [head, *details, *([f"  {one_line(error.remedy)}"] if error.remedy else [])]
