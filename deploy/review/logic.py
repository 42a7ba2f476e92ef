"""Functions whose value follows from their arguments alone, worked out where the arguments are plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.review.expressions import OPAQUE, canonical, scalar

_UNTOLD = {
    "Fn::ForEach": "a macro makes it",
    "Fn::GetStackOutput": "another stack gives it",
}


def decide(name: str, argument: Any) -> Any:
    """The value of a function, or the function itself where its arguments are not plain values."""
    if name in _UNTOLD or name.startswith("Fn::ForEach"):
        return {OPAQUE: [_UNTOLD.get(name, "a macro makes it"), canonical(argument)]}
    decided = _DECISIONS[name](argument) if name in _DECISIONS else None
    return {name: argument} if decided is None else decided


def pick(mapping: Any, keys: list[Any]) -> Any:
    """``Fn::FindInMap``: the entry, or the whole mapping with the keys, so that a changed mapping is seen."""
    found = mapping
    for key in keys[:2]:
        found = found.get(scalar(key)) if isinstance(found, Mapping) and isinstance(key, (str, int)) else None
    return {"Fn::FindInMap": [mapping, *keys]} if found is None or len(keys) < 2 else found


def _equals(argument: Any) -> bool | None:
    if isinstance(argument, list) and len(argument) == 2:
        one, other = argument
        if canonical(one) == canonical(other):
            return True
        if all(isinstance(item, (str, int, float, bool)) for item in argument):
            return False
    return None


def _and(argument: Any) -> bool | None:
    if isinstance(argument, list) and any(item is False for item in argument):
        return False
    return True if isinstance(argument, list) and all(item is True for item in argument) else None


def _or(argument: Any) -> bool | None:
    if isinstance(argument, list) and any(item is True for item in argument):
        return True
    return False if isinstance(argument, list) and all(item is False for item in argument) else None


def _not(argument: Any) -> bool | None:
    known = isinstance(argument, list) and len(argument) == 1 and isinstance(argument[0], bool)
    return not argument[0] if known else None


def _select(argument: Any) -> Any:
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        index = scalar(argument[0]) if isinstance(argument[0], (str, int)) else ""
        if index.isdigit() and int(index) < len(argument[1]):
            return argument[1][int(index)]
    return None


def _split(argument: Any) -> list[str] | None:
    plain = isinstance(argument, list) and len(argument) == 2 and all(isinstance(item, str) for item in argument)
    return argument[1].split(argument[0]) if plain and argument[0] else None


_DECISIONS = {"Fn::Equals": _equals, "Fn::And": _and, "Fn::Or": _or, "Fn::Not": _not, "Fn::Select": _select, "Fn::Split": _split}
