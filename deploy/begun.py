"""Which operations a stack has gone through, told from its own events, whoever began them: this deployer, the console, another tool."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from deploy.leftovers import PREFIX
from deploy.model import Event
from deploy.noun import Noun
from deploy.progress import Progress, begin
from deploy.status import Status
from deploy.watch import Feed, Reads

_FORWARD = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")
# What the root of a stack may have gone through before it ever worked.
_NEVER_WORKED = frozenset(
    {
        Status.REVIEW_IN_PROGRESS,
        Status.CREATE_IN_PROGRESS,
        Status.CREATE_FAILED,
        Status.ROLLBACK_IN_PROGRESS,
        Status.ROLLBACK_FAILED,
        Status.ROLLBACK_COMPLETE,
        Status.DELETE_IN_PROGRESS,
        Status.DELETE_FAILED,
        Status.DELETE_COMPLETE,
    }
)


class Begun(Noun, frozen=True, kw_only=True):
    """An operation on a root. ``id``, ``at``, ``status``, ``token``: of its first event; ``before``: the status that the stack was in,
    empty where there was none.
    """

    id: str
    at: datetime
    status: str
    token: str
    before: str = ""

    @property
    def ours(self) -> bool:
        """This deployer began it, so it has a record."""
        return self.token.startswith(PREFIX)

    @property
    def deletes(self) -> bool:
        return self.status == Status.DELETE_IN_PROGRESS


def operations(reads: Reads, stack_id: str) -> Iterator[Begun]:
    """Newest first, the one that runs included. One begins where the root goes to work after it had stood still."""
    first: Event | None = None
    for event in reads.events(stack_id):
        if event.path:
            continue
        if event.status.endswith("_IN_PROGRESS") and event.status != Status.REVIEW_IN_PROGRESS:
            first = event
        elif first:
            yield _begun(first, event.status)
            first = None
    if first:
        yield _begun(first, "")


def last(reads: Reads, stack_id: str) -> Begun | None:
    return next(operations(reads, stack_id), None)


def last_forward(reads: Reads, stack_id: str) -> Begun | None:
    """The last one that was to change something; what only went on to put it back belongs to it."""
    return next((one for one in operations(reads, stack_id) if one.status in _FORWARD), None)


def read(reads: Reads, stack_id: str, name: str, begun: Begun) -> Progress:
    """An operation as it is now, with everything that was done since to put it back."""
    return begin(name, since=begun.at).add(Feed(reads=reads, stack_id=stack_id, since=begun.at).news())


def never_succeeded(reads: Reads, stack_id: str) -> bool:
    """True only where the stack's whole history is there and it has never worked.

    CloudFormation forgets events after 90 days: where the create itself is not among them, the stack may well have worked since.
    """
    statuses = {event.status for event in reads.events(stack_id) if not event.path}
    return Status.CREATE_IN_PROGRESS in statuses and statuses <= _NEVER_WORKED


def _begun(first: Event, before: str) -> Begun:
    return Begun(
        id=first.id, at=first.at, status=first.status, token=first.token, before="" if before == Status.REVIEW_IN_PROGRESS else before
    )
