"""Nested stacks are updated, rolled back and answered for as stacks of their own."""

from __future__ import annotations

import json

import pytest

from tests.local.conftest import Aws, Faults
from tests.local.templates import IMPOSSIBLE, Template, get_att, parameter, queue, stack, template

pytestmark = pytest.mark.overlay


def storage(value: str = "one", visibility: int = 30) -> Template:
    return template({"Queue": queue(), "Value": parameter(value), "Second": queue(visibility)}, {"QueueArn": get_att("Queue", "Arn")})


def reader(value: str = "reads") -> Template:
    return template({"Arn": parameter({"Ref": "QueueArn"}), "Own": parameter(value)}, None, "QueueArn")


def app(aws: Aws, below: Template, beside: Template | None = None) -> Template:
    return template(
        {
            "Storage": stack(aws.publish(below)),
            "Reader": stack(aws.publish(beside or reader()), QueueArn=get_att("Storage", "Outputs.QueueArn")),
        },
        {"QueueArn": get_att("Storage", "Outputs.QueueArn")},
    )


def test_an_update_keeps_the_attributes_of_what_did_not_change(aws: Aws) -> None:
    aws.create("app", app(aws, storage("one")))
    before = aws.stack("app")["Outputs"]
    assert aws.update("app", app(aws, storage("two"))) == "UPDATE_COMPLETE"
    assert aws.stack("app")["Outputs"] == before


def test_an_unchanged_resource_has_no_events_in_an_update(aws: Aws) -> None:
    aws.create("app", app(aws, storage("one")))
    aws.update("app", app(aws, storage("two")))
    child = aws.child("app", "Storage")
    assert "UPDATE_COMPLETE" in aws.statuses(child, "Value")
    assert "UPDATE_COMPLETE" not in aws.statuses(child, "Queue")


def test_a_child_names_its_parent_and_its_root(aws: Aws) -> None:
    inner = template({"Value": parameter()})
    middle = template({"Inner": stack(aws.publish(inner))})
    aws.create("app", template({"Middle": stack(aws.publish(middle))}))
    root, child = aws.stack("app"), aws.stack(aws.child("app", "Middle"))
    grandchild = aws.stack(aws.child(child["StackId"], "Inner"))
    assert (child["ParentId"], child["RootId"]) == (root["StackId"], root["StackId"])
    assert (grandchild["ParentId"], grandchild["RootId"]) == (child["StackId"], root["StackId"])
    assert "ParentId" not in root


def test_a_child_that_fails_rolls_the_whole_update_back(aws: Aws) -> None:
    aws.create("app", app(aws, storage("one"), reader("a")))
    assert aws.update("app", app(aws, storage("two", IMPOSSIBLE), reader("b"))) == "UPDATE_ROLLBACK_COMPLETE"
    child = aws.child("app", "Storage")
    assert aws.status(child) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.client("ssm").get_parameter(Name=physical(aws, child, "Value"))["Parameter"]["Value"] == "one"


def test_the_parent_says_which_child_failed_and_the_child_says_why(aws: Aws) -> None:
    aws.create("app", app(aws, storage()))
    aws.update("app", app(aws, storage("two", IMPOSSIBLE)))
    parents = [event for event in aws.events("app") if event["ResourceStatus"] == "UPDATE_FAILED"]
    children = [event for event in aws.events(aws.child("app", "Storage")) if event["ResourceStatus"] == "UPDATE_FAILED"]
    assert "was not successfully updated: The following resource(s) failed to update: [Second]" in parents[0]["ResourceStatusReason"]
    assert "VisibilityTimeout" in next(event for event in children if event["LogicalResourceId"] == "Second")["ResourceStatusReason"]


def test_a_rollback_finds_the_old_resource_of_a_child_that_was_already_done(aws: Aws) -> None:
    """The first child replaces its queue and is done; the second fails; the old queue, and its message, are still there."""
    aws.create("app", app(aws, template({"Queue": queue(QueueName="old")}, {"QueueArn": get_att("Queue", "Arn")})))
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="old")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    changed = template({"Queue": queue(QueueName="new")}, {"QueueArn": get_att("Queue", "Arn")})
    failing = template({"Arn": parameter({"Ref": "QueueArn"}), "Own": queue(IMPOSSIBLE)}, None, "QueueArn")
    assert aws.update("app", app(aws, changed, failing)) == "UPDATE_ROLLBACK_COMPLETE"
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "kept"
    assert not sqs.list_queues(QueueNamePrefix="new").get("QueueUrls")


def test_a_child_waits_for_its_siblings_before_it_tidies_up(aws: Aws, faults: Faults) -> None:
    aws.create("app", app(aws, storage("one"), reader("a")))
    faults.add(logical_id="Own", verb="update", latency=0.3)
    aws.cloudformation.update_stack(StackName="app", TemplateBody=json.dumps(app(aws, storage("two"), reader("b"))))
    aws.wait_status(aws.child("app", "Storage"), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    assert aws.status("app") == "UPDATE_IN_PROGRESS"
    assert aws.settled("app") == "UPDATE_COMPLETE"
    assert aws.status(aws.child("app", "Storage")) == "UPDATE_COMPLETE"


def test_old_resources_go_in_the_cleanup_phase(aws: Aws) -> None:
    aws.create("app", template({"Gone": parameter(), "Stays": parameter()}))
    aws.update("app", template({"Stays": parameter("two")}))
    assert aws.statuses("app")[-3:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    order = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in aws.events("app")]
    assert order.index(("Gone", "DELETE_COMPLETE")) > order.index(("app", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))


def test_a_failure_cancels_what_is_under_way(aws: Aws, faults: Faults) -> None:
    faults.add(logical_id="Slow", verb="create", latency=5)
    assert aws.create("app", template({"Bad": queue(IMPOSSIBLE), "Slow": parameter()})) == "ROLLBACK_COMPLETE"
    slow = [event for event in aws.events("app") if event["LogicalResourceId"] == "Slow"]
    assert [event.get("ResourceStatusReason") for event in slow if event["ResourceStatus"] == "CREATE_FAILED"] == [
        "Resource creation cancelled"
    ]


def test_a_failed_create_takes_its_children_away(aws: Aws) -> None:
    good, bad = storage(), template({"Queue": queue(IMPOSSIBLE)})
    resources = {"Good": stack(aws.publish(good)), "Bad": {**stack(aws.publish(bad)), "DependsOn": "Good"}}
    assert aws.create("app", template(resources)) == "ROLLBACK_COMPLETE"
    states = {found["StackName"]: found["StackStatus"] for found in aws.cloudformation.list_stacks()["StackSummaries"]}
    assert sorted(states.values()) == ["DELETE_COMPLETE", "DELETE_COMPLETE", "ROLLBACK_COMPLETE"]


def test_an_export_of_a_child_is_known_and_goes_with_a_failed_update(aws: Aws) -> None:
    def exporting(name: str, visibility: int = 30) -> Template:
        made = template({"Queue": queue(visibility)})
        return {**made, "Outputs": {"Arn": {"Value": get_att("Queue", "Arn"), "Export": {"Name": name}}}}

    aws.create("app", template({"Child": stack(aws.publish(exporting("first")))}))
    failing = {"Child": stack(aws.publish(exporting("second"))), "Bad": {**queue(IMPOSSIBLE), "DependsOn": "Child"}}
    assert aws.update("app", template(failing)) == "UPDATE_ROLLBACK_COMPLETE"
    assert [export["Name"] for export in aws.cloudformation.list_exports()["Exports"]] == ["first"]


def physical(aws: Aws, stack_name: str, logical_id: str) -> str:
    return aws.child(stack_name, logical_id)


def test_a_template_is_read_from_a_bucket_in_the_host_of_its_address(aws: Aws) -> None:
    path_style = aws.publish(template({"Value": parameter()}))
    bucket, key = path_style.split("/", 4)[3:]
    made = template({"Child": stack(f"https://{bucket}.s3.us-east-1.amazonaws.com/{key}")})
    assert aws.create("app", made) == "CREATE_COMPLETE"


def test_the_resources_of_a_running_operation_can_be_described(aws: Aws, faults: Faults) -> None:
    aws.create("app", app(aws, storage("one"), reader("a")))
    faults.add(logical_id="Own", verb="update", latency=0.3)
    aws.cloudformation.update_stack(StackName="app", TemplateBody=json.dumps(app(aws, storage("two"), reader("b"))))
    aws.wait_status(aws.child("app", "Storage"), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    found = aws.cloudformation.describe_stack_resources(StackName="app")["StackResources"]
    states = {resource["LogicalResourceId"]: resource["ResourceStatus"] for resource in found}
    assert states == {"Storage": "UPDATE_COMPLETE", "Reader": "UPDATE_IN_PROGRESS"}
    assert aws.settled("app") == "UPDATE_COMPLETE"
