"""Stacks are deleted with what is nested in them, and what their policies keep is kept."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Aws, Faults, wait
from tests.local.templates import IMPOSSIBLE, parameter, queue, stack, template

pytestmark = pytest.mark.overlay


def bucket(name: str) -> dict[str, object]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}


def delete(aws: Aws, name: str = "app", **more: object) -> str:
    stack_id = aws.stack(name)["StackId"]
    aws.cloudformation.delete_stack(StackName=name, **more)
    wait(lambda: aws.status(stack_id) in ("DELETE_COMPLETE", "DELETE_FAILED"), "the deletion")
    return aws.status(stack_id)


def queues(aws: Aws) -> list[str]:
    return [url.rsplit("/", 1)[1] for url in aws.client("sqs").list_queues().get("QueueUrls", [])]


def test_what_a_childs_policy_keeps_is_kept(aws: Aws) -> None:
    child = template({"Kept": {**queue(QueueName="kept"), "DeletionPolicy": "Retain"}, "Gone": queue(QueueName="gone")})
    aws.create("app", template({"Child": stack(aws.publish(child))}))
    child_id = aws.child("app", "Child")
    assert delete(aws) == "DELETE_COMPLETE"
    assert queues(aws) == ["kept"]
    assert aws.status(child_id) == "DELETE_COMPLETE"
    assert "DELETE_SKIPPED" in aws.statuses(child_id, "Kept")


def test_a_bucket_that_holds_something_fails_the_deletion_of_its_stack_and_of_those_around_it(aws: Aws) -> None:
    name = f"full-{aws.account}"
    aws.create("app", template({"Child": stack(aws.publish(template({"Bucket": bucket(name)})))}))
    child_id = aws.child("app", "Child")
    aws.client("s3").put_object(Bucket=name, Key="k", Body=b"v")
    assert delete(aws) == "DELETE_FAILED"
    assert aws.status(child_id) == "DELETE_FAILED"
    assert (
        "was not successfully deleted: The following resource(s) failed to delete: [Bucket]"
        in aws.events("app")[-2]["ResourceStatusReason"]
    )


def test_what_is_named_is_retained_and_nothing_else(aws: Aws) -> None:
    name = f"full-{aws.account}"
    aws.create("app", template({"Bucket": bucket(name), "Queue": queue(QueueName="gone")}))
    aws.client("s3").put_object(Bucket=name, Key="k", Body=b"v")
    assert delete(aws) == "DELETE_FAILED"
    assert delete(aws, RetainResources=["Bucket"]) == "DELETE_COMPLETE"
    assert aws.client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 1


def test_what_a_resource_that_stays_needs_stays_too(aws: Aws, faults: Faults) -> None:
    resources = {"Below": queue(QueueName="below"), "Above": {**parameter(), "DependsOn": "Below"}, "Beside": queue(QueueName="beside")}
    aws.create("app", template(resources))
    faults.add(logical_id="Above", verb="delete", message="stays")
    assert delete(aws) == "DELETE_FAILED"
    assert queues(aws) == ["below"]


def test_retain_except_on_create_goes_with_a_failed_create_and_stays_with_a_deletion(aws: Aws) -> None:
    kept = {**queue(QueueName="kept"), "DeletionPolicy": "RetainExceptOnCreate"}
    assert aws.create("app", template({"Kept": kept, "Bad": {**queue(IMPOSSIBLE), "DependsOn": "Kept"}})) == "ROLLBACK_COMPLETE"
    assert queues(aws) == []
    delete(aws)
    aws.create("app", template({"Kept": kept}))
    delete(aws)
    assert queues(aws) == ["kept"]


def test_retain_survives_even_a_failed_create_unless_the_request_says_otherwise(aws: Aws) -> None:
    def failing(name: str) -> dict[str, object]:
        kept = {**queue(QueueName=name), "DeletionPolicy": "Retain"}
        return template({"Kept": kept, "Bad": {**queue(IMPOSSIBLE), "DependsOn": "Kept"}})

    aws.create("first", failing("kept"))
    aws.create("second", failing("gone"), RetainExceptOnCreate=True)
    assert queues(aws) == ["kept"]


def test_what_was_kept_is_not_made_over(aws: Aws) -> None:
    kept = template({"Kept": {**queue(QueueName="kept"), "DeletionPolicy": "Retain"}})
    aws.create("app", kept)
    delete(aws)
    assert aws.create("app", kept) == "ROLLBACK_COMPLETE"
    failed = next(event for event in aws.events("app") if event["ResourceStatus"] == "CREATE_FAILED")
    assert "'kept' already exists" in failed["ResourceStatusReason"]


def test_a_protected_stack_and_its_children_are_not_deleted(aws: Aws) -> None:
    aws.create("app", template({"Child": stack(aws.publish(template({"Value": parameter()})))}), EnableTerminationProtection=True)
    for name in ("app", aws.child("app", "Child")):
        with pytest.raises(ClientError, match="TerminationProtection is enabled"):
            aws.cloudformation.delete_stack(StackName=name)


def test_protection_is_set_on_the_root_only(aws: Aws) -> None:
    aws.create("app", template({"Child": stack(aws.publish(template({"Value": parameter()})))}))
    with pytest.raises(ClientError, match="set it on its root"):
        aws.cloudformation.update_termination_protection(StackName=aws.child("app", "Child"), EnableTerminationProtection=True)


def test_a_stack_that_is_updated_is_not_deleted(aws: Aws) -> None:
    aws.create("app", template({"Value": parameter("one")}))
    aws.cloudformation.update_stack(
        StackName="app",
        TemplateBody=json.dumps(template({"Value": parameter("two")})),
        RollbackConfiguration={"MonitoringTimeInMinutes": 1},
    )
    with pytest.raises(ClientError, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        aws.cloudformation.delete_stack(StackName="app")


def test_a_create_that_runs_ends_with_the_deletion_of_its_stack(aws: Aws) -> None:
    aws.cloudformation.create_stack(
        StackName="app",
        TemplateBody=json.dumps(template({"Queue": queue(QueueName="made")})),
        RollbackConfiguration={"MonitoringTimeInMinutes": 180},
    )
    wait(lambda: "CREATE_COMPLETE" in aws.statuses("app", "Queue"), "the queue")
    assert delete(aws) == "DELETE_COMPLETE"
    assert queues(aws) == []


def test_a_table_that_is_protected_stays(aws: Aws) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "kept",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "DeletionProtectionEnabled": True,
        },
    }
    aws.create("app", template({"Table": table}))
    assert delete(aws) == "DELETE_FAILED"
    assert aws.client("dynamodb").list_tables()["TableNames"] == ["kept"]
