"""Change sets: when they are taken, what they show, and what executing and deleting them does."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Aws, wait
from tests.local.templates import IMPOSSIBLE, Template, get_att, parameter, queue, stack, template

pytestmark = pytest.mark.overlay

ONE, TWO = template({"Value": parameter("one")}), template({"Value": parameter("two")})


def names(aws: Aws, name: str = "app") -> list[str]:
    return [made["ChangeSetName"] for made in aws.cloudformation.list_change_sets(StackName=name)["Summaries"]]


def test_a_change_set_without_a_change_fails_in_awss_words(aws: Aws) -> None:
    aws.create("app", ONE)
    made = aws.change_set("app", ONE)
    assert (made["Status"], made["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert made["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_changes_come_in_pages(aws: Aws) -> None:
    many = template({f"Value{index:02}": parameter() for index in range(45)})
    made = aws.change_set("app", many, "CREATE")
    assert len(made["Changes"]) == 20
    pages = aws.cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=made["ChangeSetId"])
    found = [change["ResourceChange"]["LogicalResourceId"] for page in pages for change in page["Changes"]]
    assert found == sorted(many["Resources"])


def test_values_before_and_after_are_shown_where_asked_for(aws: Aws) -> None:
    aws.create("app", ONE)
    made = aws.change_set("app", TWO)
    plain = made["Changes"][0]["ResourceChange"]
    assert "BeforeContext" not in plain
    asked = aws.cloudformation.describe_change_set(ChangeSetName=made["ChangeSetId"], IncludePropertyValues=True)
    change = asked["Changes"][0]["ResourceChange"]
    assert json.loads(change["BeforeContext"])["Properties"]["Value"] == "one"
    assert json.loads(change["AfterContext"])["Properties"]["Value"] == "two"
    target = change["Details"][0]["Target"]
    assert (target["Path"], target["BeforeValue"], target["AfterValue"]) == ("/Properties/Value", "one", "two")
    assert target["AttributeChangeType"] == "Modify"


def test_a_value_that_depends_on_another_change_is_marked_as_known_after_apply(aws: Aws) -> None:
    before = template({"Queue": queue(QueueName="a"), "Value": parameter({"Ref": "Queue"})})
    aws.create("app", before)
    after = template({"Queue": queue(QueueName="b"), "Value": parameter({"Ref": "Queue"})})
    made = aws.change_set("app", after)
    asked = aws.cloudformation.describe_change_set(ChangeSetName=made["ChangeSetId"], IncludePropertyValues=True)
    change = next(row["ResourceChange"] for row in asked["Changes"] if row["ResourceChange"]["LogicalResourceId"] == "Value")
    assert json.loads(change["AfterContext"])["Properties"]["Value"] == "{{changeSet:KNOWN_AFTER_APPLY}}"


def test_executing_one_deletes_the_stacks_others(aws: Aws) -> None:
    aws.create("app", ONE)
    aws.change_set("app", TWO, set_name="other")
    made = aws.change_set("app", TWO, set_name="chosen")
    aws.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
    aws.settled("app")
    assert names(aws) == ["chosen"]


def test_a_request_token_stands_in_every_event_of_the_execution(aws: Aws) -> None:
    child = template({"Value": parameter()})
    made = aws.change_set("app", template({"Child": stack(aws.publish(child))}), "CREATE")
    aws.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"], ClientRequestToken="token-1")
    aws.settled("app")
    events = [event for event in aws.events("app") if event["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
    assert {event.get("ClientRequestToken") for event in events} == {"token-1"}
    assert {event.get("ClientRequestToken") for event in aws.events(aws.child("app", "Child"))} == {"token-1"}


def test_a_busy_stack_takes_no_change_set_and_executes_none(aws: Aws) -> None:
    aws.create("app", ONE)
    made = aws.change_set("app", TWO)
    three = template({"Value": parameter("three")})
    aws.cloudformation.update_stack(StackName="app", TemplateBody=json.dumps(three), RollbackConfiguration={"MonitoringTimeInMinutes": 1})
    with pytest.raises(ClientError, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        aws.change_set("app", TWO, set_name="late")
    with pytest.raises(ClientError, match="cannot be executed in its current status"):
        aws.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
    with pytest.raises(ClientError, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        aws.cloudformation.update_stack(StackName="app", TemplateBody=json.dumps(TWO))
    assert aws.settled("app") == "UPDATE_COMPLETE"


@pytest.mark.parametrize("kind", ["CREATE", "UPDATE"])
def test_a_stack_that_failed_to_be_created_takes_only_its_deletion(aws: Aws, kind: str) -> None:
    assert aws.create("app", template({"Queue": queue(IMPOSSIBLE)})) == "ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match=r"already exists and cannot be created again|ROLLBACK_COMPLETE state and can not be updated"):
        aws.change_set("app", ONE, kind)
    with pytest.raises(ClientError, match="already exists"):
        aws.create("app", ONE)
    aws.cloudformation.delete_stack(StackName="app")
    wait(lambda: not aws.cloudformation.list_stacks(StackStatusFilter=["ROLLBACK_COMPLETE"])["StackSummaries"], "the deletion")
    assert aws.create("app", ONE) == "CREATE_COMPLETE"


def test_a_second_change_set_for_a_new_stack_belongs_to_the_same_stack(aws: Aws) -> None:
    first = aws.change_set("app", ONE, "CREATE", set_name="first")
    second = aws.change_set("app", TWO, "CREATE", set_name="second")
    assert first["StackId"] == second["StackId"] == aws.stack("app")["StackId"]
    assert aws.status("app") == "REVIEW_IN_PROGRESS"
    assert sorted(names(aws)) == ["first", "second"]
    aws.cloudformation.execute_change_set(ChangeSetName=first["ChangeSetId"])
    assert aws.settled("app") == "CREATE_COMPLETE"


def test_on_stack_failure_delete_leaves_nothing(aws: Aws) -> None:
    child = template({"Queue": queue(IMPOSSIBLE)})
    made = aws.change_set("app", template({"Child": stack(aws.publish(child))}), "CREATE", OnStackFailure="DELETE")
    aws.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
    wait(lambda: aws.stack(made["StackId"])["StackStatus"] == "DELETE_COMPLETE", "the stack to be gone")
    assert not [found for found in aws.cloudformation.describe_stacks()["Stacks"] if found["StackStatus"] != "DELETE_COMPLETE"]


def test_without_looking_into_them_every_nested_stack_may_have_changed(aws: Aws) -> None:
    nested = template({"Child": stack(aws.publish(ONE))})
    aws.create("app", nested)
    made = aws.change_set("app", nested)
    (change,) = made["Changes"]
    assert made["Status"] == "CREATE_COMPLETE"
    assert change["ResourceChange"]["Details"][0]["ChangeSource"] == "Automatic"


def test_removal_and_replacement_say_what_becomes_of_the_resource(aws: Aws) -> None:
    kept = {**queue(QueueName="kept"), "DeletionPolicy": "Retain"}
    aws.create("app", template({"Kept": kept, "Gone": queue(QueueName="gone"), "Renamed": queue(QueueName="a")}))
    made = aws.change_set("app", template({"Renamed": queue(QueueName="b")}))
    rows = {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"] for row in made["Changes"]}
    assert rows["Kept"]["PolicyAction"] == "Retain"
    assert rows["Gone"]["PolicyAction"] == "Delete"
    assert (rows["Renamed"]["Replacement"], rows["Renamed"]["PolicyAction"]) == ("True", "ReplaceAndDelete")


def test_replacement_is_known_of_the_types_that_the_templates_use(aws: Aws) -> None:
    def group(name: str) -> Template:
        return template({"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}})

    aws.create("app", group("one"))
    (change,) = aws.change_set("app", group("two"))["Changes"]
    assert change["ResourceChange"]["Replacement"] == "True"


def test_a_property_that_changes_is_listed_beside_a_reference_that_nobody_can_resolve_yet(aws: Aws) -> None:
    queued = {"Queue": queue(), "Value": parameter({"Ref": "Given"}, Description=get_att("Queue", "Arn"))}
    text = template(queued, None, "Given")
    aws.create("app", text, Parameters=[{"ParameterKey": "Given", "ParameterValue": "one"}])
    made = aws.change_set("app", text, Parameters=[{"ParameterKey": "Given", "ParameterValue": "two"}])
    assert [change["ResourceChange"]["LogicalResourceId"] for change in made["Changes"]] == ["Value"]
