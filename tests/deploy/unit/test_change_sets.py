"""Change sets as AWS describes them, where the local AWS describes them otherwise or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import plan
from deploy.aws import changes
from deploy.errors import OutcomeUnknown
from deploy.model import NESTED
from tests.deploy.unit.fakes import Recorded

ROOT = "arn:aws:cloudformation:us-east-1:111111111111:changeSet/tapline-1/root"
# From the local AWS's models and from the Amplify project's live tests of 2026-04 (aws-amplify/amplify-cli, ADR 005).
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early Validation errors, "
    "use the DescribeEvents API for detailed failure information."
)
FROM_ROOT = "Only executable from the root change set."
CHILD_FAILED = "Nested change set {} was not successfully created: Currently in FAILED."
# From the AWS CDK, which reads the change set again where it begins like this (aws-cdk-cli#1780).
WARNS = (
    "[WARN] --include-property-values option can return incomplete ChangeSet data because: ChangeSet creation failed for resource [Jobs]"
)


def row(logical_id: str, kind: str = "AWS::SQS::Queue", action: str = "Modify", **more: Any) -> dict[str, Any]:
    return {"Type": "Resource", "ResourceChange": {"Action": action, "LogicalResourceId": logical_id, "ResourceType": kind, **more}}


def nested(logical_id: str, change_set_id: str) -> dict[str, Any]:
    return row(logical_id, NESTED, ChangeSetId=change_set_id)


def described(change_set_id: str, *rows: dict[str, Any], status: str = "CREATE_COMPLETE", reason: str = "", **more: Any) -> dict[str, Any]:
    """An answer of DescribeChangeSet."""
    return {
        "ChangeSetId": change_set_id,
        "ChangeSetName": "tapline-1",
        "StackId": "arn:aws:cloudformation:us-east-1:111111111111:stack/tap-app-dev/1",
        "StackName": "tap-app-dev",
        "Status": status,
        "ExecutionStatus": "AVAILABLE" if status == "CREATE_COMPLETE" else "UNAVAILABLE",
        "Changes": list(rows),
        **({"StatusReason": reason} if reason else {}),
        **more,
    }


@dataclass
class Described:
    """DescribeChangeSet: answers with pages of 100 changes. ``plain``: rows by id where the answer without values has others."""

    answers: dict[str, dict[str, Any]]
    plain: dict[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str | None, bool]] = field(default_factory=list)

    def __call__(self, *, ChangeSetName: str, NextToken: str | None = None, IncludePropertyValues: bool = False) -> dict[str, Any]:
        self.asked.append((ChangeSetName, NextToken, IncludePropertyValues))
        answer = self.answers.get(ChangeSetName) or described(ChangeSetName)
        rows = answer["Changes"] if IncludePropertyValues else self.plain.get(ChangeSetName, answer["Changes"])
        start = int(NextToken or 0)
        more = {"NextToken": str(start + 100)} if len(rows) > start + 100 else {}
        return {**answer, "Changes": rows[start : start + 100], **more}


@pytest.mark.failure("change set longer than a page, nested")
def test_a_root_of_2500_resources_is_read_whole_every_page_of_every_nested_change_set_once() -> None:
    """2,500 resources are the most of one operation (user guide, "CloudFormation quotas"); pages: API reference, DescribeChangeSet."""
    services = [f"Service{number}" for number in range(10)]
    describe = Described(
        {ROOT: described(ROOT, *(nested(service, service) for service in services))}
        | {service: described(service, *(row(f"Queue{number}") for number in range(249))) for service in services}
    )
    found = changes.read(describe, ROOT)
    assert sum(len(child.changes) for child in found.children.values()) + len(found.changes) == 2500
    assert list(found.children) == services
    assert all([change.logical_id for change in child.changes] == [f"Queue{n}" for n in range(249)] for child in found.children.values())
    assert len(describe.asked) == len(set(describe.asked)) == 1 + 10 * 3


def test_nested_change_sets_are_read_at_any_depth() -> None:
    chain = {f"id{depth}": described(f"id{depth}", nested(f"Level{depth}", f"id{depth + 1}")) for depth in range(6)}
    found = changes.read(Described(chain | {"id6": described("id6", row("Deep"))}), "id0")
    for depth in range(6):
        found = found.children[f"Level{depth}"]
    assert [change.logical_id for change in found.changes] == ["Deep"]


@pytest.mark.failure("change set longer than a page, nested")
def test_values_that_aws_calls_incomplete_are_read_again_without_them_and_merged() -> None:
    """API reference, DescribeChangeSet, IncludePropertyValues; the warning is in no document, but in the AWS CDK's source."""
    full = row("Jobs", Details=[{"Target": {"Name": "VisibilityTimeout", "BeforeValue": "30", "AfterValue": "60"}}], AfterContext="{}")
    bare = [row("Jobs"), row("Lost", action="Remove"), *(row(f"Queue{number}") for number in range(150))]
    describe = Described({ROOT: described(ROOT, full, reason=WARNS)}, plain={ROOT: bare})
    found = changes.read(describe, ROOT)
    assert found.values_lost
    assert len(found.changes) == 152
    jobs, lost = found.changes[:2]
    assert (jobs.details[0].before, jobs.details[0].after, jobs.after) == ("30", "60", {})
    assert (lost.logical_id, lost.action, lost.details) == ("Lost", "Remove", ())


def test_a_change_set_without_the_warning_is_read_once() -> None:
    describe = Described({ROOT: described(ROOT, row("Jobs"), reason="User Initiated")})
    assert not changes.read(describe, ROOT).values_lost
    assert describe.asked == [(ROOT, None, True)]


@pytest.mark.parametrize(
    ("status", "reason", "empty", "failed"),
    [
        pytest.param("FAILED", NO_CHANGES, True, False, id="nothing changes"),
        pytest.param("FAILED", "No updates are to be performed.", True, False, id="no updates"),
        pytest.param("FAILED", "No updates were to be performed.", True, False, id="no updates, in the past"),
        pytest.param("FAILED", EARLY, False, True, id="early validation"),
        pytest.param("FAILED", CHILD_FAILED.format("arn:child"), False, True, id="a child failed"),
        pytest.param("FAILED", "Requires capabilities : [CAPABILITY_NAMED_IAM]", False, True, id="a capability lacks"),
        pytest.param("FAILED", "", False, True, id="no reason"),
        pytest.param("CREATE_COMPLETE", FROM_ROOT, False, False, id="a good child"),
        pytest.param("CREATE_COMPLETE", "", False, False, id="a good root"),
        pytest.param("CREATE_COMPLETE", WARNS, False, False, id="a warning"),
    ],
)
def test_what_a_status_and_its_reason_mean(status: str, reason: str, empty: bool, failed: bool) -> None:
    """Texts: the CloudFormation user guide, "Change sets for nested stacks", and live tests (see above)."""
    found = changes.read(Described({ROOT: described(ROOT, row("Jobs"), status=status, reason=reason)}), ROOT)
    assert (found.empty, found.failed) == (empty, failed)


@pytest.mark.failure("early validation or hook failure")
def test_of_a_failed_root_the_deepest_failure_comes_first_and_a_child_without_changes_is_none() -> None:
    describe = Described(
        {
            ROOT: described(
                ROOT, nested("Data", "data"), nested("Compute", "compute"), status="FAILED", reason=CHILD_FAILED.format("compute")
            ),
            "data": described("data", status="FAILED", reason=NO_CHANGES),
            "compute": described("compute", nested("Inner", "inner"), status="FAILED", reason=CHILD_FAILED.format("inner")),
            "inner": described("inner", row("Api"), status="FAILED", reason=EARLY),
        }
    )
    found = changes.read(describe, ROOT)
    assert [(path, one.reason) for path, one in changes.failures(found)] == [
        (("Compute", "Inner"), EARLY),
        (("Compute",), CHILD_FAILED.format("inner")),
        ((), CHILD_FAILED.format("compute")),
    ]
    assert [change.logical_id for change in found.children["Compute"].children["Inner"].changes] == ["Api"], (
        "changes are there nevertheless"
    )


def test_a_root_that_failed_is_waited_for_while_a_child_is_still_being_made(recorded: Recorded) -> None:
    """Live tests of the Amplify project, 2026-04: the root is FAILED as soon as one child is; the local AWS waits for all."""
    root = described(ROOT, nested("Data", "data"), nested("Compute", "compute"), status="FAILED", reason=CHILD_FAILED.format("data"))
    failed = described("data", status="FAILED", reason=EARLY)
    for status in ("CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
        recorded.answers("describe_change_set", root, ChangeSetName=ROOT)
        for change_set_id, answer in ((ROOT, root), ("data", failed), ("compute", described("compute", row("Api"), status=status))):
            recorded.answers("describe_change_set", answer, ChangeSetName=change_set_id, IncludePropertyValues=True)
    found = recorded.stacks.settle(ROOT)
    assert len(recorded.slept) == 2
    assert {name: child.status for name, child in found.children.items()} == {"Data": "FAILED", "Compute": "CREATE_COMPLETE"}


def test_a_change_set_that_never_settles_leaves_the_outcome_unknown(recorded: Recorded) -> None:
    recorded.answers("describe_change_set", described(ROOT, status="CREATE_IN_PROGRESS"))
    with pytest.raises(OutcomeUnknown, match="still being made") as caught:
        recorded.stacks.settle(ROOT, seconds=-1)
    assert caught.value.code == 75


@pytest.mark.parametrize("action", ["Import", "Dynamic", "SyncWithActual", "SomethingThatAwsAddsTomorrow"])
def test_actions_that_other_tools_do_not_know_are_read_as_they_are(action: str) -> None:
    """API reference, ResourceChange: more actions than add, modify and remove."""
    found = changes.read(Described({ROOT: described(ROOT, row("Items", action=action))}), ROOT)
    assert found.changes[0].action == action


def test_the_settings_of_a_change_set_are_read_with_it() -> None:
    answer = described(
        ROOT,
        Tags=[{"Key": "Environment", "Value": "dev"}],
        Parameters=[
            {"ParameterKey": "Image", "ParameterValue": "/ami/latest", "ResolvedValue": "ami-1"},
            {"ParameterKey": "Old", "UsePreviousValue": True},
        ],
        RollbackConfiguration={
            "RollbackTriggers": [{"Arn": "arn:aws:cloudwatch:::alarm:gate", "Type": "AWS::CloudWatch::Alarm"}],
            "MonitoringTimeInMinutes": 5,
        },
    )
    found = changes.read(Described({ROOT: answer}), ROOT)
    assert (found.tags, found.parameters) == ({"Environment": "dev"}, {"Image": "ami-1", "Old": ""})
    assert ([trigger.arn for trigger in found.triggers], found.monitoring_minutes) == (["arn:aws:cloudwatch:::alarm:gate"], 5)


MODEL = botocore.session.get_session().get_service_model("cloudformation")
TEXT = st.text(max_size=8) | st.sampled_from(['{"Properties": {"A": [1]}}', "[1]", "{", "null", NESTED])


def shaped(shape: Any) -> st.SearchStrategy[Any]:
    """Any value that botocore's model calls valid: no member is required, and AWS adds words to its enumerations."""
    if shape.type_name == "structure":
        return st.fixed_dictionaries({}, optional={name: shaped(member) for name, member in shape.members.items()})
    if shape.type_name == "list":
        return st.lists(shaped(shape.member), max_size=3)
    if shape.type_name == "map":
        return st.dictionaries(TEXT, shaped(shape.value), max_size=2)
    if shape.type_name == "string":
        return st.sampled_from(shape.enum) | st.just("NEW_WORD") if shape.enum else TEXT
    return {"integer": st.integers(0, 9), "timestamp": st.datetimes(), "boolean": st.booleans()}[shape.type_name]


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(shaped(MODEL.shape_for("Change")), max_size=4))
def test_whatever_the_model_allows_in_a_change_is_read(rows: list[dict[str, Any]]) -> None:
    found = changes.read(Described({ROOT: described(ROOT, *rows)}), ROOT)
    assert len(found.changes) == sum(bool(one.get("ResourceChange")) for one in rows)
    assert plan.digest_of_content(found) == plan.digest_of_content(changes.read(Described({ROOT: described(ROOT, *rows)}), ROOT))
    assert not changes.unsettled(found)
