"""The environment under texts that nobody wrote: another name, account, region and address blocks of the same shape.

What a template makes of texts is proven by exchanging them: it must carry them, and decide nothing by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import msgspec

from env.document import Path_, dotted, scalars
from env.fields import varying
from env.model import Environment
from env.regions import PARTITIONS
from templates.influence import with_value

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "name"
MOST = 9
"""Other texts that are tried before a text is taken for a choice."""
_MOMENT = re.compile(r"[0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""Times and dates are values, too."""
_BLOCK = re.compile(r"[0-9]+\.[0-9]+\.([0-9]+\.[0-9]+/[0-9]+)")


@dataclass(frozen=True, kw_only=True)
class Neutral:
    """``env`` with ``texts`` (field -> what stands in its place); ``kept``: fields for whose text there is no other: it stays."""

    env: Environment
    texts: dict[str, str]
    kept: tuple[str, ...]


def plain(env: Environment) -> dict[str, Any]:
    """As the files spell it; through JSON, so that a tuple is a list, which can be changed."""
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(env))
    return value


def texts(env: Environment) -> dict[str, str]:
    """Field -> every text of the environment's own: its name, and the texts among the fields that may vary."""
    return {dotted(path): value for path, value in _texts(plain(env))}


def _texts(data: dict[str, Any]) -> Iterator[tuple[Path_, str]]:
    """A choice among a few words, such as a weekday, is a value like a number: it is walked, not exchanged."""
    fields = varying()
    for path, value in scalars({key: item for key, item in data.items() if key != "tools"}):
        own = dotted(path)
        varies = own == NAME or any(own == field or own.startswith((f"{field}.", f"{field}[")) for field in fields)
        if not isinstance(value, str) or not varies:
            continue
        others = list(islice(_others(value, name=own == NAME), MOST))
        if not _MOMENT.fullmatch(value) and (not others or any(_fits(with_value(data, path, other)) for other in others)):
            yield path, value


def _fits(data: dict[str, Any]) -> bool:
    try:
        msgspec.convert(data, Environment)
    except msgspec.ValidationError:
        return False
    return True


def neutral(env: Environment, corpus: str, taken: dict[str, str]) -> Neutral:
    """``corpus``: everything that the templates say, in which no text occurs that is put in place of another; ``taken``: a text ->
    the field that it stands for, in whatever environment.
    """
    data, made, kept = plain(env), {}, []
    for path, value in _texts(data):
        name = dotted(path)
        free = (one for one in _others(value, name=name == NAME) if taken.get(one, name) == name and one not in corpus)
        other = next((one for one in free if _fits(with_value(data, path, one))), None)
        if other is None:
            kept.append(name)
            other = value
        taken[other] = name
        made[name] = other
        data = with_field(data, path, other)
    return Neutral(env=msgspec.convert(data, Environment), texts=made, kept=tuple(kept))


def with_field(data: dict[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    """With another value of a field; an environment goes by its new name on the pipeline's way as well."""
    if path == (NAME,):
        way = data["tools"]["pipeline"]["environments"]
        data = with_value(data, ("tools", "pipeline", "environments"), [value if one == data[NAME] else one for one in way])
    return with_value(data, path, value)


def _others(value: str, *, name: bool) -> Iterable[str]:
    """Texts of the same shape and length: names are cut, and policies parted, by how long they are."""
    if value in PARTITIONS:
        return (one for one in PARTITIONS if PARTITIONS[one] == PARTITIONS[value] and len(one) == len(value) and one != value)
    if block := _BLOCK.fullmatch(value):
        return (f"100.{second}.{block[1]}" for second in range(64, 128))
    if value.isdecimal():
        return (f"{10 ** len(value) - 1 - by}" for by in range(1, 100))
    return _words("qzxjkvwy", len(value)) if name else (_turned(value, by) for by in range(1, 10))


def _words(letters: str, length: int) -> Iterator[str]:
    head = min(length, 3)
    yield from ("".join(word) + letters[0] * (length - head) for word in product(letters, repeat=head))


def _turned(text: str, by: int) -> str:
    return "".join(_next(one, "0123456789", by) if one.isdecimal() else _next(one, "abcdefghijklmnopqrstuvwxyz", by) for one in text)


def _next(letter: str, letters: str, by: int) -> str:
    return letters[(letters.index(letter) + by) % len(letters)] if letter in letters else letter


def fields_between(one: Environment, other: Environment) -> Sequence[tuple[str, Path_]]:
    """The fields in which two environments differ, marked as varying or not, in the order of the model."""
    before, after = ({key: value for key, value in plain(each).items() if key != "tools"} for each in (one, other))
    known = sorted([*varying(), NAME], key=len, reverse=True)
    found: dict[str, Path_] = {}
    for path in _differing(before, after, ()):
        own = dotted(path)
        field = next((name for name in known if own == name or own.startswith((f"{name}.", f"{name}["))), own)
        found.setdefault(field, tuple(field.split(".")) if field in known else path)
    return list(found.items())


def _differing(one: Any, other: Any, path: Path_) -> Iterator[Path_]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from _differing(one.get(key), other.get(key), (*path, key))
    elif one != other:
        yield path
