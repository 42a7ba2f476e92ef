"""What the local AWS does not have, by recorded answers: delegated administrators, operations that are in each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deploy.aws.api import Api, Calls
from deploy.aws.organizations import SERVICE, Organization
from deploy.aws.stack_sets import StackSets
from deploy.errors import OutcomeUnknown
from deploy.stacksets.following import follow
from deploy.stacksets.model import Operation

WHEN = datetime(2026, 11, 24, tzinfo=UTC)


def client(service: str) -> Any:
    connect: Any = boto3.client
    return connect(service, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret")


@pytest.fixture
def recorded() -> Iterator[tuple[Stubber, StackSets]]:
    made = client("cloudformation")
    with Stubber(made) as stubber:
        yield stubber, StackSets(api=Api(made, Calls()), name="s", call_as="DELEGATED_ADMIN")
        stubber.assert_no_pending_responses()


def test_every_request_of_a_delegated_administrator_says_that_it_is_one(recorded: tuple[Stubber, StackSets]) -> None:
    stubber, sets = recorded
    stubber.add_response(
        "describe_stack_set_operation",
        {"StackSetOperation": {"OperationId": "one", "Status": "RUNNING"}},
        {"StackSetName": "s", "CallAs": "DELEGATED_ADMIN", "OperationId": "one"},
    )
    assert sets.operation("one") == Operation(id="one", action="", status="RUNNING")


@pytest.mark.parametrize("reason", ["OperationInProgressException", "StaleRequestException"])
def test_another_operation_in_the_way_is_no_error(recorded: tuple[Stubber, StackSets], reason: str) -> None:
    stubber, sets = recorded
    stubber.add_client_error("create_stack_instances", reason, "Another Operation is in progress", http_status_code=409)
    assert sets.begin("create_stack_instances", "one", Regions=["us-east-1"]) is False


def test_an_id_that_is_taken_is_the_operation_that_was_asked_for(recorded: tuple[Stubber, StackSets]) -> None:
    """The answer was lost, and the request went out again."""
    stubber, sets = recorded
    stubber.add_client_error("create_stack_instances", "OperationIdAlreadyExistsException", "exists", http_status_code=409)
    assert sets.begin("create_stack_instances", "one", Regions=["us-east-1"]) is True


def test_the_running_operation_is_named_before_those_that_wait_for_it(recorded: tuple[Stubber, StackSets]) -> None:
    stubber, sets = recorded
    pending = [("three", "QUEUED"), ("two", "QUEUED"), ("one", "RUNNING"), ("none", "SUCCEEDED")]
    summaries = [{"OperationId": name, "Status": status, "CreationTimestamp": WHEN} for name, status in pending]
    stubber.add_response("list_stack_set_operations", {"Summaries": summaries})
    found = sets.running()
    assert found
    assert found.id == "one"


def test_a_question_that_fails_in_passing_fails_nothing_and_a_long_silence_is_an_unknown_outcome(
    recorded: tuple[Stubber, StackSets],
) -> None:
    stubber, sets = recorded
    running = {"StackSetOperation": {"OperationId": "one", "Status": "RUNNING"}}
    ended = {"StackSetOperation": {"OperationId": "one", "Status": "SUCCEEDED"}}
    for answer in (running, None, ended):
        if answer is None:
            stubber.add_client_error("describe_stack_set_operation", "InternalFailure", "oh", http_status_code=500)
        else:
            stubber.add_response("describe_stack_set_operation", answer)
    assert follow(sets, "one", lambda news: None, sleep=lambda seconds: None).status == "SUCCEEDED"
    now = [0.0]
    for _ in range(3):
        stubber.add_client_error("describe_stack_set_operation", "InternalFailure", "oh", http_status_code=500)

    def sleep(seconds: float) -> None:
        now[0] += 300

    with pytest.raises(OutcomeUnknown):
        follow(sets, "one", lambda news: None, sleep=sleep, clock=lambda: now[0], budget=450)


def test_delegated_administrators_are_asked_for_stacksets_alone() -> None:
    made = client("organizations")
    with Stubber(made) as stubber:
        stubber.add_response(
            "list_delegated_administrators",
            {"DelegatedAdministrators": [{"Id": "111111111111"}], "NextToken": "t"},
            {"ServicePrincipal": SERVICE},
        )
        stubber.add_response(
            "list_delegated_administrators",
            {"DelegatedAdministrators": [{"Id": "222222222222"}]},
            {"ServicePrincipal": SERVICE, "NextToken": "t"},
        )
        assert list(Organization(api=Api(made, Calls())).delegated()) == ["111111111111", "222222222222"]


def test_units_that_do_not_exist_are_told_from_empty_ones() -> None:
    made = client("organizations")
    with Stubber(made) as stubber:
        stubber.add_client_error("describe_organizational_unit", "OrganizationalUnitNotFoundException", "none")
        assert Organization(api=Api(made, Calls())).members("ou-none-12345678") is None
