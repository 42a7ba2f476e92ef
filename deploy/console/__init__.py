"""The one place that prints: progress to standard error, results to standard output.

    console = console("text")
    console.note("publish 12 templates")          > publish 12 templates
    console.upload(3, 12, 45_000)                   3 of 12 uploaded, 45 kB
    console.done("published", 2.1)                + published  2.1 s
    with console.follow(progress) as show:          a live tree on a terminal, lines elsewhere
        show(progress.add(events))
    console.result(plan)                          a noun as `deploy/report` words it, or as JSON

Three voices say the same: lines (`plain`), a live picture on a terminal (`live`, which alone imports rich, and only once there is
something to follow), JSON lines (`machine`, where their shape is written down).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from deploy.console.stream import Stream

if TYPE_CHECKING:
    from typing import TextIO

    from deploy.console.voice import Voice
    from deploy.errors import Told
    from deploy.noun import Noun
    from deploy.progress import Progress
    from deploy.report.ink import Ink

Format = Literal["text", "json"]
Show = Callable[["Progress"], None]


class Console:
    """Made by `console`."""

    def __init__(self, format: Format, streams: tuple[Stream, Stream, TextIO], clock: Callable[[], datetime]) -> None:
        self.format, self.clock = format, clock
        self.stdout, self.stderr, self.stdin = streams
        self._voice: Voice | None = None

    @property
    def voice(self) -> Voice:
        """Lines or JSON, made when something is said first."""
        if self._voice is None:
            self._voice = _voice(self.format, self.stderr, self.clock)
        return self._voice

    @property
    def ink(self) -> Ink:
        """How results are written: for texts that are rendered before they are given to `result`."""
        return self.stdout.ink

    def note(self, text: str) -> None:
        """A step has begun."""
        self.voice.say("note", text)

    def done(self, text: str, seconds: float | None = None) -> None:
        self.voice.say("done", text, seconds)

    def warn(self, text: str) -> None:
        self.voice.say("warn", text)

    def error(self, error: Told) -> None:
        self.voice.error(error)

    @contextmanager
    def follow(self, progress: Progress) -> Iterator[Show]:
        """Show an operation while it runs; give what is yielded, or `update`, each newer progress."""
        last = progress

        def show(newer: Progress) -> None:
            nonlocal last
            last = newer
            self.voice.update(newer)

        self._come_alive()
        self.voice.begin(progress)
        try:
            yield show
        finally:
            self.voice.end(last)

    def update(self, progress: Progress) -> None:
        self.voice.update(progress)

    def upload(self, done: int, total: int, size: int) -> None:
        """``size``: bytes sent so far. May be called from several threads."""
        self.voice.upload(done, total, size)

    def ask(self, question: str, expected: str, *, digest: str = "") -> bool:
        """True when the person types ``expected``; for ``y`` also ``yes``, in any case.

        Raises:
            Refused: nobody can answer: standard input is no terminal, or the format is for programs.
        """
        from deploy.errors import Refused

        if self.format == "json" or not _answers(self.stdin):
            raise Refused(
                "approval",
                "nobody can be asked here: standard input is no terminal",
                f"say --yes{f', or --approve {digest}' if digest else ''}, after a review",
            )
        from deploy.report.ink import clean

        ink = self.stderr.ink
        self.stderr.write(f"\n{ink('bold', clean(question))}\nType {ink('bold', expected)} to go on: ")
        answer = self.stdin.readline().strip()
        return answer == expected or (expected == "y" and answer.lower() in ("y", "yes"))

    def result(self, value: str | Noun | tuple[Noun, ...]) -> None:
        """To standard output. A text as it is (as ``{"result": text}`` in JSON); a noun, or several, as the format asks.

        Raises:
            OutcomeUnknown: standard output cannot be written, the disk is full; a reader that went away is no error.
        """
        try:
            self.stdout.write(self._worded(value))
        except OSError as error:
            from deploy.errors import OutcomeUnknown

            raise OutcomeUnknown(
                "standard output", f"it cannot be written: {error.strerror}", "make room, then run the same again"
            ) from error

    def _worded(self, value: str | Noun | tuple[Noun, ...]) -> str:
        if not isinstance(value, str):
            from deploy.report import render

            return render.render(value, self.format, self.ink)
        if self.format == "json":
            import json

            return json.dumps({"result": value}) + "\n"
        return value if value.endswith("\n") else value + "\n"

    def _come_alive(self) -> None:
        if self.format == "text" and self.stderr.is_screen:
            from deploy.console.live import Live

            if not isinstance(self._voice, Live):
                self._voice = Live(self.stderr, self.clock)


def console(
    format: Format = "text",
    *,
    color: bool | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    stdin: TextIO | None = None,
    width: int | None = None,
    clock: Callable[[], datetime] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Console:
    """``color`` and ``width`` None: as the terminal, ``NO_COLOR``, ``FORCE_COLOR``, ``TERM`` and ``COLUMNS`` say."""
    environ, clock = os.environ if environ is None else environ, clock or _now
    streams = (
        Stream(stdout or sys.stdout, environ, color=color, width=width, vital=True),
        Stream(stderr or sys.stderr, environ, color=color, width=width),
        stdin or sys.stdin,
    )
    return Console(format, streams, clock)


def _voice(format: Format, stderr: Stream, clock: Callable[[], datetime]) -> Voice:
    if format == "json":
        from deploy.console.machine import Machine

        return Machine(stderr, clock)
    from deploy.console.plain import Plain

    return Plain(stderr, clock)


def _now() -> datetime:
    return datetime.now(UTC)


def _answers(stdin: TextIO) -> bool:
    try:
        return stdin.isatty()
    except (AttributeError, ValueError):
        return False
