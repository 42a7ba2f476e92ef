"""A stack's status as one value that answers questions, so that no list of statuses is written twice.

Source: the CloudFormation user guide's "Stack status codes"; for the ways out, the API reference of the request that each names. A test
holds both tables against botocore's own model, so a status that AWS adds is a failing test.
"""

from __future__ import annotations

from enum import StrEnum

from deploy.noun import Noun


class Way(Noun, frozen=True, kw_only=True):
    """One way out of a status.

    ``verb`` and ``option``: what a person types, both empty where there is nothing to type; ``does``, ``loses``: in words, ``loses`` empty
    where nothing is lost; ``api``: the request that it makes of CloudFormation, empty where it makes none; ``unproven``: open only to a
    stack that never succeeded; ``gate``: open only where the deployment gate watches what runs.
    """

    verb: str = ""
    option: str = ""
    does: str
    loses: str = ""
    api: str = ""
    unproven: bool = False
    gate: bool = False

    def command(self, environment: str) -> str:
        """``python -m deploy recover dev --continue``; empty where there is nothing to type."""
        return f"python -m deploy {self.verb} {environment} {self.option}".rstrip() if self.verb else ""


class Status(StrEnum):
    """Every status that DescribeStacks may give."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    ROLLBACK_COMPLETE = "ROLLBACK_COMPLETE"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_FAILED = "DELETE_FAILED"
    DELETE_COMPLETE = "DELETE_COMPLETE"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    UPDATE_ROLLBACK_IN_PROGRESS = "UPDATE_ROLLBACK_IN_PROGRESS"
    UPDATE_ROLLBACK_FAILED = "UPDATE_ROLLBACK_FAILED"
    UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_ROLLBACK_COMPLETE = "UPDATE_ROLLBACK_COMPLETE"
    REVIEW_IN_PROGRESS = "REVIEW_IN_PROGRESS"
    IMPORT_IN_PROGRESS = "IMPORT_IN_PROGRESS"
    IMPORT_COMPLETE = "IMPORT_COMPLETE"
    IMPORT_ROLLBACK_IN_PROGRESS = "IMPORT_ROLLBACK_IN_PROGRESS"
    IMPORT_ROLLBACK_FAILED = "IMPORT_ROLLBACK_FAILED"
    IMPORT_ROLLBACK_COMPLETE = "IMPORT_ROLLBACK_COMPLETE"

    @property
    def is_absent(self) -> bool:
        """No stack stands there: deleted, or only announced by a change set that nobody executed."""
        return self in (Status.DELETE_COMPLETE, Status.REVIEW_IN_PROGRESS)

    @property
    def is_busy(self) -> bool:
        """CloudFormation is at work on it."""
        return self.value.endswith("_IN_PROGRESS") and not self.is_absent

    @property
    def is_good(self) -> bool:
        """The last operation did what was asked, or everything was put back; a new one may begin."""
        return self.value.endswith("_COMPLETE") and not self.is_busy and self not in (Status.ROLLBACK_COMPLETE, Status.DELETE_COMPLETE)

    @property
    def is_success(self) -> bool:
        """The last operation did what was asked."""
        return self in (Status.CREATE_COMPLETE, Status.UPDATE_COMPLETE, Status.IMPORT_COMPLETE)

    @property
    def is_rolled_back(self) -> bool:
        """The last operation failed and everything was put back."""
        return self.value.endswith("ROLLBACK_COMPLETE")

    @property
    def is_going_back(self) -> bool:
        """It is being put back, or deleted, right now."""
        return self.is_busy and ("ROLLBACK" in self.value or self is Status.DELETE_IN_PROGRESS)

    @property
    def is_stuck(self) -> bool:
        """A person decides: nothing goes on by itself, and no update is taken."""
        return self.value.endswith("_FAILED")

    @property
    def is_leftover(self) -> bool:
        """A first create that was undone: the stack holds nothing, never ran, and only its name is in the way."""
        return self is Status.ROLLBACK_COMPLETE

    @property
    def is_cancellable(self) -> bool:
        """CancelUpdateStack is taken: an update runs, and has not begun to clean up."""
        return self is Status.UPDATE_IN_PROGRESS

    @property
    def is_continuable(self) -> bool:
        """ContinueUpdateRollback is taken."""
        return self is Status.UPDATE_ROLLBACK_FAILED

    @property
    def is_rollbackable(self) -> bool:
        """RollbackStack is taken: an operation failed whose rollback was switched off. It deletes a stack that has no stable state."""
        return self in (Status.CREATE_FAILED, Status.UPDATE_FAILED)

    @property
    def is_failed_create(self) -> bool:
        """The stack's first create failed; nothing can be made of it, it can only be deleted."""
        return self in (Status.CREATE_FAILED, Status.ROLLBACK_FAILED, Status.ROLLBACK_COMPLETE)

    @property
    def ways_out(self) -> tuple[Way, ...]:
        """What a person can do about it, the mildest first; nothing where nothing is in the way."""
        return _WAYS[self]

    @property
    def is_nested_done(self) -> bool:
        """As a nested stack it has made all its resources; old ones may still wait for the root's monitoring time."""
        return self.is_success or self is Status.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS


_WAIT = Way(verb="status", option="--follow", does="wait: it goes on by itself")
_CONTINUE = Way(
    verb="recover",
    option="--continue",
    does="try again to put back what could not be put back; mend the cause first, or it fails again",
    api="ContinueUpdateRollback",
)
_SKIP = Way(
    verb="recover",
    option="--skip PATH",
    does="put back everything but what is named",
    loses="what is named stays as it is, and CloudFormation takes it for what it was before; later updates of it may fail",
    api="ContinueUpdateRollback with ResourcesToSkip",
)
_FORCE = Way(
    verb="recover",
    option="--force",
    does="put back what can be, and leave all else, nested stacks included",
    loses="everything that cannot be put back stays as it is, whichever it is; what CloudFormation believes may not be so",
    api="ContinueUpdateRollback with ForceRollback",
)
_ROLL_BACK = Way(verb="recover", option="--roll-back", does="put everything back to what it was before the update", api="RollbackStack")
_DELETE = Way(
    verb="recover",
    option="--delete-failed-create",
    does="delete the stack with what it holds; it never ran",
    loses="what the failed create has made; what its template retains stays behind under its name",
    api="DeleteStack",
    unproven=True,
)
_RETAIN = Way(
    verb="recover",
    option="--retain PATH",
    does="delete the rest, and leave what is named behind",
    loses="what is named belongs to no stack any more, and keeps its name and its costs",
    api="DeleteStack with RetainResources",
)
_UNDO_CREATE = Way(
    verb="cancel",
    does="close the deployment gate, which watches it, so that CloudFormation undoes the create",
    loses="what the create has made so far",
    gate=True,
)
_STOP_CREATE = Way(
    verb="cancel",
    does="where no gate watches it: end the create by deleting the stack, since CancelUpdateStack knows updates alone",
    loses="what the create has made so far; what its template retains stays behind under its name",
    api="DeleteStack",
    unproven=True,
)
_SUPPORT = Way(does="AWS has no request for it: mend the resource that is named, then ask AWS Support to put the stack back")

_WAYS: dict[Status, tuple[Way, ...]] = {
    Status.CREATE_IN_PROGRESS: (_WAIT, _UNDO_CREATE, _STOP_CREATE),
    Status.CREATE_FAILED: (_DELETE,),
    Status.CREATE_COMPLETE: (),
    Status.ROLLBACK_IN_PROGRESS: (_WAIT,),
    Status.ROLLBACK_FAILED: (_DELETE,),
    Status.ROLLBACK_COMPLETE: (Way(verb="plan", does="plan again: the empty stack is cleared away by itself"), _DELETE),
    Status.DELETE_IN_PROGRESS: (_WAIT,),
    Status.DELETE_FAILED: (
        Way(verb="destroy", does="mend what stands in the way, and delete the rest", loses="what the deletion loses", api="DeleteStack"),
        _RETAIN,
    ),
    Status.DELETE_COMPLETE: (),
    Status.UPDATE_IN_PROGRESS: (
        _WAIT,
        Way(verb="cancel", does="stop the update; CloudFormation puts everything back", api="CancelUpdateStack"),
    ),
    Status.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: (_WAIT,),
    Status.UPDATE_COMPLETE: (),
    Status.UPDATE_FAILED: (_ROLL_BACK,),
    Status.UPDATE_ROLLBACK_IN_PROGRESS: (_WAIT,),
    Status.UPDATE_ROLLBACK_FAILED: (_CONTINUE, _SKIP, _FORCE),
    Status.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: (_WAIT,),
    Status.UPDATE_ROLLBACK_COMPLETE: (),
    Status.REVIEW_IN_PROGRESS: (Way(verb="plan", does="plan: nothing stands here, only a change set announces it"),),
    Status.IMPORT_IN_PROGRESS: (_WAIT,),
    Status.IMPORT_COMPLETE: (),
    Status.IMPORT_ROLLBACK_IN_PROGRESS: (_WAIT,),
    Status.IMPORT_ROLLBACK_FAILED: (_SUPPORT,),
    Status.IMPORT_ROLLBACK_COMPLETE: (),
}
