"""Properties to look at: one row a property, with the direction that is worth a word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deploy.review.expressions import readable, scalar, text
from deploy.review.secrets import masked
from deploy.review.view import Entry

Test = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Hit:
    """One place that a row speaks of. ``words``: ``/Properties/MessageRetentionPeriod 345600 -> 60``."""

    says: str
    words: str
    pointer: str


@dataclass(frozen=True)
class Watch:
    """``kind``: a resource type, ``*`` for any part of it; ``property``: a pointer below ``/Properties`` (or, with a second
    slash in front, below the resource), ``*`` for any one part; ``test``: of the values before and after, None where it is absent
    and there is no ``default``.
    """

    kind: str
    property: str
    test: Test
    says: str
    default: Any = None

    def hits(self, entry: Entry) -> Iterator[Hit]:
        """Places of a resource that is changed; what is new or gone has none."""
        if entry.verdict not in ("modify", "replace", "may replace") or not fnmatchcase(entry.type, self.kind):
            return
        pattern = self.property[1:] if self.property.startswith("//") else f"/Properties{self.property}"
        for leaf in entry.leaves:
            if not matches(leaf.pattern, pattern):
                continue
            before, after = (self.default if value is None else value for value in (leaf.before, leaf.after))
            if self.test(before, after):
                yield Hit(self.says, words(leaf.pointer, leaf.before, leaf.after), leaf.pointer)


def words(pointer: str, before: Any, after: Any) -> str:
    """One difference in a line, secrets masked."""
    shown = ["(none)" if value is None else text(masked(readable(value), pointer.split("/"))) for value in (before, after)]
    return f"{pointer} {shown[0]} -> {shown[1]}"


def matches(pattern: str, wanted: str) -> bool:
    """The same number of parts, each the same or ``*`` in ``wanted``; ``**`` at its end is any number of parts."""
    parts, wants = pattern.split("/"), wanted.split("/")
    if wants[-1] == "**":
        parts, wants = parts[: len(wants) - 1], wants[:-1]
    return len(parts) == len(wants) and all(want in ("*", part) for part, want in zip(parts, wants, strict=True))


def number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(str(value))
    except ValueError:
        return None


def lower(before: Any, after: Any) -> bool:
    """Less than it was; a value that cannot be read counts as less, since nobody can say that it is not."""
    old, new = number(before), number(after)
    return after is not None and before is not None and (old is None or new is None or new < old)


def higher(before: Any, after: Any) -> bool:
    old, new = number(before), number(after)
    return after is not None and before is not None and (old is None or new is None or new > old)


def new_or_lower(before: Any, after: Any) -> bool:
    """There was none, which is for ever."""
    return after is not None and (before is None or lower(before, after))


def new_or_higher(before: Any, after: Any) -> bool:
    return after is not None and (before is None or higher(before, after))


def seen(before: Any, after: Any) -> bool:
    """Any change."""
    return True


def gone(before: Any, after: Any) -> bool:
    return after is None


def off(before: Any, after: Any) -> bool:
    """A switch that was on, by any of its names."""
    return before is not None and is_on(before) and not (after is not None and is_on(after))


def on(before: Any, after: Any) -> bool:
    """A switch that was off or absent."""
    return after is not None and is_on(after) and not (before is not None and is_on(before))


def is_on(value: Any) -> bool:
    return scalar(value).lower() not in ("false", "disabled", "suspended", "off", "none", "0", "inactive", "")
