"""Which value of the environment file a difference came from, where that can be told from the values themselves.

A value is named where it, or a multiple of it (days in seconds), stands in the difference before and after, alone or in a text;
or where it is the only one that changed and cannot be recognised, as a switch. Else nothing is said: a wrong cause is worse than
none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from deploy.review.expressions import scalar
from deploy.review.secrets import masked
from deploy.review.subject import Subject

_SHORTEST = 3  # of a text that is looked for within another


@dataclass(frozen=True)
class Cause:
    """One changed value. ``before`` or ``after`` is None where the file did not have it."""

    name: str
    before: Any
    after: Any
    place: str

    @property
    def words(self) -> str:
        before, after = (_shown(self.name, value) for value in (self.before, self.after))
        return f"{self.name} {before} -> {after}" + (f" ({self.place})" if self.place else "")

    @property
    def recognisable(self) -> bool:
        return all(isinstance(value, (int, float, str)) and not isinstance(value, bool) for value in (self.before, self.after))


def changed(subject: Subject) -> tuple[Cause, ...]:
    """Every value that the two releases have differently, by name."""
    if subject.values_before is None:
        return ()
    return tuple(_changed(subject.values_before, subject.values_after, subject.places))


def of(causes: tuple[Cause, ...], before: Any, after: Any) -> tuple[str, ...]:
    """The words of what explains one difference, whose values are plain; nothing where nobody knows."""
    found = [cause for cause in causes if _explains(cause, before, after)]
    if not found and len(causes) == 1 and not causes[0].recognisable:
        found = [causes[0]]
    exact = [cause for cause in found if scalar(cause.before) == scalar(before) and scalar(cause.after) == scalar(after)]
    return tuple(cause.words for cause in exact or found)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], places: Mapping[str, str]) -> Iterator[Cause]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new or type(old) is not type(new):
            yield Cause(name, old, new, places.get(name, ""))


def _explains(cause: Cause, before: Any, after: Any) -> bool:
    if before is None or after is None:
        return _appears(cause, before, after)
    if not cause.recognisable:
        return False
    if scalar(cause.before) == scalar(before) and scalar(cause.after) == scalar(after):
        return True
    return _multiple(cause, before, after) or _within(cause, scalar(before), scalar(after))


def _appears(cause: Cause, before: Any, after: Any) -> bool:
    """Something came or went together with the value that it is."""
    old = before is None or scalar(cause.before) == scalar(before)
    new = after is None or scalar(cause.after) == scalar(after)
    return old and new and (cause.before is None) == (before is None) and (cause.after is None) == (after is None)


def _multiple(cause: Cause, before: Any, after: Any) -> bool:
    old, new, was, now = (_number(value) for value in (cause.before, cause.after, before, after))
    if old is None or new is None or was is None or now is None or not (old and new and was and now):
        return False
    factor = was / old
    return factor == now / new and (factor.denominator == 1 or factor.numerator == 1)


def _number(value: Any) -> Fraction | None:
    try:
        return None if isinstance(value, bool) else Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None


def _within(cause: Cause, before: str, after: str) -> bool:
    """The text after is the text before with the new value where the old one stood."""
    old, new = scalar(cause.before), scalar(cause.after)
    if len(old) < _SHORTEST and not old.isdigit():
        return False
    pattern = re.compile(rf"(?<![A-Za-z0-9.]){re.escape(old)}(?![A-Za-z0-9.])")
    return bool(pattern.search(before)) and before != old and pattern.sub(lambda _: new, before) == after


def _shown(name: str, value: Any) -> str:
    value = masked(value, [name])
    return "(none)" if value is None else scalar(value)
