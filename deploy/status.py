"""A stack's status as one value that answers questions, so that no list of statuses is written twice.

Source: the CloudFormation user guide's "Stack status codes"; a test holds the table against botocore's own model, so a
status that AWS adds is a failing test.
"""

from __future__ import annotations

from enum import StrEnum


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
    def is_nested_done(self) -> bool:
        """As a nested stack it has made all its resources; old ones may still wait for the root's monitoring time."""
        return self.is_success or self is Status.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
