"""Events in their order: which belong to an operation, and when each stack turned back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deploy.model import NESTED, Event

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is followed. ``expected``: stack path -> number of resources that the plan changes there, nested stacks not counted.

    Its events begin with the root's first one that has ``token``, or at ``since``; without either all events are its own.
    """

    stack: str
    expected: Mapping[Path, int] = field(default_factory=dict)
    token: str = ""
    since: datetime | None = None


def of_operation(events: Iterable[Event], operation: Operation) -> tuple[Event, ...]:
    """The events of one operation, oldest first.

    From its first event to the root's next create, update or import. A token alone cannot decide: what follows a cancel carries
    the cancel's token.
    """
    ordered = sorted({key(event): event for event in events}.values(), key=order)
    start = operation.since
    if operation.token:
        marked = [event for event in ordered if event.token == operation.token]
        start = next((event.at for event in marked if not event.path), None)
        if start is None:
            return tuple(marked)
    end = _next_operation(ordered, start, operation.token)
    return tuple(event for event in ordered if (start is None or event.at >= start) and (end is None or event.at < end))


def _next_operation(ordered: list[Event], start: datetime | None, token: str) -> datetime | None:
    """When the root began something else after it had come to an end; a deletion by itself is part of what failed."""
    settled = False
    if start is None:
        return None
    for event in ordered:
        if event.path or event.at < start:
            continue
        deletion = event.status == "DELETE_IN_PROGRESS" and event.token != token
        if settled and (deletion or event.status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS")):
            return event.at
        settled = not event.status.endswith("_IN_PROGRESS")
    return None


def key(event: Event) -> tuple[Path, str]:
    """AWS's id of a resource's event holds its logical id, status and time, so it is unique in its stack alone."""
    return event.path, event.id


def order(event: Event) -> tuple[datetime, int, int, Path, str]:
    """By time; at the same time in the order that statuses have, the deepest first; at last by name, so that it is always the same."""
    return event.at, _rank(event.status), -len(event.path), event.path, event.id


def _rank(status: str) -> int:
    late = 8 if status.startswith("DELETE") else 4 if "ROLLBACK" in status else 0
    return late + (2 if not status.endswith("_IN_PROGRESS") else 1 if "CLEANUP" in status else 0)


def is_rollback(status: str) -> bool:
    return status.endswith("ROLLBACK_IN_PROGRESS")


def way_back(ordered: Iterable[Event]) -> dict[Path, datetime]:
    """Stack path -> when it began to roll back. A root that is deleted after it began something else goes back as well: OnFailure."""
    begun = False
    found: dict[Path, datetime] = {}
    for event in ordered:
        if event.type == NESTED:
            deleted = begun and not event.path and event.status == "DELETE_IN_PROGRESS"
            if deleted or is_rollback(event.status):
                found.setdefault(event.path, event.at)
            begun = begun or not event.path
    return found


def cleanups(ordered: Iterable[Event], status: str = "CLEANUP_IN_PROGRESS") -> dict[Path, datetime]:
    """Stack path -> when it began to delete what it no longer needs, in a status that ends so."""
    found: dict[Path, datetime] = {}
    for event in ordered:
        if event.type == NESTED and event.status.endswith(status):
            found.setdefault(event.path, event.at)
    return found


def after(event: Event, *turned: Mapping[Path, datetime]) -> bool:
    """A stack around it had turned before, or it says itself that it is on the way back."""
    if event.status.endswith("ROLLBACK_FAILED"):
        return True
    around = [event.path[:depth] for depth in range(len(event.path))]
    return any(when.get(path, event.at) < event.at for when in turned for path in around)
