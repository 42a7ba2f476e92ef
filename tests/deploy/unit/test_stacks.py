"""What is asked of CloudFormation, to the letter, and what its answers are taken for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY

from deploy import leftovers
from deploy.aws.failures import AwsRefusal
from deploy.errors import OutcomeUnknown
from deploy.model import NESTED
from deploy.status import Status
from tests.deploy.unit.fakes import Recorded
from tests.deploy.unit.test_change_sets import EARLY, ROOT, described, nested

STACK = "arn:aws:cloudformation:us-east-1:111111111111:stack/tap-app-dev/1"
ROLE = "arn:aws:iam::111111111111:role/tap-execution-dev"
AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def stack(status: str = "UPDATE_COMPLETE", **more: Any) -> dict[str, Any]:
    """An answer of DescribeStacks."""
    return {"Stacks": [{"StackId": STACK, "StackName": "tap-app-dev", "CreationTime": AT, "StackStatus": status, **more}]}


@pytest.mark.parametrize("retain", [True, False])
def test_what_is_executed_says_the_token_and_both_options_whose_defaults_aws_leaves_open(recorded: Recorded, retain: bool) -> None:
    """API reference, ExecuteChangeSet: DisableRollback has the default True in one sentence and False in another."""
    asked = {"ChangeSetName": ROOT, "ClientRequestToken": "tapline-1", "DisableRollback": False, "RetainExceptOnCreate": retain}
    recorded.answers("execute_change_set", {}, **asked)
    recorded.stacks.execute(ROOT, "tapline-1", retain_except_on_create=retain)


def test_a_change_set_is_proposed_with_what_is_given_and_gives_both_ids(recorded: Recorded) -> None:
    recorded.answers("create_change_set", {"Id": ROOT, "StackId": STACK}, StackName="tap-app-dev", ChangeSetName="tapline-1")
    assert recorded.stacks.propose("tap-app-dev", ChangeSetName="tapline-1") == (ROOT, STACK)


@pytest.mark.failure("early validation or hook failure")
def test_failed_validations_and_hooks_are_said_each_with_its_place(recorded: Recorded) -> None:
    """API reference, DescribeEvents and OperationEvent: DescribeStackEvents has neither."""
    asked = {"ChangeSetName": ROOT, "Filters": {"FailedEvents": True}}
    early = {
        "EventType": "VALIDATION_ERROR",
        "ValidationName": "NAME_CONFLICT_VALIDATION",
        "ValidationPath": "/Resources/Items",
        "ValidationStatusReason": "Resource of type 'AWS::DynamoDB::Table' with identifier 'tap-items-dev' already exists.",
        "LogicalResourceId": "Items",
    }
    hook = {
        "EventType": "HOOK_INVOCATION_ERROR",
        "HookType": "Acme::Bucket::Guard",
        "HookStatusReason": "Template failed validation",
        "LogicalResourceId": "Uploads",
    }
    recorded.answers("describe_events", {"OperationEvents": [early], "NextToken": "2"}, **asked)
    recorded.answers("describe_events", {"OperationEvents": [hook, {"EventType": "PROVISIONING_ERROR"}]}, NextToken="2", **asked)
    assert recorded.stacks.reasons(ROOT) == (
        "NAME_CONFLICT_VALIDATION at /Resources/Items: Resource of type 'AWS::DynamoDB::Table' with identifier 'tap-items-dev' already exists.",
        "Acme::Bucket::Guard at Uploads: Template failed validation",
        "PROVISIONING_ERROR: ",
    )


@pytest.mark.parametrize("code", ["InvalidAction", "UnknownOperationException", "AccessDenied"])
def test_where_nobody_tells_the_details_the_failure_is_said_without_them(recorded: Recorded, code: str) -> None:
    recorded.refuses("describe_events", code)
    assert recorded.stacks.reasons(ROOT) == ()


def settled(recorded: Recorded) -> None:
    """What `settle` asks where all is made already."""
    recorded.answers("describe_change_set", described(ROOT, status="FAILED", reason=EARLY), ChangeSetName=ROOT)
    recorded.answers("describe_change_set", described(ROOT, status="FAILED", reason=EARLY), ChangeSetName=ROOT, IncludePropertyValues=True)


def test_a_discarded_change_set_is_waited_for_until_its_root_is_gone(recorded: Recorded) -> None:
    """User guide, "Change sets for nested stacks": nested ones are deleted in the background. The local AWS is quicker than one question."""
    settled(recorded)
    recorded.answers("delete_change_set", {}, ChangeSetName=ROOT)
    for status in ("DELETE_PENDING", "DELETE_IN_PROGRESS"):
        recorded.answers("describe_change_set", described(ROOT, nested("Data", "gone-already"), status=status), ChangeSetName=ROOT)
    recorded.refuses("describe_change_set", "ChangeSetNotFound", f"ChangeSet [{ROOT}] does not exist", 404)
    recorded.stacks.discard(ROOT)
    assert len(recorded.slept) == 2


@pytest.mark.parametrize("ending", ["DELETE_COMPLETE", "ChangeSetNotFound"])
def test_a_root_is_deleted_also_where_one_nested_in_it_has_gone_before(recorded: Recorded, ending: str) -> None:
    recorded.refuses("describe_change_set", "ChangeSetNotFound", "ChangeSet [child] does not exist", 404)
    recorded.answers("delete_change_set", {}, ChangeSetName=ROOT)
    if ending == "DELETE_COMPLETE":
        recorded.answers("describe_change_set", described(ROOT, status=ending))
    else:
        recorded.refuses("describe_change_set", ending, "", 404)
    recorded.stacks.discard(ROOT)


def discarded(recorded: Recorded, status: str) -> None:
    """What `discard` asks where all goes at once, and what the stack is afterwards."""
    settled(recorded)
    recorded.answers("delete_change_set", {})
    recorded.refuses("describe_change_set", "ChangeSetNotFound", "", 404)
    recorded.answers("describe_stacks", stack(status))


def withdrawn(recorded: Recorded) -> None:
    leftovers.withdraw(recorded.stacks, lambda: recorded.stacks, "tap-app-dev", ROOT)


def test_a_stack_that_only_the_change_set_announced_goes_with_it(recorded: Recorded) -> None:
    """API reference, CreateChangeSet: for a new stack it makes one in REVIEW_IN_PROGRESS."""
    discarded(recorded, "REVIEW_IN_PROGRESS")
    recorded.answers("list_change_sets", {"Summaries": []}, StackName=STACK)
    recorded.answers("delete_stack", {}, StackName=STACK, ClientRequestToken=ANY)
    withdrawn(recorded)


def test_a_stack_in_review_stays_while_somebody_else_proposes_something_there(recorded: Recorded) -> None:
    discarded(recorded, "REVIEW_IN_PROGRESS")
    recorded.answers("list_change_sets", {"Summaries": [{"ChangeSetId": "other", "ChangeSetName": "theirs", "Status": "CREATE_COMPLETE"}]})
    withdrawn(recorded)


def test_a_stack_in_review_stays_where_nobody_may_delete_stacks(recorded: Recorded) -> None:
    discarded(recorded, "REVIEW_IN_PROGRESS")
    recorded.answers("list_change_sets", {"Summaries": []}, StackName=STACK)
    recorded.refuses("delete_stack", "AccessDenied", "no", 403)
    withdrawn(recorded)


def test_a_stack_that_runs_stays_whatever_is_withdrawn(recorded: Recorded) -> None:
    discarded(recorded, "UPDATE_COMPLETE")
    withdrawn(recorded)


def test_a_change_set_that_cannot_be_deleted_is_said(recorded: Recorded) -> None:
    settled(recorded)
    recorded.refuses("delete_change_set", "InvalidChangeSetStatus", "cannot be deleted in status CREATE_IN_PROGRESS")
    with pytest.raises(AwsRefusal, match="CREATE_IN_PROGRESS"):
        recorded.stacks.discard(ROOT)


def test_a_change_set_that_is_gone_is_none(recorded: Recorded) -> None:
    recorded.refuses("describe_change_set", "ChangeSetNotFound", "", 404)
    assert recorded.stacks.change_set(ROOT) is None


def test_a_stack_that_is_not_there_is_none_and_any_other_refusal_is_an_error(recorded: Recorded) -> None:
    recorded.refuses("describe_stacks", "ValidationError", "Stack with id tap-app-dev does not exist")
    assert recorded.stacks.find("tap-app-dev") is None
    recorded.refuses(
        "describe_stacks", "ValidationError", "1 validation error detected: Value '' at 'stackName' failed to satisfy constraint"
    )
    with pytest.raises(AwsRefusal, match="ValidationError"):
        recorded.stacks.find("")
    recorded.refuses("describe_stacks", "ServiceUnavailable", "try later", 503)
    with pytest.raises(OutcomeUnknown):
        recorded.stacks.find("tap-app-dev")


def test_what_aws_leaves_out_of_a_stack_is_empty_and_what_it_says_is_kept(recorded: Recorded) -> None:
    recorded.answers("describe_stacks", stack("CREATE_COMPLETE"))
    bare = recorded.stacks.find("tap-app-dev")
    assert bare is not None
    assert (bare.status, bare.tags, bare.triggers, bare.role, bare.drift) == (Status.CREATE_COMPLETE, {}, (), "", "NOT_CHECKED")
    whole = {
        "StackStatusReason": "why",
        "LastUpdatedTime": AT,
        "Outputs": [{"OutputKey": "Url", "OutputValue": "https://x"}],
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "v1"}],
        "Tags": [{"Key": "Environment", "Value": "dev"}],
        "RoleARN": "arn:aws:iam::111111111111:role/tap-execution",
        "EnableTerminationProtection": True,
        "RollbackConfiguration": {
            "RollbackTriggers": [{"Arn": "arn:alarm", "Type": "AWS::CloudWatch::Alarm"}],
            "MonitoringTimeInMinutes": 5,
        },
        "ParentId": "arn:parent",
        "RootId": "arn:root",
        "DriftInformation": {"StackDriftStatus": "DRIFTED", "LastCheckTimestamp": AT},
    }
    recorded.answers("describe_stacks", stack("UPDATE_COMPLETE", **whole))
    found = recorded.stacks.find(STACK)
    assert found is not None
    assert (found.outputs, found.parameters, found.tags) == ({"Url": "https://x"}, {"Stage": "v1"}, {"Environment": "dev"})
    assert (found.triggers[0].arn, found.monitoring_minutes, found.termination_protection) == ("arn:alarm", 5, True)
    assert (found.parent, found.root, found.drift, found.drift_checked) == ("arn:parent", "arn:root", "DRIFTED", AT)


def test_a_template_that_is_no_json_equals_none_of_ours(recorded: Recorded) -> None:
    """CloudFormation keeps a template's bytes; botocore parses what is JSON and gives the rest as text."""
    recorded.answers("get_template", {"TemplateBody": "Resources:\n  Jobs: {Type: AWS::SQS::Queue}\n"})
    assert recorded.stacks.template(STACK) == {"Text": "Resources:\n  Jobs: {Type: AWS::SQS::Queue}\n"}
    recorded.answers("get_template", {}, ChangeSetName=ROOT, TemplateStage="Original")
    assert recorded.stacks.proposed_template(ROOT) == {}


def test_no_stack_policy_is_an_empty_one(recorded: Recorded) -> None:
    recorded.answers("get_stack_policy", {}, StackName=STACK)
    assert recorded.stacks.policy(STACK) == {}
    recorded.answers("get_stack_policy", {"StackPolicyBody": '{"Statement": []}'})
    assert recorded.stacks.policy(STACK) == {"Statement": []}


def summary(logical_id: str, physical_id: str = "", status: str = "CREATE_COMPLETE", kind: str = NESTED) -> dict[str, Any]:
    more = {"PhysicalResourceId": physical_id} if physical_id else {}
    return {"LogicalResourceId": logical_id, "ResourceType": kind, "ResourceStatus": status, "LastUpdatedTimestamp": AT, **more}


def test_nested_stacks_are_found_at_any_depth_over_pages_but_not_those_that_are_gone_or_to_come(recorded: Recorded) -> None:
    first = [
        summary("Compute", "arn:compute"),
        summary("Jobs", "url", kind="AWS::SQS::Queue"),
        summary("Old", "arn:old", "DELETE_COMPLETE"),
    ]
    recorded.answers("list_stack_resources", {"StackResourceSummaries": first, "NextToken": "2"}, StackName=STACK)
    more = [summary("ToCome")]
    recorded.answers("list_stack_resources", {"StackResourceSummaries": more}, StackName=STACK, NextToken="2")
    recorded.answers("list_stack_resources", {"StackResourceSummaries": [summary("Inner", "arn:inner")]}, StackName="arn:compute")
    recorded.answers("list_stack_resources", {"StackResourceSummaries": []}, StackName="arn:inner")
    assert recorded.stacks.nested(STACK) == {("Compute",): "arn:compute", ("Compute", "Inner"): "arn:inner"}


def test_a_deletion_says_what_to_retain_and_by_which_role_only_where_that_is_given(recorded: Recorded) -> None:
    recorded.answers("delete_stack", {}, StackName=STACK, ClientRequestToken="t")
    recorded.stacks.delete(STACK, "t")
    recorded.answers(
        "delete_stack", {}, StackName=STACK, ClientRequestToken="t", RoleARN="arn:aws:iam::1:role/r", RetainResources=["Items"]
    )
    recorded.stacks.delete(STACK, "t", role="arn:aws:iam::1:role/r", retain=["Items"])


def test_a_policy_and_a_protection_are_set_as_they_are_to_be(recorded: Recorded) -> None:
    recorded.answers("set_stack_policy", {}, StackName=STACK, StackPolicyBody='{"Statement": []}')
    recorded.stacks.set_policy(STACK, {"Statement": []})
    recorded.answers("update_termination_protection", {}, StackName=STACK, EnableTerminationProtection=False)
    recorded.stacks.protect(STACK, on=False)


def test_events_have_paths_from_the_root_and_pages_are_read_as_they_are_asked_for(recorded: Recorded) -> None:
    def event(number: int, logical_id: str, physical_id: str) -> dict[str, Any]:
        more = {
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": NESTED,
            "ResourceStatus": "CREATE_COMPLETE",
        }
        return {"StackId": STACK, "StackName": "tap-app-dev", "EventId": str(number), "Timestamp": AT, "ClientRequestToken": "t", **more}

    recorded.answers(
        "describe_stack_events", {"StackEvents": [event(2, "tap-app-dev", STACK), event(1, "Items", "tap-items")], "NextToken": "2"}
    )
    events = recorded.stacks.events(STACK, ("Data",))
    own, below = next(events), next(events)
    assert (own.path, own.token, below.path, below.physical_id) == (("Data",), "t", ("Data", "Items"), "tap-items")


def test_an_update_is_cancelled_with_a_token(recorded: Recorded) -> None:
    recorded.answers("cancel_update_stack", {}, StackName=STACK, ClientRequestToken="tapline-1")
    recorded.stacks.cancel_update(STACK, "tapline-1")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        pytest.param({}, {}, id="all again"),
        pytest.param(
            {"skip": ("tap-app-dev-Compute-1.Limit",)}, {"ResourcesToSkip": ["tap-app-dev-Compute-1.Limit"]}, id="without what is named"
        ),
        pytest.param({"force": True}, {"ForceRollback": True}, id="whatever fails"),
        pytest.param({"role": ROLE}, {"RoleARN": ROLE}, id="as another role"),
    ],
)
def test_a_rollback_is_continued_with_what_is_said_alone(recorded: Recorded, given: dict[str, Any], asked: dict[str, Any]) -> None:
    """API reference, ContinueUpdateRollback: ForceRollback and ResourcesToSkip exclude each other, so neither is sent unasked."""
    recorded.answers("continue_update_rollback", {}, StackName=STACK, ClientRequestToken="tapline-1", **asked)
    recorded.stacks.continue_rollback(STACK, "tapline-1", **given)


def test_a_failed_operation_is_rolled_back_on_request(recorded: Recorded) -> None:
    recorded.answers("rollback_stack", {"StackId": STACK}, StackName=STACK, ClientRequestToken="tapline-1")
    recorded.stacks.rollback_stack(STACK, "tapline-1")
