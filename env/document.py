"""Reads one YAML file strictly: plain data with the line and column of every value, or every reason why not.

YAML 1.1 reads `no` as false, `1:30` as 90 and account `012345670123` as 1402433619, lets a later key win over an earlier
one, and grows a few lines into gigabytes through aliases. Here only what looks like a number, true, false or null is one;
whatever YAML would read as something else than it looks like is refused. The reader works on events, without recursion.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from env.plain import resolve
from env.secret import MESSAGE, in_comments, is_secret, visible

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

Path_ = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)
# No text editor writes these, and a terminal obeys some of them.
_UNREADABLE = re.compile(r"^ *\t|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a file; line and column count from 1, ``key`` is a dotted path or ""."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: " + (f"{self.key}: " if self.key else "") + self.message


@dataclass(frozen=True, order=True)
class Place:
    """Where a value stands: the line and column of its key, or of the item in a list."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def problem(self, key: str, message: str) -> Problem:
        return Problem(self.file, self.line, self.column, visible(key, 120), visible(message, 500))


@dataclass(frozen=True)
class Document:
    """A file's data, the place of every value by its path, and what is wrong with single values of it."""

    file: str
    data: dict[str, Any]
    places: dict[Path_, Place]
    problems: tuple[Problem, ...] = ()


class InvalidDocument(Exception):
    """The file cannot be read as plain data; ``problems`` says why, all of it that can be known."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def dotted(path: Path_) -> str:
    """``("network", "public", 1)`` -> ``network.public[1]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(path: Path, shown: str) -> Document:
    """Read a file; ``shown`` is its name in messages.

    Raises:
        InvalidDocument: it cannot be opened, is no UTF-8 text, or is not plain YAML with a mapping at the root.
    """
    start = Place(shown, 1, 1)
    try:
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise InvalidDocument([start.problem("", "is a symbolic link: put the file itself here")])
        # Opening a named pipe would wait for ever.
        if not stat.S_ISREG(kind):
            raise InvalidDocument([start.problem("", "is no file: put one here")])
        with path.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InvalidDocument([start.problem("", "is missing: write it (see README)")]) from None
    except OSError as error:
        raise InvalidDocument([start.problem("", f"cannot be read: {error.strerror}")]) from error
    if len(raw) > MAX_BYTES:
        raise InvalidDocument([start.problem("", f"is larger than {MAX_BYTES // 1024} KiB, which no environment needs")])
    return parse(_text(raw, start), shown)


def parse(text: str, shown: str) -> Document:
    """Read a text that stands for the file ``shown``. Raises InvalidDocument."""
    builder = _Builder(shown)
    builder.problems += [Place(shown, line, 1).problem("", f"comment {MESSAGE}") for line in in_comments(text)]
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
            if builder.documents > 1:
                break
    except yaml.YAMLError as error:
        raise InvalidDocument([*builder.problems, _syntax(error, text, shown)]) from error
    except _TooDeep as error:
        raise InvalidDocument([error.problem]) from None
    return _document(builder, shown)


def _document(builder: _Builder, shown: str) -> Document:
    start = Place(shown, 1, 1)
    if builder.root is _NOTHING or builder.root is None:
        raise InvalidDocument([*builder.problems, start.problem("", "is empty: expected keys and values")])
    if not isinstance(builder.root, dict):
        found = "a list" if isinstance(builder.root, list) else f"a single {_kind(builder.root)}"
        raise InvalidDocument([*builder.problems, start.problem("", f"expected keys and values at the top, found {found}")])
    return Document(shown, builder.root, builder.places, tuple(builder.problems))


def _text(raw: bytes, start: Place) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        place = Place(start.file, line, error.start - raw.rfind(b"\n", 0, error.start))
        raise InvalidDocument([place.problem("", "is not UTF-8 text: save the file as UTF-8")]) from error
    bad = _UNREADABLE.search(text)
    if bad is not None:
        end = bad.end() - 1
        place = _place_of(text, end, start.file)
        message = "tab in the indentation: use spaces" if text[end] == "\t" else f"control character {ord(text[end])}: this is no text file"
        raise InvalidDocument([place.problem("", message)])
    return text


def _place_of(text: str, offset: int, shown: str) -> Place:
    return Place(shown, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _syntax(error: yaml.YAMLError, text: str, shown: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    if mark is None:
        return _place_of(text, getattr(error, "position", 0), shown).problem("", f"is not YAML: {reason}")
    lines = text.split("\n")
    hint = ": a tab stands here, use spaces" if mark.line < len(lines) and "\t" in lines[mark.line] else ""
    return Place(shown, mark.line + 1, mark.column + 1).problem("", f"is not YAML: {reason}{hint}")


class _TooDeep(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


_NOTHING: Any = object()


@dataclass
class _Level:
    """An open mapping or list; ``key`` is the key that waits for its value."""

    value: dict[str, Any] | list[Any]
    path: Path_
    key: str | None = None
    seen: dict[str, int] = field(default_factory=dict)


@dataclass
class _Builder:
    """Takes YAML events one by one and keeps data, places and problems."""

    file: str
    root: Any = _NOTHING
    places: dict[Path_, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    documents: int = 0

    def take(self, event: Any) -> None:
        place = Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self._document_start(event, place)
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(place, f"alias *{event.anchor}: write the value itself")
            if self._waits_for_key():
                self._unusable_key(place)
            else:
                self._value(None, place)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, place)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event, place)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.levels.pop()

    def _document_start(self, event: Any, place: Place) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(place, "a second document begins here: one file is one document")
        if event.version or event.tags:
            self._refuse(place, "YAML directive: leave it out")

    def _open(self, event: Any, place: Place) -> None:
        self._plain(event, place)
        if len(self.levels) >= MAX_DEPTH:
            raise _TooDeep(place.problem("", f"is nested deeper than {MAX_DEPTH} levels"))
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        if self._waits_for_key():
            self._refuse(place, "a key must be a plain name")
            self.levels.append(_Level(value, self._unusable_key(place)))
            return
        self.levels.append(_Level(value, self._value(value, place)))

    def _scalar(self, event: Any, place: Place) -> None:
        self._plain(event, place)
        if self._waits_for_key():
            self._key(self.levels[-1], event, place)
            return
        path = self._path()
        value, complaint = (event.value, None) if event.style else resolve(event.value)
        if complaint:
            where = self.places.get(path, place)
            self.problems.append(where.problem(dotted(path), MESSAGE if is_secret(path, value) else complaint))
        self._value(value, place)

    def _waits_for_key(self) -> bool:
        return bool(self.levels) and isinstance(self.levels[-1].value, dict) and self.levels[-1].key is None

    def _unusable_key(self, place: Place) -> Path_:
        """Something that was refused stands for a key: a name that nobody could write takes its place."""
        level = self.levels[-1]
        level.key = f"?{place.line}:{place.column}"
        path = (*level.path, level.key)
        self.places[path] = place
        return path

    def _key(self, level: _Level, event: Any, place: Place) -> None:
        key = event.value
        if key == "<<":
            self._refuse(place, "merge key <<: write the values themselves")
        elif not event.style and not isinstance(resolve(key)[0], str):
            self._refuse(place, f"key {visible(key, 40) or 'without a name'}: a key must be a name")
        if key in level.seen:
            path = dotted((*level.path, key))
            self.problems.append(place.problem(path, f"stands here twice, first in line {level.seen[key]}: keep one"))
        level.seen.setdefault(key, place.line)
        level.key = key
        self.places[(*level.path, key)] = place

    def _path(self) -> Path_:
        if not self.levels:
            return ()
        level = self.levels[-1]
        last = len(level.value) if isinstance(level.value, list) else level.key
        return level.path if last is None else (*level.path, last)

    def _value(self, value: Any, place: Place) -> Path_:
        path = self._path()
        if not self.levels:
            if self.root is _NOTHING:
                self.root = value
        elif isinstance(self.levels[-1].value, list):
            self.levels[-1].value.append(value)
        else:
            level = self.levels[-1]
            assert level.key is not None
            assert isinstance(level.value, dict)
            level.value[level.key] = value
            level.key = None
        self.places.setdefault(path, place)
        return path

    def _plain(self, event: Any, place: Place) -> None:
        if event.anchor:
            self._refuse(place, f"anchor &{event.anchor}: write the value where it is needed")
        if event.tag and event.tag != "!":
            self._refuse(place, f"tag {event.tag}: values here are plain texts, numbers, true, false, lists and mappings")

    def _refuse(self, place: Place, message: str) -> None:
        """At the key where it is about its value, so that the value is not complained about once more."""
        path = self._path()
        where = place if self._waits_for_key() or not path else self.places.get(path, place)
        self.problems.append(where.problem(dotted(path), message))


def _kind(value: Any) -> str:
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "value"


def scalars(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every value of plain data that is no mapping or list, with its path. As deep as the reader allows, so recursion is safe."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from scalars(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from scalars(value, (*path, index))
    else:
        yield path, data
