"""The live picture on a terminal, drawn by rich; the only module that imports it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console as Screen
from rich.live import Live as Region
from rich.text import Text

from deploy.console import picture
from deploy.console.plain import Plain
from deploy.console.stream import Stream

if TYPE_CHECKING:
    from deploy.progress import Progress

_A_SECOND = 4


class Live(Plain):
    """What is said while the picture stands is printed above it; the picture's last state stays."""

    def __init__(self, stream: Stream, clock: Callable[[], datetime]) -> None:
        super().__init__(stream, clock)
        self._progress: Progress | None = None
        self._region: Region | None = None

    def begin(self, progress: Progress) -> None:
        self._progress = progress
        color = self.stream.color
        screen = Screen(
            file=_Writer(self.stream),  # type: ignore[arg-type]  # rich asks for no more than what it has
            width=self.stream.fixed_width,
            force_terminal=True,
            no_color=not color,
            color_system="standard" if color else None,
            legacy_windows=False,
        )
        self._region = Region(
            get_renderable=self._drawn, console=screen, refresh_per_second=_A_SECOND, redirect_stdout=False, redirect_stderr=False
        )
        self._region.start()

    def update(self, progress: Progress) -> None:
        self._progress = progress

    def end(self, progress: Progress) -> None:
        self._progress = progress
        if self._region is not None:
            self._region.stop()
        self._region = None

    def line(self, text: str) -> None:
        if self._region is None:
            super().line(text)
        else:
            self._region.console.print(Text.from_ansi(text), soft_wrap=True)

    def _drawn(self) -> Text:
        if self._progress is None:
            return Text()
        lines = picture.picture(self._progress, self.clock(), self.stream.ink, self.stream.size[1] - 2)
        return Text("\n", no_wrap=True).join(Text.assemble(*((text, style) for style, text in line)) for line in lines)


class _Writer:
    """What rich writes to: the stream with all that it forgives."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.encoding = getattr(stream.raw, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Each write is flushed."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.raw.fileno()
