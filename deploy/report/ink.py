"""What a terminal shows: colours, symbols and widths, and how words of others are made harmless.

Reasons from AWS, tag values and template strings are not ours. Whatever comes from there goes through `clean` or `one_line`
before it is shown, so that no escape code, no control character and no change of writing direction reaches a terminal.
"""

from __future__ import annotations

import re
from functools import cache

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
    "bold red": "1;31",
    "bold yellow": "1;33",
    "bold green": "1;32",
}

# name -> with Unicode, without
_SYMBOLS = {
    "done": ("✓", "+"),
    "failed": ("✗", "x"),
    "working": ("●", "*"),
    "back": ("↺", "<"),
    "waiting": ("·", "."),
    "note": ("›", ">"),
    "warn": ("!", "!"),
    "branch": ("├─ ", "|- "),
    "last": ("└─ ", "`- "),
    "through": ("│  ", "|  "),
    "none": ("   ", "   "),
    "bar": ("━", "="),
    "rest": ("─", "-"),
    "cut": ("…", "..."),
    "replace": ("±", "-/+"),
}

# Control characters, marks that change the writing direction, invisible marks, separators of lines, halves of surrogate pairs.
_UNSAFE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"


@cache
def unsafe() -> re.Pattern[str]:
    """One character that a terminal would obey, or that nobody would see."""
    return re.compile(_UNSAFE)


class Ink:
    """How to write for one stream: ``width`` in cells; ``ascii`` where its encoding has no better symbols."""

    __slots__ = ("ascii", "color", "width")

    def __init__(self, *, color: bool = False, ascii: bool = False, width: int = 100) -> None:
        self.color, self.ascii, self.width = color, ascii, width

    def __call__(self, style: str, text: str) -> str:
        """``text`` in a style (``bold``, ``dim``, ``red``, ...); as it is without colours."""
        code = _CODES.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code and text else text

    def symbol(self, name: str) -> str:
        return _SYMBOLS[name][self.ascii]

    def cut(self, text: str, width: int) -> str:
        """At most ``width`` cells: the middle goes, since names differ at their ends."""
        return cut(text, width, self.symbol("cut"))

    def wrap(self, text: str, indent: str) -> list[str]:
        """Lines of at most the stream's width, each indented."""
        return wrap(text, self.width, indent)


PLAIN = Ink()


def clean(text: str) -> str:
    """``text`` with everything that could steer a terminal shown as an escape, ``\\x1b``; lines and tabs stay."""
    return unsafe().sub(_escape, text)


def one_line(text: str) -> str:
    """As `clean`, with every run of white space as one space."""
    return clean(" ".join(text.split()))


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def cells(text: str) -> int:
    """How wide a terminal shows it: wide characters take two cells, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)


def cut(text: str, width: int, mark: str = "…") -> str:
    """At most ``width`` cells, with ``mark`` in the place of what was left out of the middle."""
    if cells(text) <= width:
        return text
    room = width - len(mark)
    if room < 2:
        return mark[:width]
    return _head(text, room - room // 2) + mark + _head(text[::-1], room // 2)[::-1]


def _head(text: str, width: int) -> str:
    if text.isascii():
        return text[:width]
    taken = 0
    for index, char in enumerate(text):
        taken += cells(char)
        if taken > width:
            return text[:index]
    return text


def pad(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Broken between words, in cells; a word that is longer than a line is broken where the line ends."""
    room = max(width - len(indent), 20)
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        if line and cells(line) + 1 + cells(rest) <= room:
            line, rest = f"{line} {rest}", ""
        elif line:
            lines.append(line)
            line = ""
        while cells(rest) > room:
            piece = _head(rest, room)
            lines.append(piece)
            rest = rest[len(piece) :]
        line = rest or line
    return [indent + one for one in ([*lines, line] if line else lines)]


def seconds(value: float, *, tenths: bool = True) -> str:
    """``0.4 s``, ``12 s``, ``1 m 05 s``, ``2 h 03 m``; ``tenths`` of the first ten seconds."""
    if tenths and value < 9.95:
        return f"{max(value, 0):.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} m"


def size(value: int) -> str:
    """``812 B``, ``45 kB``, ``1.3 MB``; by thousands."""
    if value < 1000:
        return f"{value} B"
    if value < 1_000_000:
        return f"{value / 1000:.0f} kB"
    return f"{value / 1_000_000:.1f} MB"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 stack``, ``2 stacks``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
