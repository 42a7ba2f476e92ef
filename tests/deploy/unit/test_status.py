"""Every status of a stack, and what it means: one table, complete against botocore's model."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from deploy import preflight
from deploy.commands import VERBS
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
    "is_cancellable",
    "is_continuable",
    "is_rollbackable",
    "is_failed_create",
)
# Status -> the questions that are answered with yes.
TABLE = {
    "CREATE_IN_PROGRESS": "is_busy",
    "CREATE_FAILED": "is_stuck is_rollbackable is_failed_create",
    "CREATE_COMPLETE": "is_good is_success is_nested_done",
    "ROLLBACK_IN_PROGRESS": "is_busy is_going_back",
    "ROLLBACK_FAILED": "is_stuck is_failed_create",
    "ROLLBACK_COMPLETE": "is_leftover is_rolled_back is_failed_create",
    "DELETE_IN_PROGRESS": "is_busy is_going_back",
    "DELETE_FAILED": "is_stuck",
    "DELETE_COMPLETE": "is_absent",
    "UPDATE_IN_PROGRESS": "is_busy is_cancellable",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "is_busy is_nested_done",
    "UPDATE_COMPLETE": "is_good is_success is_nested_done",
    "UPDATE_FAILED": "is_stuck is_rollbackable",
    "UPDATE_ROLLBACK_IN_PROGRESS": "is_busy is_going_back",
    "UPDATE_ROLLBACK_FAILED": "is_stuck is_continuable",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "is_busy is_going_back",
    "UPDATE_ROLLBACK_COMPLETE": "is_good is_rolled_back",
    "REVIEW_IN_PROGRESS": "is_absent",
    "IMPORT_IN_PROGRESS": "is_busy",
    "IMPORT_COMPLETE": "is_good is_success is_nested_done",
    "IMPORT_ROLLBACK_IN_PROGRESS": "is_busy is_going_back",
    "IMPORT_ROLLBACK_FAILED": "is_stuck",
    "IMPORT_ROLLBACK_COMPLETE": "is_good is_rolled_back",
}


# Status -> what a person may type, the mildest first; empty where AWS has nothing to offer.
WAYS = {
    "CREATE_IN_PROGRESS": ["status --follow", "cancel", "cancel"],
    "CREATE_FAILED": ["recover --delete-failed-create"],
    "CREATE_COMPLETE": [],
    "ROLLBACK_IN_PROGRESS": ["status --follow"],
    "ROLLBACK_FAILED": ["recover --delete-failed-create"],
    "ROLLBACK_COMPLETE": ["plan", "recover --delete-failed-create"],
    "DELETE_IN_PROGRESS": ["status --follow"],
    "DELETE_FAILED": ["destroy", "recover --retain PATH"],
    "DELETE_COMPLETE": [],
    "UPDATE_IN_PROGRESS": ["status --follow", "cancel"],
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": ["status --follow"],
    "UPDATE_COMPLETE": [],
    "UPDATE_FAILED": ["recover --roll-back"],
    "UPDATE_ROLLBACK_IN_PROGRESS": ["status --follow"],
    "UPDATE_ROLLBACK_FAILED": ["recover --continue", "recover --skip PATH", "recover --force"],
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": ["status --follow"],
    "UPDATE_ROLLBACK_COMPLETE": [],
    "REVIEW_IN_PROGRESS": ["plan"],
    "IMPORT_IN_PROGRESS": ["status --follow"],
    "IMPORT_COMPLETE": [],
    "IMPORT_ROLLBACK_IN_PROGRESS": ["status --follow"],
    "IMPORT_ROLLBACK_FAILED": [""],
    "IMPORT_ROLLBACK_COMPLETE": [],
}


def service() -> Any:
    return botocore.session.get_session().get_service_model("cloudformation")


def test_every_status_that_aws_has_is_known_and_no_other() -> None:
    """A status that AWS adds fails here, with the botocore that brings it."""
    known = set(service().shape_for("StackStatus").enum)
    assert {status.value for status in Status} == known == set(TABLE) == set(WAYS)


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


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
@pytest.mark.failure("DELETE_FAILED")
@pytest.mark.parametrize("status", Status)
def test_every_status_has_its_ways_out(status: Status) -> None:
    assert [f"{way.verb} {way.option}".strip() for way in status.ways_out] == WAYS[status]


@pytest.mark.parametrize("status", Status)
def test_what_is_in_the_way_has_a_way_out_and_what_is_not_has_none(status: Status) -> None:
    in_the_way = status.is_stuck or status.is_busy or status.is_leftover or status is Status.REVIEW_IN_PROGRESS
    assert bool(status.ways_out) is in_the_way


@pytest.mark.parametrize("status", Status)
def test_every_way_names_a_request_of_aws_a_verb_of_ours_and_what_it_loses(status: Status) -> None:
    verbs = {name for names in VERBS.values() for name in names}
    for way in status.ways_out:
        assert way.does
        assert not way.verb or way.verb in verbs
        if way.api:
            request, _, parameter = way.api.partition(" with ")
            members = service().operation_model(request).input_shape.members
            assert not parameter or parameter in members
        assert not way.gate or (way.verb == "cancel" and not way.api), "the gate is closed instead of a request"
        assert not way.unproven or (way.loses and way.api == "DeleteStack"), "only deletions need the proof, and they lose something"


@pytest.mark.parametrize("status", Status)
def test_a_way_is_what_its_question_says(status: Status) -> None:
    requests = {way.api.partition(" with ")[0] for way in status.ways_out}
    assert ("CancelUpdateStack" in requests) is status.is_cancellable
    assert ("ContinueUpdateRollback" in requests) is status.is_continuable
    assert not status.is_failed_create or all(way.unproven for way in status.ways_out if way.api)
    assert "RollbackStack" not in requests or (status.is_rollbackable and not status.is_failed_create)


def test_a_way_is_typed_with_its_environment() -> None:
    assert Status.UPDATE_ROLLBACK_FAILED.ways_out[0].command("dev") == "python -m deploy recover dev --continue"
    assert Status.UPDATE_IN_PROGRESS.ways_out[1].command("dev") == "python -m deploy cancel dev"
    assert Status.IMPORT_ROLLBACK_FAILED.ways_out[0].command("dev") == ""
