"""Rollback triggers are watched while CloudFormation works and for a while after, and roll the whole back."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Aws, wait
from tests.local.templates import get_att, parameter, queue, stack, template

pytestmark = pytest.mark.overlay

ONE, TWO = template({"Value": parameter("one")}), template({"Value": parameter("two")})


def gate(aws: Aws, name: str = "gate", region: str = "us-east-1") -> str:
    """An alarm that nothing moves but who sets it; its ARN."""
    cloudwatch = aws.client("cloudwatch", region)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="test",
        MetricName="gate",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
    return str(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"])


def ring(aws: Aws, name: str = "gate", state: str = "ALARM") -> None:
    aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def triggers(*arns: str, minutes: int = 0, kind: str = "AWS::CloudWatch::Alarm") -> dict[str, Any]:
    return {"RollbackTriggers": [{"Arn": arn, "Type": kind} for arn in arns], "MonitoringTimeInMinutes": minutes}


def test_a_configuration_stays_until_it_is_given_anew(aws: Aws) -> None:
    given = triggers(gate(aws), minutes=1)
    aws.create("app", ONE, RollbackConfiguration=given)
    assert aws.stack("app")["RollbackConfiguration"] == given
    aws.update("app", TWO)
    assert aws.stack("app")["RollbackConfiguration"] == given


def test_a_configuration_that_is_given_replaces_the_one_before(aws: Aws) -> None:
    aws.create("app", ONE, RollbackConfiguration=triggers(gate(aws)))
    given = triggers(gate(aws, "other"))
    aws.update("app", TWO, RollbackConfiguration=given)
    assert aws.stack("app")["RollbackConfiguration"] == given


def test_an_empty_configuration_clears(aws: Aws) -> None:
    aws.create("app", ONE, RollbackConfiguration=triggers(gate(aws)))
    aws.update("app", TWO, RollbackConfiguration={"RollbackTriggers": []})
    assert not aws.stack("app")["RollbackConfiguration"].get("RollbackTriggers")


def test_a_change_set_carries_a_configuration_to_its_stack(aws: Aws) -> None:
    aws.create("app", ONE)
    given = triggers(gate(aws), minutes=0)
    proposed = aws.change_set("app", TWO, RollbackConfiguration=given)
    assert proposed["RollbackConfiguration"] == given
    assert not aws.stack("app")["RollbackConfiguration"]
    aws.cloudformation.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert aws.settled("app") == "UPDATE_COMPLETE"
    assert aws.stack("app")["RollbackConfiguration"] == given


def test_a_trigger_that_does_not_exist_fails_a_create(aws: Aws) -> None:
    missing = f"arn:aws:cloudwatch:us-east-1:{aws.account}:alarm:missing"
    assert aws.create("app", ONE, RollbackConfiguration=triggers(missing)) == "ROLLBACK_COMPLETE"
    reasons = [event.get("ResourceStatusReason", "") for event in aws.events("app") if event["ResourceStatus"] == "ROLLBACK_IN_PROGRESS"]
    assert "alarm:missing" in reasons[0]
    assert "does not exist" in reasons[0]


def test_a_trigger_in_another_region_does_not_count_as_there(aws: Aws) -> None:
    elsewhere = gate(aws, region="us-west-2")
    assert aws.create("app", ONE, RollbackConfiguration=triggers(elsewhere)) == "ROLLBACK_COMPLETE"


def test_a_trigger_in_another_account_does_not_count_as_there(aws: Aws) -> None:
    theirs = gate(aws).replace(aws.account, "999999999999")
    assert aws.create("app", ONE, RollbackConfiguration=triggers(theirs)) == "ROLLBACK_COMPLETE"


def test_an_alarm_that_is_already_on_rolls_an_update_back(aws: Aws) -> None:
    arn = gate(aws)
    aws.create("app", ONE)
    ring(aws)
    assert aws.update("app", TWO, RollbackConfiguration=triggers(arn)) == "UPDATE_ROLLBACK_COMPLETE"


def test_the_root_is_in_progress_for_the_whole_monitoring_time_while_its_children_are_done(aws: Aws) -> None:
    made = template({"Child": stack(aws.publish(ONE))})
    began = time.monotonic()
    aws.cloudformation.create_stack(StackName="app", TemplateBody=json.dumps(made), RollbackConfiguration=triggers(gate(aws), minutes=2))
    wait(lambda: "CREATE_COMPLETE" in aws.statuses("app", "Child"), "the child to be complete")
    assert aws.status(aws.child("app", "Child")) == "CREATE_COMPLETE"
    assert aws.status("app") == "CREATE_IN_PROGRESS"
    assert aws.settled("app") == "CREATE_COMPLETE"
    assert time.monotonic() - began >= 1.0


def test_an_alarm_in_the_monitoring_time_rolls_an_update_back_with_the_old_resources_still_there(aws: Aws) -> None:
    aws.create("app", template({"Queue": queue(QueueName="old")}))
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="old")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    aws.cloudformation.update_stack(
        StackName="app",
        TemplateBody=json.dumps(template({"Queue": queue(QueueName="new")})),
        RollbackConfiguration=triggers(gate(aws), minutes=30),
    )
    wait(lambda: "UPDATE_COMPLETE" in aws.statuses("app", "Queue"), "the queue to be replaced")
    assert len(sqs.list_queues()["QueueUrls"]) == 2
    ring(aws)
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.child("app", "Queue") == url
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "kept"
    assert len(sqs.list_queues()["QueueUrls"]) == 1


def test_an_alarm_in_the_monitoring_time_takes_a_create_back(aws: Aws) -> None:
    child = template({"Queue": queue(QueueName="made")})
    aws.cloudformation.create_stack(
        StackName="app",
        TemplateBody=json.dumps(template({"Child": stack(aws.publish(child))})),
        RollbackConfiguration=triggers(gate(aws), minutes=30),
    )
    wait(lambda: "CREATE_COMPLETE" in aws.statuses("app", "Child"), "the child to be complete")
    ring(aws)
    assert aws.settled("app") == "ROLLBACK_COMPLETE"
    assert not aws.client("sqs").list_queues().get("QueueUrls")


def test_the_event_of_the_rollback_names_the_alarm(aws: Aws) -> None:
    arn = gate(aws)
    aws.create("app", ONE)
    ring(aws)
    aws.update("app", TWO, RollbackConfiguration=triggers(arn))
    reasons = [event["ResourceStatusReason"] for event in aws.events("app") if event["ResourceStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"]
    assert arn in reasons[0]


def test_an_alarm_rings_while_resources_are_still_worked_on(aws: Aws, faults: Any) -> None:
    """No monitoring time: the alarm is watched during the operation all the same."""
    arn = gate(aws)
    aws.create("app", template({"First": parameter(), "Last": parameter()}))
    faults.add(logical_id="Last", verb="update", latency=10)
    aws.cloudformation.update_stack(
        StackName="app",
        TemplateBody=json.dumps(template({"First": parameter("two"), "Last": parameter("two")})),
        RollbackConfiguration=triggers(arn),
    )
    wait(lambda: "UPDATE_COMPLETE" in aws.statuses("app", "First"), "the first resource")
    ring(aws)
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"


def test_an_alarm_without_data_rolls_nothing_back(aws: Aws) -> None:
    arn = gate(aws)
    ring(aws, state="INSUFFICIENT_DATA")
    assert aws.create("app", ONE, RollbackConfiguration=triggers(arn, minutes=1)) == "CREATE_COMPLETE"


def test_an_alarm_on_the_way_back_stops_nothing(aws: Aws) -> None:
    arn = gate(aws)
    aws.create("app", ONE, RollbackConfiguration=triggers(arn))
    ring(aws)
    assert aws.update("app", TWO) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.client("ssm").get_parameter(Name=aws.child("app", "Value"))["Parameter"]["Value"] == "one"


def test_a_monitoring_time_without_triggers_still_waits(aws: Aws) -> None:
    began = time.monotonic()
    aws.create("app", ONE, RollbackConfiguration={"MonitoringTimeInMinutes": 1})
    assert time.monotonic() - began >= 0.5


def test_a_composite_alarm_is_a_trigger(aws: Aws) -> None:
    gate(aws)
    aws.client("cloudwatch").put_composite_alarm(AlarmName="any", AlarmRule='ALARM("gate")')
    arn = f"arn:aws:cloudwatch:us-east-1:{aws.account}:alarm:any"
    aws.create("app", ONE)
    ring(aws)
    given = triggers(arn, kind="AWS::CloudWatch::CompositeAlarm")
    assert aws.update("app", TWO, RollbackConfiguration=given) == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param(triggers(*["arn"] * 6), "at most 5", id="six triggers"),
        pytest.param({"MonitoringTimeInMinutes": 181}, "between 0 and 180", id="more than three hours"),
        pytest.param(triggers("arn", kind="AWS::Lambda::Function"), "not supported", id="no alarm"),
    ],
)
def test_a_configuration_that_the_api_would_not_take_is_refused(aws: Aws, given: dict[str, Any], why: str) -> None:
    with pytest.raises(ClientError, match=why):
        aws.cloudformation.create_stack(StackName="app", TemplateBody=json.dumps(ONE), RollbackConfiguration=given)


def test_a_child_is_rolled_back_by_its_roots_trigger(aws: Aws) -> None:
    child = template({"Value": parameter("one")}, {"Value": get_att("Value", "Value")})
    changed = template({"Value": parameter("two")}, {"Value": get_att("Value", "Value")})
    aws.create("app", template({"Child": stack(aws.publish(child))}))
    arn = gate(aws)
    ring(aws)
    aws.update("app", template({"Child": stack(aws.publish(changed))}), RollbackConfiguration=triggers(arn))
    found = aws.stack(aws.child("app", "Child"))
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert found["Outputs"][0]["OutputValue"] == "one"
