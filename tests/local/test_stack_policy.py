"""A stack policy is enforced on updates."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.conftest import Aws
from tests.local.templates import parameter, queue, template

pytestmark = pytest.mark.overlay

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}


def deny(action: Any, resource: str = "*", condition: Any = None) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": "Deny", "Action": action, "Principal": "*", "Resource": resource}
    return {**made, **({"Condition": condition} if condition else {})}


BEFORE = template({"Queue": queue(QueueName="a"), "Value": parameter("one")})
MODIFIED = template({"Queue": queue(60, QueueName="a"), "Value": parameter("one")})
REPLACED = template({"Queue": queue(QueueName="b"), "Value": parameter("one")})
REMOVED = template({"Value": parameter("one")})
OTHER = template({"Queue": queue(QueueName="a"), "Value": parameter("two")})
QUEUES = {"StringEquals": {"ResourceType": ["AWS::SQS::Queue"]}}


@pytest.mark.parametrize(
    ("statements", "after", "state"),
    [
        pytest.param([ALLOW], REPLACED, "UPDATE_COMPLETE", id="all is allowed"),
        pytest.param([ALLOW, deny("Update:Replace")], REPLACED, "UPDATE_ROLLBACK_COMPLETE", id="replacement is denied"),
        pytest.param([ALLOW, deny("Update:Replace")], MODIFIED, "UPDATE_COMPLETE", id="a change is no replacement"),
        pytest.param([ALLOW, deny("Update:Delete")], REMOVED, "UPDATE_ROLLBACK_COMPLETE", id="removal is denied"),
        pytest.param([ALLOW, deny("Update:Modify")], MODIFIED, "UPDATE_ROLLBACK_COMPLETE", id="change is denied"),
        pytest.param([ALLOW, deny("Update:*", "LogicalResourceId/Qu*")], MODIFIED, "UPDATE_ROLLBACK_COMPLETE", id="by logical id"),
        pytest.param([ALLOW, deny("Update:*", "LogicalResourceId/Qu*")], OTHER, "UPDATE_COMPLETE", id="another logical id"),
        pytest.param([ALLOW, deny("Update:*", condition=QUEUES)], MODIFIED, "UPDATE_ROLLBACK_COMPLETE", id="by type"),
        pytest.param([ALLOW, deny("Update:*", condition=QUEUES)], OTHER, "UPDATE_COMPLETE", id="another type"),
        pytest.param([{**ALLOW, "Resource": "LogicalResourceId/Value"}], MODIFIED, "UPDATE_ROLLBACK_COMPLETE", id="not allowed"),
    ],
)
def test_an_update_that_the_policy_denies_fails_and_rolls_back(
    aws: Aws, statements: list[dict[str, Any]], after: dict[str, Any], state: str
) -> None:
    aws.create("app", BEFORE, StackPolicyBody=json.dumps({"Statement": statements}))
    assert aws.update("app", after) == state


def test_the_event_says_which_statement_denied_what(aws: Aws) -> None:
    aws.create("app", BEFORE)
    aws.cloudformation.set_stack_policy(StackName="app", StackPolicyBody=json.dumps({"Statement": [ALLOW, deny("Update:Replace")]}))
    aws.update("app", REPLACED)
    failed = next(event for event in aws.events("app") if event["ResourceStatus"] == "UPDATE_FAILED")
    assert failed["ResourceStatusReason"] == (
        "Action denied by stack policy: Statement [#2] does not allow [Update:Replace] for resource [LogicalResourceId/Queue];"
    )


def test_a_policy_says_nothing_about_a_create(aws: Aws) -> None:
    assert aws.create("app", BEFORE, StackPolicyBody=json.dumps({"Statement": [deny("Update:*")]})) == "CREATE_COMPLETE"
