"""Streams and clocks for tests of what is printed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from deploy.console import Console, Format, console
from tests.console.streams import START


class Screen(io.StringIO):
    """A text stream that says what kind of stream it is."""

    def __init__(self, text: str = "", *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__(text)
        self._terminal, self._encoding = terminal, encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # StringIO has it as an attribute that cannot be set
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


class Closed(Screen):
    """A pipe whose reader went away."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = 0

    def write(self, text: str) -> int:
        self.tried += 1
        raise BrokenPipeError(32, "Broken pipe")


class Full(Screen):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


class Clock:
    """``now`` moves only when a test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Desk:
    """A console with streams to look at."""

    def __init__(self, format: Format = "text", environ: Mapping[str, str] | None = None, **streams: Any) -> None:
        self.stdout = streams.pop("stdout", Screen())
        self.stderr = streams.pop("stderr", Screen())
        self.clock = Clock()
        given: dict[str, Any] = {"stdout": self.stdout, "stderr": self.stderr, "stdin": Screen(), "clock": self.clock, **streams}
        self.console: Console = console(format, environ=environ or {}, **given)

    @property
    def out(self) -> str:
        return str(self.stdout.getvalue())

    @property
    def err(self) -> str:
        return str(self.stderr.getvalue())
