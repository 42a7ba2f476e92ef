"""Two values side by side, leaf by leaf, as JSON pointers; items of lists are paired by what they are, not by where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from deploy.review.expressions import canonical, same
from deploy.structure import KEYS, escaped, function


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One place where two values differ; None is absent.

    ``pattern``: the pointer with ``*`` for positions in lists; ``pointer_before``: where it stood before, in a list that moved;
    ``whole``: the pointer of the item of a list that came or went as a whole with it, "" where none did.
    """

    pointer: str
    pointer_before: str
    pattern: str
    before: Any
    after: Any
    whole: str = ""


def compare(before: Any, after: Any) -> Iterator[Leaf]:
    """Every leaf that differs, sorted by key."""
    yield from _compare(before, after, _Place("", "", "", ""))


class _Place(NamedTuple):
    pointer: str
    before: str
    pattern: str
    whole: str

    def below(self, now: str, then: str, pattern: str, *, alone: bool = False) -> _Place:
        pointer = f"{self.pointer}/{now}"
        return _Place(pointer, f"{self.before}/{then}", f"{self.pattern}/{pattern}", self.whole or (pointer if alone else ""))


def _compare(before: Any, after: Any, place: _Place) -> Iterator[Leaf]:
    if same(before, after):
        return
    containers = {_container(side) for side in (before, after) if side is not None}
    if containers == {dict} and (before or after):
        for key in sorted({*(before or {}), *(after or {})}, key=str):
            part = escaped(str(key))
            yield from _compare((before or {}).get(key), (after or {}).get(key), place.below(part, part, part))
    elif containers == {list} and (pairs := [pair for pair in _pairs(before or [], after or []) if not same(pair[1], pair[3])]):
        for old, one, new, other in pairs:
            now, then = str(old if new is None else new), str(new if old is None else old)
            yield from _compare(one, other, place.below(now, then, "*", alone=old is None or new is None))
    else:
        yield Leaf(pointer=place.pointer, pointer_before=place.before, pattern=place.pattern, before=before, after=after, whole=place.whole)


def _container(value: Any) -> type:
    """dict or list where one looks inside; a function is looked at as a whole."""
    return dict if isinstance(value, dict) and not function(value) else list if isinstance(value, list) else object


_Pair = tuple[int | None, Any, int | None, Any]


def _pairs(before: list[Any], after: list[Any]) -> list[_Pair]:
    """(position before, item before, position after, item after); None where there is no partner."""
    key = next((key for key in KEYS if _tells_apart(key, before) and _tells_apart(key, after)), None) if before and after else None
    old, new = dict(enumerate(before)), dict(enumerate(after))
    pairs: list[_Pair] = []
    for position in list(new):
        partner = _partner(new[position], old, key)
        if partner is not None:
            pairs.append((partner, old.pop(partner), position, new.pop(position)))
    if key is None:
        pairs += _alike(old, new)
    pairs += [(None, None, position, item) for position, item in new.items()]
    pairs += [(position, item, None, None) for position, item in old.items()]
    return sorted(pairs, key=lambda pair: (pair[0] if pair[2] is None else pair[2], pair[2] is None))


def _tells_apart(key: str, items: list[Any]) -> bool:
    names = [canonical(item[key]) for item in items if isinstance(item, Mapping) and key in item]
    return len(names) == len(items) == len(set(names))


def _partner(item: Any, others: Mapping[int, Any], key: str | None) -> int | None:
    if key is not None:
        return next((position for position, other in others.items() if same(other[key], item[key])), None)
    return next((position for position, other in others.items() if same(other, item)), None)


def _alike(old: dict[int, Any], new: dict[int, Any]) -> list[_Pair]:
    """What is left: objects go with those most like them; a single plain value replaces a single one."""
    pairs: list[_Pair] = []
    if len(old) == len(new) == 1:
        (one,), (other,) = old, new
        return [(one, old.pop(one), other, new.pop(other))]
    for position in list(new):
        likeness = {other: _likeness(old[other], new[position]) for other in old}
        best = max(likeness, key=lambda other: (likeness[other], -other), default=None)
        if best is not None and likeness[best] > 0:
            pairs.append((best, old.pop(best), position, new.pop(position)))
    return pairs


def _likeness(one: Any, other: Any) -> int:
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return 0
    return sum(1 for key in one.keys() & other.keys() if same(one[key], other[key]))
