"""A root change set with one below it for each nested stack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Aws, wait
from tests.local.templates import Template, get_att, parameter, queue, stack, template

pytestmark = pytest.mark.overlay


def storage(name: str = "a") -> Template:
    return template({"Queue": queue(QueueName=name)}, {"QueueName": get_att("Queue", "QueueName")})


def reader(value: str = "r") -> Template:
    return template({"Named": parameter("v", Name={"Ref": "QueueName"}), "Own": parameter(value)}, None, "QueueName")


def app(aws: Aws, below: Template, beside: Template) -> Template:
    return template(
        {"Storage": stack(aws.publish(below)), "Reader": stack(aws.publish(beside), QueueName=get_att("Storage", "Outputs.QueueName"))}
    )


def rows(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"] for row in made["Changes"]}


def below(aws: Aws, made: dict[str, Any], logical_id: str) -> dict[str, Any]:
    """The change set of a nested stack, settled."""
    return aws.settled_change_set(rows(made)[logical_id]["ChangeSetId"])


def propose(aws: Aws, made: Template, kind: str = "UPDATE", name: str = "proposal") -> dict[str, Any]:
    return aws.change_set("app", made, kind, set_name=name, IncludeNestedStacks=True)


def test_each_child_has_a_change_set_that_names_parent_and_root(aws: Aws) -> None:
    made = propose(aws, app(aws, storage(), reader()), "CREATE")
    child = below(aws, made, "Storage")
    assert made["IncludeNestedStacks"]
    assert child["ParentChangeSetId"] == child["RootChangeSetId"] == made["ChangeSetId"]
    assert (child["Status"], child["ExecutionStatus"]) == ("CREATE_COMPLETE", "UNAVAILABLE")
    assert rows(child)["Queue"]["Action"] == "Add"


def test_a_grandchild_names_its_parent_and_the_same_root(aws: Aws) -> None:
    middle = template({"Inner": stack(aws.publish(template({"Value": parameter()})))})
    made = propose(aws, template({"Middle": stack(aws.publish(middle))}), "CREATE")
    parent = below(aws, made, "Middle")
    grandchild = below(aws, parent, "Inner")
    assert (grandchild["ParentChangeSetId"], grandchild["RootChangeSetId"]) == (parent["ChangeSetId"], made["ChangeSetId"])


def test_the_root_is_in_progress_until_its_children_are_settled(aws: Aws) -> None:
    made = aws.cloudformation.create_change_set(
        StackName="app",
        ChangeSetName="proposal",
        ChangeSetType="CREATE",
        IncludeNestedStacks=True,
        TemplateBody=json.dumps(app(aws, storage(), reader())),
    )
    first = aws.cloudformation.describe_change_set(ChangeSetName=made["Id"])
    assert first["Status"] == "CREATE_IN_PROGRESS"
    with pytest.raises(ClientError, match="CREATE_IN_PROGRESS"):
        aws.cloudformation.execute_change_set(ChangeSetName=made["Id"])
    with pytest.raises(ClientError, match="CREATE_IN_PROGRESS"):
        aws.cloudformation.delete_change_set(ChangeSetName=made["Id"])
    assert aws.settled_change_set(made["Id"])["Status"] == "CREATE_COMPLETE"


def test_an_unchanged_child_is_failed_although_the_root_is_good(aws: Aws) -> None:
    aws.create("app", app(aws, storage(), reader("one")))
    made = propose(aws, app(aws, storage(), reader("two")))
    unchanged = below(aws, made, "Storage")
    assert made["Status"] == "CREATE_COMPLETE"
    assert unchanged["Status"] == "FAILED"
    assert "didn't contain changes" in unchanged["StatusReason"]
    assert rows(made)["Storage"]["Details"][0]["ChangeSource"] == "Automatic"
    assert below(aws, made, "Reader")["StatusReason"] == "Only executable from the root change set"


def test_where_nothing_changes_the_root_fails_in_awss_words(aws: Aws) -> None:
    same = app(aws, storage(), reader())
    aws.create("app", same)
    made = propose(aws, same)
    assert (made["Status"], made["Changes"]) == ("FAILED", [])
    assert made["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_a_child_that_fails_fails_the_root(aws: Aws) -> None:
    broken = template({"Reader": stack("https://s3.us-east-1.amazonaws.com/nowhere/missing.json"), "Value": parameter()})
    made = propose(aws, broken, "CREATE")
    assert made["Status"] == "FAILED"
    assert made["StatusReason"].endswith("was not successfully created: Currently in FAILED.")
    assert "TemplateURL must reference" in below(aws, made, "Reader")["StatusReason"]


def test_a_value_from_a_sibling_that_changes_is_known_after_apply_and_makes_a_replacement_possible(aws: Aws) -> None:
    """The trap: nothing in the reader changes, but its parameter comes from a stack that does."""
    aws.create("app", app(aws, storage("a"), reader()))
    changed = {**storage("a"), "Resources": {"Queue": queue(60, QueueName="a")}}
    made = propose(aws, app(aws, changed, reader()))
    child = below(aws, made, "Reader")
    assert child["Parameters"] == [{"ParameterKey": "QueueName", "ParameterValue": "{{changeSet:KNOWN_AFTER_APPLY}}"}]
    row = rows(child)["Named"]
    assert row["Replacement"] == "Conditional"
    assert {detail["Evaluation"] for detail in row["Details"]} == {"Dynamic"}


def test_a_nested_change_set_is_executed_and_deleted_from_its_root_only(aws: Aws) -> None:
    made = propose(aws, app(aws, storage(), reader()), "CREATE")
    child = below(aws, made, "Storage")
    with pytest.raises(ClientError, match="only executable from the root"):
        aws.cloudformation.execute_change_set(ChangeSetName=child["ChangeSetId"])
    with pytest.raises(ClientError, match="only be deleted from the root"):
        aws.cloudformation.delete_change_set(ChangeSetName=child["ChangeSetId"])


def test_execution_makes_the_children_that_the_change_set_showed(aws: Aws) -> None:
    made = propose(aws, app(aws, storage(), reader()), "CREATE")
    shown = below(aws, made, "Storage")["StackId"]
    assert aws.status(shown) == "REVIEW_IN_PROGRESS"
    aws.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert aws.settled("app") == "CREATE_COMPLETE"
    assert aws.child("app", "Storage") == shown


def test_deleting_the_root_deletes_the_children_and_the_stacks_that_they_announced(aws: Aws) -> None:
    made = propose(aws, app(aws, storage(), reader()), "CREATE")
    child = below(aws, made, "Storage")
    aws.cloudformation.delete_change_set(ChangeSetName=made["ChangeSetId"])
    wait(lambda: not exists(aws, made["ChangeSetId"]), "the root change set to be gone")
    assert not exists(aws, child["ChangeSetId"])
    assert [found["StackName"] for found in aws.cloudformation.describe_stacks()["Stacks"]] == ["app"]


def test_a_failed_create_of_a_new_child_in_an_update_takes_it_away_again(aws: Aws) -> None:
    aws.create("app", template({"Value": parameter()}))
    bad = template({"Queue": queue(999999)})
    made = propose(aws, template({"Value": parameter("two"), "Child": stack(aws.publish(bad))}))
    shown = below(aws, made, "Child")["StackId"]
    aws.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert aws.settled("app") == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.status(shown) == "DELETE_COMPLETE"


def exists(aws: Aws, change_set_id: str) -> bool:
    try:
        aws.cloudformation.describe_change_set(ChangeSetName=change_set_id)
    except aws.cloudformation.exceptions.ChangeSetNotFoundException:
        return False
    return True


def test_deleting_a_stack_in_review_deletes_what_it_announced(aws: Aws) -> None:
    propose(aws, app(aws, storage(), reader()), "CREATE")
    aws.cloudformation.delete_stack(StackName="app")
    wait(lambda: not aws.cloudformation.describe_stacks()["Stacks"], "the stacks in review to be gone")
    assert aws.create("app", template({"Value": parameter()})) == "CREATE_COMPLETE"


def test_a_parameter_that_decides_by_a_condition_on_the_region_alone_is_a_change(aws: Aws) -> None:
    inner = template({"Value": parameter({"Fn::If": ["Here", "here", "there"]})}, None, "Active")
    inner["Conditions"] = {"Here": {"Fn::Equals": [{"Ref": "Active"}, {"Ref": "AWS::Region"}]}}
    outer = template({"Inner": stack(aws.publish(inner), Active={"Ref": "Active"})}, None, "Active")
    active = {"ParameterKey": "Active", "ParameterValue": "us-east-1"}
    aws.create("app", outer, Parameters=[active])
    made = aws.change_set("app", outer, IncludeNestedStacks=True, Parameters=[{**active, "ParameterValue": "us-west-2"}])
    assert made["Status"] == "CREATE_COMPLETE"
    assert [row["Action"] for row in rows(below(aws, made, "Inner")).values()] == ["Modify"]
    same = aws.change_set("app", outer, set_name="same", IncludeNestedStacks=True, Parameters=[active])
    assert same["Status"] == "FAILED"
