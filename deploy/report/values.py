"""Values, names and times as a review writes them: before -> after, a path instead of a pointer, an age instead of a date."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from deploy.changes import Difference, Verdict
from deploy.report.ink import cut, one_line

# verdict -> sign, style
SIGNS: dict[Verdict, tuple[str, str]] = {
    "add": ("+", "green"),
    "modify": ("~", "yellow"),
    "replace": ("±", "bold red"),
    "may replace": ("?", "magenta"),
    "remove": ("-", "red"),
    "import": (">", "cyan"),
    "unchanged": ("=", "dim"),
}
MASK = "***"
_CONTEXT = 12  # characters that stay on each side of a difference
UNKNOWN = "(known after apply)"


def value(given: Any) -> str:
    """On one line, as JSON, so that ``"5"`` and ``5`` differ; a masked secret as it is."""
    if given == MASK:
        return MASK
    return one_line(json.dumps(given, ensure_ascii=False, sort_keys=True, default=str))


def name(pointer: str) -> str:
    """``/Properties/Environment/Variables/LEVEL`` -> ``Environment.Variables.LEVEL``; indices as ``[0]``; else ``/Tags/...``."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.strip("/").split("/")]
    parts = parts[1:] if parts[0] == "Properties" and len(parts) > 1 else parts
    text = ""
    for part in parts:
        text += f"[{part}]" if part.isdigit() and text else f".{part}" if text else part
    return one_line(text) or one_line(pointer) or "/"


def sides(difference: Difference) -> tuple[str, str]:
    """Before and after; empty where there is nothing on that side."""
    before = "" if difference.before is None else value(difference.before)
    if not difference.known:
        return before, UNKNOWN
    return before, "" if difference.after is None else value(difference.after)


def contrast(before: str, after: str, room: int, mark: str) -> tuple[str, str]:
    """Both within ``room`` cells. Where both are too long, what they begin and end with alike goes first: the difference stays."""
    if min(len(before), len(after)) <= room:
        return cut(before, room, mark), cut(after, room, mark)
    same = _alike(before, after)
    alike = min(_alike(before[::-1], after[::-1]), min(len(before), len(after)) - same)
    start, end = max(same - _CONTEXT, 0), max(alike - _CONTEXT, 0)
    start, end = start if start > len(mark) else 0, end if end > len(mark) else 0
    parts = [(mark if start else "") + side[start : len(side) - end] + (mark if end else "") for side in (before, after)]
    return cut(parts[0], room, mark), cut(parts[1], room, mark)


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def effect(difference: Difference) -> str:
    return {"no": "", "maybe": "may replace it", "yes": "replaces it"}[difference.recreates]


def tail(path: str) -> str:
    """The resource's own name within its service: ``Compute/ApiFunction`` -> ``ApiFunction``."""
    return one_line(path.split("/", 1)[1] if "/" in path else path)


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"


def age(at: datetime, now: datetime) -> str:
    """``just now``, ``12 minutes ago``, ``3 hours ago``, ``5 days ago``."""
    minutes = max(int((now - at).total_seconds() // 60), 0)
    if minutes < 2:
        return "just now"
    count, unit = (minutes, "minute") if minutes < 120 else (minutes // 60, "hour") if minutes < 48 * 60 else (minutes // 1440, "day")
    return f"{count} {unit}s ago"


def release(digest: str) -> str:
    """Short; an environment that was built alone belongs to no release."""
    return one_line(digest[:12]) or "none (built alone)"


def person(arn: str) -> str:
    """The end of an ARN that tells people apart: ``arn:aws:sts::1:assumed-role/tap-deploy/ann`` -> ``tap-deploy/ann``."""
    return one_line(arn.split(":", 5)[-1].removeprefix("assumed-role/").removeprefix("user/"))


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)
