"""Cancel, continue, roll back: the ways out of an update that hangs or failed, nested stacks included."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Aws, Faults, wait
from tests.local.templates import IMPOSSIBLE, Template, parameter, queue, stack, template

pytestmark = pytest.mark.overlay


def child(value: str) -> Template:
    return template({"Value": parameter(value), "Other": parameter("same")})


def app(aws: Aws, value: str, own: int = 30) -> Template:
    return template({"Child": stack(aws.publish(child(value))), "Own": {**queue(own), "DependsOn": "Child"}})


def value_of(aws: Aws) -> str:
    name = aws.child(aws.child("app", "Child"), "Value")
    return str(aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def stuck(aws: Aws, faults: Faults, times: int | None = None) -> None:
    """An update that failed, and whose rollback failed at the child's parameter."""
    aws.create("app", app(aws, "one"))
    faults.add(logical_id="Value", verb="revert", message="cannot be put back", **({"times": times} if times else {}))
    assert aws.update("app", app(aws, "two", IMPOSSIBLE)) == "UPDATE_ROLLBACK_FAILED"


def test_cancelling_an_update_rolls_it_back_with_its_children(aws: Aws, faults: Faults) -> None:
    aws.create("app", app(aws, "one"))
    faults.add(logical_id="Own", verb="update", latency=10)
    aws.cloudformation.update_stack(StackName="app", TemplateBody=json.dumps(app(aws, "two", 60)))
    wait(lambda: "UPDATE_COMPLETE" in aws.statuses("app", "Child"), "the child to be done")
    assert value_of(aws) == "two"
    aws.cloudformation.cancel_update_stack(StackName="app", ClientRequestToken="cancel-1")
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert value_of(aws) == "one"
    after = [event for event in aws.events("app") if event["ResourceStatus"].startswith("UPDATE_ROLLBACK")]
    assert {event["ClientRequestToken"] for event in after} == {"cancel-1"}
    assert after[0]["ResourceStatusReason"] == "User Initiated"


def test_an_update_is_cancelled_in_its_monitoring_time(aws: Aws) -> None:
    aws.create("app", app(aws, "one"))
    aws.cloudformation.update_stack(
        StackName="app", TemplateBody=json.dumps(app(aws, "two")), RollbackConfiguration={"MonitoringTimeInMinutes": 60}
    )
    wait(lambda: "UPDATE_COMPLETE" in aws.statuses("app", "Child"), "the child to be done")
    aws.cloudformation.cancel_update_stack(StackName="app")
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert value_of(aws) == "one"


def test_only_a_running_update_is_cancelled(aws: Aws) -> None:
    aws.create("app", app(aws, "one"))
    for name in ("app", aws.child("app", "Child")):
        with pytest.raises(ClientError, match="cannot be called from current stack status"):
            aws.cloudformation.cancel_update_stack(StackName=name)


def test_a_rollback_that_cannot_put_a_childs_resource_back_is_stuck_at_every_level(aws: Aws, faults: Faults) -> None:
    stuck(aws, faults)
    assert aws.status(aws.child("app", "Child")) == "UPDATE_ROLLBACK_FAILED"
    reasons = [event["ResourceStatusReason"] for event in aws.events("app") if event["ResourceStatus"] == "UPDATE_FAILED"]
    assert "Currently in UPDATE_ROLLBACK_FAILED with reason: The following resource(s) failed to update: [Value]" in reasons[-1]
    with pytest.raises(ClientError, match="UPDATE_ROLLBACK_FAILED state and can not be updated"):
        aws.update("app", app(aws, "three"))


def test_continuing_tries_again_what_failed_and_only_that(aws: Aws, faults: Faults) -> None:
    stuck(aws, faults, times=1)
    before = aws.statuses("app", "Own").count("UPDATE_COMPLETE")
    aws.cloudformation.continue_update_rollback(StackName="app")
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert value_of(aws) == "one"
    assert aws.statuses("app", "Own").count("UPDATE_COMPLETE") == before


def test_continuing_skips_what_is_named_by_the_nested_stacks_name(aws: Aws, faults: Faults) -> None:
    stuck(aws, faults)
    name = aws.stack(aws.child("app", "Child"))["StackName"]
    with pytest.raises(ClientError, match="cannot be skipped"):
        aws.cloudformation.continue_update_rollback(StackName="app", ResourcesToSkip=["Child.Value"])
    aws.cloudformation.continue_update_rollback(StackName="app", ResourcesToSkip=[f"{name}.Value"])
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert value_of(aws) == "two"


def test_forcing_skips_all_that_fails(aws: Aws, faults: Faults) -> None:
    stuck(aws, faults)
    aws.cloudformation.continue_update_rollback(StackName="app", ForceRollback=True)
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.status(aws.child("app", "Child")) == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param({"ResourcesToSkip": ["Own"], "ForceRollback": True}, "but not both", id="skip and force"),
        pytest.param({"ResourcesToSkip": ["Nothing"]}, "cannot be skipped", id="a resource that is not there"),
    ],
)
def test_a_way_on_that_makes_no_sense_is_refused(aws: Aws, faults: Faults, given: dict[str, Any], why: str) -> None:
    stuck(aws, faults)
    with pytest.raises(ClientError, match=why):
        aws.cloudformation.continue_update_rollback(StackName="app", **given)


def test_a_nested_stack_is_continued_through_its_root(aws: Aws, faults: Faults) -> None:
    stuck(aws, faults)
    with pytest.raises(ClientError, match="use its root"):
        aws.cloudformation.continue_update_rollback(StackName=aws.child("app", "Child"))


def test_a_failed_update_without_rollback_is_rolled_back_on_request(aws: Aws) -> None:
    aws.create("app", app(aws, "one"))
    assert aws.update("app", app(aws, "two", IMPOSSIBLE), DisableRollback=True) == "UPDATE_FAILED"
    assert value_of(aws) == "two"
    aws.cloudformation.rollback_stack(StackName="app")
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert value_of(aws) == "one"


def test_a_failed_create_without_rollback_is_deleted_on_request(aws: Aws) -> None:
    """There is no stable state to go back to."""
    assert aws.create("app", app(aws, "one", IMPOSSIBLE), DisableRollback=True) == "CREATE_FAILED"
    stack_id = aws.stack("app")["StackId"]
    aws.cloudformation.rollback_stack(StackName="app")
    wait(lambda: aws.status(stack_id) == "DELETE_COMPLETE", "the stack to be gone")
    assert not aws.client("ssm").describe_parameters()["Parameters"]
