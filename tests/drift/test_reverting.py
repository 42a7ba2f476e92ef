"""What was changed by hand is put back by a reviewed, sealed and guarded deployment; what AWS leaves is named."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.world import ENVIRONMENT, World
from tests.drift.test_command import change_queue, found, shaped
from tests.local.conftest import Aws
from tests.local.templates import parameter, queue, template

pytestmark = pytest.mark.overlay


def drift(world: World) -> None:
    change_queue(world, VisibilityTimeout="45")
    world.aws.client("ssm").delete_parameter(Name="/tap/dev/limit")


def test_a_deployment_alone_puts_nothing_back(world: World) -> None:
    shaped(world)
    drift(world)
    assert "No changes" in world.up().out
    assert found(world)["code"] == 3


@pytest.mark.row("R09")
def test_what_was_changed_and_what_was_deleted_by_hand_is_put_back(world: World) -> None:
    shaped(world)
    drift(world)
    path = world.folder / "revert.plan.json"
    review = world.run("plan", ENVIRONMENT, "--revert-drift", "--out", str(path))
    assert review.code == 0, review.err
    assert re.search(r"VisibilityTimeout +\W*45\W* -> \W*30", review.out), review.out
    assert "Plan: 1 to add, 1 to change, 0 to replace, 0 to remove." in review.out
    assert "what was changed by hand is put back" in review.out
    assert "not put back" not in review.err
    applied = world.run("apply", str(path), "--yes")
    assert applied.code == 0, applied.err
    said = found(world)
    assert (said["code"], said["drifted"]) == (0, [])
    assert world.aws.client("ssm").get_parameter(Name="/tap/dev/limit")["Parameter"]["Value"] == "10"
    assert "No changes" in world.up().out


def test_a_plan_without_drift_changes_nothing(world: World) -> None:
    shaped(world)
    answer = world.run("up", ENVIRONMENT, "--revert-drift", "--yes")
    assert answer.code == 0, answer.err
    assert "No changes" in answer.out
    assert world.change_sets() == []


def test_what_cloudformation_cannot_see_is_named(world: World) -> None:
    shaped(world)
    change_queue(world, Policy="")
    answer = world.run("plan", ENVIRONMENT, "--revert-drift")
    assert answer.code == 0, answer.err
    assert "Messaging/JobsPolicy is not put back" in answer.err


def test_a_difference_that_is_accepted_is_put_back_too_since_it_was_asked_for(world: World) -> None:
    from tests.drift.test_command import accept

    shaped(world)
    change_queue(world, VisibilityTimeout="45")
    assert accept(world, "Messaging/Jobs").code == 0
    assert world.run("up", ENVIRONMENT, "--revert-drift", "--yes").code == 0
    assert found(world)["accepted"] == []


def test_a_change_set_says_what_is_and_what_the_template_has(aws: Aws) -> None:
    """User guide, "Using drift-aware change sets"; API reference, ResourceTargetDefinition."""
    made = template({"Queue": queue(QueueName="drifting", VisibilityTimeout=30), "Value": parameter("v", Name="/drifting")})
    aws.create("app", made)
    url = aws.client("sqs").get_queue_url(QueueName="drifting")["QueueUrl"]
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "45"})
    aws.client("ssm").delete_parameter(Name="/drifting")
    proposal = aws.change_set("app", made, "UPDATE", DeploymentMode="REVERT_DRIFT")
    assert proposal["DeploymentMode"] == "REVERT_DRIFT"
    rows: dict[str, Any] = {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"] for row in proposal["Changes"]}
    assert {name: (row["Action"], row["ResourceDriftStatus"]) for name, row in rows.items()} == {
        "Queue": ("Modify", "MODIFIED"),
        "Value": ("Add", "DELETED"),
    }
    (detail,) = rows["Queue"]["Details"]
    target = detail["Target"]
    assert (json.loads(target["BeforeValue"]), json.loads(target["AfterValue"])) == (45, 30)
    assert (target["BeforeValueFrom"], target["AfterValueFrom"]) == ("ACTUAL_STATE", "TEMPLATE")


def test_another_mode_is_refused(aws: Aws) -> None:
    made = template({"Value": parameter("v")})
    aws.create("app", made)
    with pytest.raises(ClientError, match="deploymentMode"):
        aws.change_set("app", made, "UPDATE", DeploymentMode="OTHER")
