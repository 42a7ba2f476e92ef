"""Every status of a stack, and what it means: one table, complete against botocore's model."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from deploy import preflight
from deploy.errors import Conflict, DeployError, Refused, Stuck
from deploy.model import Stack
from deploy.status import Status

QUESTIONS = (
    "is_absent",
    "is_busy",
    "is_good",
    "is_success",
    "is_rolled_back",
    "is_going_back",
    "is_stuck",
    "is_leftover",
    "is_nested_done",
)
# Status -> the questions that are answered with yes.
TABLE = {
    "CREATE_IN_PROGRESS": "is_busy",
    "CREATE_FAILED": "is_stuck",
    "CREATE_COMPLETE": "is_good is_success is_nested_done",
    "ROLLBACK_IN_PROGRESS": "is_busy is_going_back",
    "ROLLBACK_FAILED": "is_stuck",
    "ROLLBACK_COMPLETE": "is_leftover is_rolled_back",
    "DELETE_IN_PROGRESS": "is_busy is_going_back",
    "DELETE_FAILED": "is_stuck",
    "DELETE_COMPLETE": "is_absent",
    "UPDATE_IN_PROGRESS": "is_busy",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "is_busy is_nested_done",
    "UPDATE_COMPLETE": "is_good is_success is_nested_done",
    "UPDATE_FAILED": "is_stuck",
    "UPDATE_ROLLBACK_IN_PROGRESS": "is_busy is_going_back",
    "UPDATE_ROLLBACK_FAILED": "is_stuck",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "is_busy is_going_back",
    "UPDATE_ROLLBACK_COMPLETE": "is_good is_rolled_back",
    "REVIEW_IN_PROGRESS": "is_absent",
    "IMPORT_IN_PROGRESS": "is_busy",
    "IMPORT_COMPLETE": "is_good is_success is_nested_done",
    "IMPORT_ROLLBACK_IN_PROGRESS": "is_busy is_going_back",
    "IMPORT_ROLLBACK_FAILED": "is_stuck",
    "IMPORT_ROLLBACK_COMPLETE": "is_good is_rolled_back",
}


def test_every_status_that_aws_has_is_known_and_no_other() -> None:
    """A status that AWS adds fails here, with the botocore that brings it."""
    shape: Any = botocore.session.get_session().get_service_model("cloudformation").shape_for("StackStatus")
    known = set(shape.enum)
    assert {status.value for status in Status} == known == set(TABLE)


@pytest.mark.parametrize("status", Status)
def test_every_question_has_its_answer(status: Status) -> None:
    assert {question for question in QUESTIONS if getattr(status, question)} == set(TABLE[status].split())


def test_no_question_is_missing_in_the_table() -> None:
    assert {name for name in vars(Status) if name.startswith("is_")} == set(QUESTIONS)


@pytest.mark.parametrize("status", Status)
def test_a_stack_is_exactly_one_of_absent_busy_good_stuck_and_left_over(status: Status) -> None:
    assert sum((status.is_absent, status.is_busy, status.is_good, status.is_stuck, status.is_leftover)) == 1


@pytest.mark.parametrize("status", Status)
def test_what_one_answer_says_of_another_holds_for_every_status(status: Status) -> None:
    assert not status.is_success or status.is_good
    assert not status.is_going_back or status.is_busy
    assert not (status.is_success and status.is_rolled_back)
    assert not status.is_nested_done or not status.is_going_back


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
@pytest.mark.failure("two deployers")
@pytest.mark.parametrize("status", Status)
def test_a_new_operation_begins_only_on_what_is_absent_good_or_left_over(status: Status) -> None:
    stack = Stack(id="arn:stack", name="tap-app-dev", status=status, reason="AWS's own words")
    expected: type[DeployError] | None = Conflict if status.is_busy else Stuck if status.is_stuck else None
    if expected is None:
        preflight.check_state(stack, "dev")
        return
    with pytest.raises(expected, match=status) as caught:
        preflight.check_state(stack, "dev")
    assert caught.value.code == (6 if expected is Conflict else 8)
    assert "python -m deploy" in caught.value.remedy
    assert expected is Conflict or "AWS's own words" in caught.value.text


def test_no_stack_is_in_nobodys_way_and_a_nested_one_is_deployed_by_its_root() -> None:
    preflight.check_state(None, "dev")
    nested = Stack(id="arn:child", name="tap-app-dev-Data-1", status=Status.UPDATE_COMPLETE, parent="arn:root", root="arn:root")
    with pytest.raises(Refused, match="nested in arn:root"):
        preflight.check_state(nested, "dev")
