"""What a detection means in words and files: the report, what has changed since the last one, and the notice.

A resource that had drifted and could not be checked this time is carried on as drifted: not having looked is no proof
that it is mended, and no change to tell of. What somebody has accepted (`drift_acceptance`) stands by itself: it is no alarm, and
no clean bill either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from . import drift_acceptance
from .drift_acceptance import Acceptance
from .drift_detection import Detection, Resource

VERSION = 1
KINDS = ("drifted", "accepted")

_LINES = 50  # resources named in one notice; the report holds all of them

Report = dict[str, Any]
Entry = dict[str, Any]


def report(
    detection: Detection,
    previous: Report | None,
    at: datetime,
    *,
    environment: str,
    stack: str,
    acceptances: Iterable[Acceptance] = (),
) -> Report:
    """The report as it is stored. Of each drifted resource: ``since`` and ``seen``, when it was first and last found so."""
    now = _text(at)
    before = {_mark(entry): entry for entry in _all(previous)}
    found = [_entry(resource, before, now) for resource in detection.drifted]
    carried = [entry for entry in before.values() if _is_unknown(entry["path"], detection)]
    entries = sorted([*found, *carried], key=lambda entry: str(entry["path"]))
    today, given = at.astimezone(UTC).date(), list(acceptances)
    accepted = [entry | {"accepted": covers} for entry in entries if (covers := _covering(entry, given, today))]
    names = {entry["path"] for entry in accepted}
    return {
        "version": VERSION,
        "environment": environment,
        "stack": stack,
        "at": now,
        "stacks": len(detection.stacks),
        "counts": detection.counts(),
        "clean": detection.clean,
        "drifted": [entry for entry in entries if entry["path"] not in names],
        "accepted": accepted,
        "uncovered": [{"path": item.path, "type": item.type, "status": item.status, "reason": item.reason} for item in detection.uncovered],
        "unchecked_stacks": [{"path": item.path, "reason": item.reason} for item in detection.unchecked],
    }


def age(now: Report) -> int:
    """Seconds since the oldest drift that nobody has accepted was found; 0 without one."""
    oldest = min((datetime.fromisoformat(entry["since"]) for entry in now["drifted"]), default=None)
    return int((datetime.fromisoformat(now["at"]) - oldest).total_seconds()) if oldest else 0


def read(text: str | bytes) -> Report | None:
    """A stored report; None where it is damaged or of another version."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or found.get("version") != VERSION:
            return None
        _ = found["drifted"], found["accepted"]
        for entry in _all(found):
            _mark(entry)
            datetime.fromisoformat(entry["since"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return found


def changed(now: Report, previous: Report | None) -> bool:
    """Whether what is drifted or accepted, or how, differs from the last report. A first report without drift changes nothing."""
    return any({_mark(entry) for entry in now[kind]} != {_mark(entry) for entry in (previous or {}).get(kind, [])} for kind in KINDS)


def subject(now: Report) -> str:
    """At most 100 ASCII characters, as SNS wants it."""
    count = len(now["drifted"])
    return f"drift in {now['environment']}: {count or 'no'} resource{'' if count == 1 else 's'}"


def notice(now: Report, previous: Report | None, where: str) -> str:
    """What to tell people: names and properties, no values, which may be private; those stand in the report at ``where``."""
    mended = sorted({entry["path"] for entry in _all(previous)} - {entry["path"] for entry in _all(now)})
    lines = [f"Stack {now['stack']} at {now['at']}: {_count(now['drifted'], 'resource')} drifted.", ""]
    lines += _limited([_line(entry) for entry in now["drifted"]])
    lines += [*(["", "Accepted:"] if now["accepted"] else []), *_limited([_line(entry) for entry in now["accepted"]])]
    lines += [*(["", "No longer drifted:"] if mended else []), *_limited(mended)]
    if now["uncovered"] or now["unchecked_stacks"]:
        unchecked = _count(now["unchecked_stacks"], "stack")
        lines += ["", f"Not known: {_count(now['uncovered'], 'resource')} and {unchecked} could not be checked in full."]
    lines += ["", f"Report: {where}", f"What to do: python -m deploy drift {now['environment']}"]
    return "\n".join(lines)


def _entry(resource: Resource, before: Mapping[object, Entry], now: str) -> Entry:
    entry: Entry = {
        "path": resource.path,
        "type": resource.type,
        "physical_id": resource.physical_id,
        "status": resource.status,
        "differences": [asdict(difference) for difference in resource.differences],
        "read": resource.read,
    }
    return entry | {"since": before.get(_mark(entry), {}).get("since", now), "seen": now}


def _covering(entry: Entry, given: Sequence[Acceptance], today: date) -> list[dict[str, Any]]:
    return [asdict(one) for one in drift_acceptance.covering(entry, given, today)]


def _all(found: Report | None) -> list[Entry]:
    """What differs, whether or not somebody has accepted it."""
    return [{key: value for key, value in entry.items() if key != "accepted"} for kind in KINDS for entry in (found or {}).get(kind, [])]


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _mark(entry: Mapping[str, Any]) -> object:
    """What makes two findings the same: the place, the verdict and every value."""
    return entry["path"], entry["status"], json.dumps(entry["differences"], sort_keys=True)


def _is_unknown(path: str, detection: Detection) -> bool:
    """Whether this detection says nothing of a resource, for its own sake or for a stack's that it is in."""
    known = {resource.path for resource in detection.resources} - {resource.path for resource in detection.uncovered}
    uncovered = any(resource.path == path for resource in detection.uncovered)
    return path not in known and (uncovered or any(path.startswith(f"{stack.path}/") for stack in detection.unchecked if stack.path))


def _line(entry: Entry) -> str:
    properties = ", ".join(sorted({difference["property"] for difference in entry["differences"]}))
    until = "".join(f", until {one['until']} by {one['by']}: {one['reason']}" for one in entry.get("accepted", [])[:1])
    return f"- {entry['path']} ({entry['type']}): {entry['status']}{' ' if properties else ''}{properties} (since {entry['since']}){until}"


def _limited(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _LINES
    return [*lines[:_LINES], *([f"- and {more} more"] if more > 0 else [])]


def _count(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
