"""Why an operation failed: the first real cause, in the deepest stack, in AWS's own words.

Words of AWS's summaries: the CloudFormation user guide's "Troubleshooting CloudFormation", and the events that were seen
(tests/console/streams.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal

from deploy.model import NESTED, Event
from deploy.noun import Noun
from deploy.progress.timeline import Path, after, cleanups, is_rollback, order, way_back

# What AWS says where the cause is elsewhere. What is left of a reason without these is its own.
_SECOND_HAND = re.compile(
    r"Resource (creation|update|deletion|import) cancell?ed\.?"
    r"|(The following )?resource\(s\) failed to \w+: \[.*?\]\.?"
    r"|Embedded stack \S+ was not successfully \w+.*"
    r"|(Rollback|Delete) requested by user\.?"
    r"|Resource rollback skipped by user\.?",
    re.IGNORECASE | re.DOTALL,
)
_ALARM = re.compile(r"\balarm\b|\balarm\(s\)|rollback trigger", re.IGNORECASE)
_CANCEL = re.compile(r"^(user initiated|(stack )?(update|create|creation) cancell?ed)", re.IGNORECASE)

Kind = Literal["resource", "stack", "alarm", "cancelled", "second hand"]


class Cause(Noun, frozen=True, kw_only=True):
    """Why an operation failed, in AWS's own words.

    ``kind``: a resource that failed; the stack itself (its template, its parameters, a permission); a rollback trigger; somebody
    who cancelled; ``second hand`` where only a summary is known, since the events of the nested stack are not. ``path``: logical
    ids from the root, ``()`` the root itself.
    """

    kind: Kind
    path: tuple[str, ...]
    type: str
    status: str
    reason: str
    physical_id: str = ""
    at: datetime


def cause(events: Iterable[Event]) -> Cause | None:
    """The first real cause among the events of one operation, None where nothing failed.

    Not a cause: a cancellation because something else failed, a summary of what failed elsewhere, what fails on the way back or
    while old resources are cleaned up. Where nothing but summaries is known, the deepest of them, as ``second hand``.
    """
    ordered = sorted(events, key=order)
    turned, cleaned = way_back(ordered), cleanups(ordered)
    forward = [event for event in ordered if not after(event, turned, cleaned)]
    if real := next(causes_in(forward), None):
        return real
    summaries = [
        event for event in forward if event.status.endswith("_FAILED") and event.reason and _own_words(event) != event.reason.strip(" .\n")
    ]
    named = [event for event in summaries if "cancel" not in event.reason.lower()]
    return _made(max(named, key=lambda event: len(event.path)), "second hand") if named else None


def rollback_causes(events: Iterable[Event]) -> tuple[Cause, ...]:
    """What could not be put back, oldest first: the causes of UPDATE_ROLLBACK_FAILED and ROLLBACK_FAILED."""
    ordered = sorted(events, key=order)
    turned, cleaned = way_back(ordered), cleanups(ordered, "ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    back = [event for event in ordered if event.status.endswith("_FAILED") and after(event, turned) and not _tidies(event, cleaned)]
    return tuple(causes_in(back))


def _tidies(event: Event, cleaned: Mapping[Path, datetime]) -> bool:
    """It failed while what the operation had made was deleted: the stack is what it was all the same."""
    return not event.status.endswith("ROLLBACK_FAILED") and after(event, cleaned)


def causes_in(ordered: Iterable[Event]) -> Iterator[Cause]:
    """A way back that begins an operation is what was asked for: ContinueUpdateRollback and RollbackStack are "User Initiated" too."""
    for index, event in enumerate(ordered):
        kind = _kind(event)
        if kind and not (kind == "cancelled" and index == 0):
            yield _made(event, kind)


def _kind(event: Event) -> Kind | None:
    """None where it is no failure, or has no words of its own."""
    words = _own_words(event)
    if not words:
        return None
    turned = is_rollback(event.status) or event.status.endswith("_FAILED")
    if event.type == NESTED and (turned or event.status == "DELETE_IN_PROGRESS"):
        if _ALARM.search(words):
            return "alarm"
        return None if not turned else "cancelled" if _CANCEL.search(words) else "stack"
    return "resource" if event.status.endswith("_FAILED") else None


def _own_words(event: Event) -> str:
    return _SECOND_HAND.sub("", event.reason).strip(" .\n")


def _made(event: Event, kind: Kind) -> Cause:
    return Cause(
        kind=kind,
        path=event.path,
        type=event.type,
        status=event.status,
        reason=event.reason.strip(),
        physical_id=event.physical_id,
        at=event.at,
    )
