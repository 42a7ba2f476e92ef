"""Drift that somebody has accepted until a date: how it is written down, and what it still covers.

Each is a value of Parameter Store below the environment's path, ``drift/accepted/<stack>/<path>``, written by the command
and read by the command and the scheduled function. It covers exactly the values that were seen when it was given: whatever
changes after that is drift again. It ends by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any

VERSION = 1
FOLDER = "drift/accepted"

Entry = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """``property``: such as ``/VisibilityTimeout``, empty for all of the resource; ``seen``: a digest of what was accepted;
    ``until``: the last day on which it holds, in UTC; ``at``: when it was given, by whom: ``by``.
    """

    version: int = VERSION
    path: str
    property: str
    seen: str
    until: str
    reason: str
    by: str
    at: str

    def holds(self, today: date) -> bool:
        return today <= date.fromisoformat(self.until)


def parameter(stack: str, path: str, property: str) -> str:
    """Its name below the environment's path. A property may have letters that no name may have: its digest stands for it."""
    return f"{FOLDER}/{stack}/{path}" + (f"/{sha256(property.encode()).hexdigest()[:16]}" if property else "")


def write(acceptance: Acceptance) -> str:
    return json.dumps(asdict(acceptance), sort_keys=True)


def read(text: str) -> Acceptance | None:
    """None where it is damaged or of another version: what cannot be read accepts nothing."""
    try:
        found = json.loads(text)
        made = Acceptance(**found)
        if made.version != VERSION:
            return None
        date.fromisoformat(made.until)
    except (ValueError, TypeError):
        return None
    return made


def seen(entry: Entry, property: str = "") -> str:
    """A digest of what drifted: the verdict with every value, or one property's values."""
    differences = [one for one in entry["differences"] if not property or one["property"] == property]
    text = json.dumps([property or entry["status"], differences], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def covering(entry: Entry, given: Iterable[Acceptance], today: date) -> list[Acceptance]:
    """Those that together accept all that drifted of this resource; none where anything is left over."""
    mine = [one for one in given if one.path == entry["path"] and one.holds(today)]
    whole = [one for one in mine if not one.property and one.seen == seen(entry)]
    if whole:
        return whole[:1]
    parts = {one.property: one for one in mine if one.property and one.seen == seen(entry, one.property)}
    drifted = {one["property"] for one in entry["differences"]}
    # Something deleted has no properties that could be accepted one by one.
    return [parts[name] for name in sorted(drifted)] if drifted and drifted <= parts.keys() else []
