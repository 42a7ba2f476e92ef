"""A stream that never ends a deployment: a reader that went away is no error, nor is a character that it has no code for."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from deploy.report.ink import Ink

_UNICODE_PROBE = "✓✗●━├"


class Stream:
    """``width``: cells; None asks the terminal, and is 120 where there is none. ``vital``: what does not fit on a disk is an error."""

    def __init__(
        self, stream: TextIO, environ: Mapping[str, str], *, color: bool | None = None, width: int | None = None, vital: bool = False
    ) -> None:
        self.raw, self.vital = stream, vital
        self.closed = False
        self._lock = threading.RLock()
        self.fixed_width = width
        self._environ = environ
        self.is_terminal = _is_terminal(stream)
        self.is_screen = self.is_terminal and environ.get("TERM", "") != "dumb"
        self.ascii = not _can_encode(stream)
        self.color = _wants_color(environ, terminal=self.is_screen) if color is None else color

    @property
    def width(self) -> int:
        return self.size[0]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines, as they are now."""
        columns, lines = 120, 40
        if self.is_terminal:
            try:
                columns, lines = os.get_terminal_size(self.raw.fileno())
            except (OSError, ValueError):
                columns, lines = 80, 24
        asked = self._environ.get("COLUMNS", "")
        if asked.isdigit() and int(asked):
            columns = int(asked)
        return max(self.fixed_width or columns or 80, 40), max(lines or 24, 8)

    @property
    def ink(self) -> Ink:
        from deploy.report.ink import Ink

        return Ink(color=self.color, ascii=self.ascii, width=self.width)

    def line(self, text: str) -> None:
        self.write(text + "\n")

    def write(self, text: str) -> None:
        """Raises:
        OSError: a vital text does not fit on the disk, or the like; a reader that went away is none.
        """
        with self._lock:
            if self.closed:
                return
            try:
                self.raw.write(self._encodable(text))
                self.raw.flush()
            except (BrokenPipeError, ValueError):
                self._close()
            except OSError:
                self._close()
                if self.vital:
                    raise

    def _encodable(self, text: str) -> str:
        encoding = getattr(self.raw, "encoding", None) or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def _close(self) -> None:
        """Nobody reads. What Python still holds for the stream goes nowhere, so that its own flush at exit does not complain."""
        self.closed = True
        if self.raw not in (sys.stdout, sys.stderr):
            return
        try:
            handle = os.open(os.devnull, os.O_WRONLY)
            os.dup2(handle, self.raw.fileno())
            os.close(handle)
        except (OSError, ValueError):
            return


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _can_encode(stream: TextIO) -> bool:
    try:
        _UNICODE_PROBE.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _wants_color(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Sources: no-color.org (present and not empty, whatever the value) and force-color.org; NO_COLOR is the stronger."""
    if environ.get("NO_COLOR"):
        return False
    return environ.get("FORCE_COLOR", "0") not in ("", "0", "false") or terminal
