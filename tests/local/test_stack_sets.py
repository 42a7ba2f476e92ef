"""A StackSet's life: made, deployed into other accounts and regions, changed, overridden, looked at and taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import _ACCOUNTS, REGION, Aws
from tests.local.stack_sets import ADMINISTRATION, EXECUTION, SECOND, StackSets, values, worker
from tests.local.templates import IMPOSSIBLE, parameter, queue, template

pytestmark = pytest.mark.overlay


@pytest.fixture
def sets(aws: Aws) -> Iterator[StackSets]:
    """An account that administers sets, and two that trust it."""
    made = StackSets(aws=aws, members=tuple(str(next(_ACCOUNTS)) for _ in range(2)))
    made.trust(*made.members)
    yield made
    for member in made.members:
        made.faults(member).clear()


def test_instances_are_real_stacks_in_other_accounts_and_regions(sets: StackSets) -> None:
    set_id = sets.create(Tags=[{"Key": "team", "Value": "core"}])
    operation = sets.deploy(REGION, SECOND)
    assert sets.operation(operation)["Status"] == "SUCCEEDED"
    assert sets.instances() == {(member, region) for member in sets.members for region in (REGION, SECOND)}
    for member, region in sets.instances():
        stack = sets.stack(member, region)
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert stack["StackName"].startswith("StackSet-worker-")
        assert stack["StackId"].split(":")[3:5] == [region, member]
        assert stack["Tags"] == [{"Key": "team", "Value": "core"}]
        assert sets.size(member, region) == "small"
    instance = sets.instance(sets.members[0])
    assert (instance["Status"], instance["StackInstanceStatus"]) == ("CURRENT", {"DetailedStatus": "SUCCEEDED"})
    assert (instance["StackSetId"], instance["LastOperationId"]) == (set_id, operation)
    assert not sets.aws.cloudformation.describe_stacks()["Stacks"]


def test_a_set_is_described_and_listed(sets: StackSets) -> None:
    set_id = sets.create(Description="workers", Parameters=values(Size="large"), Capabilities=["CAPABILITY_IAM"])
    sets.deploy(SECOND)
    found = sets.api.describe_stack_set(StackSetName="worker")["StackSet"]
    assert found["StackSetId"] == set_id
    assert found["StackSetARN"] == f"arn:aws:cloudformation:{REGION}:{sets.aws.account}:stackset/{set_id}"
    assert json.loads(found["TemplateBody"]) == worker()
    assert found["Parameters"] == values(Size="large")
    assert found["Capabilities"] == ["CAPABILITY_IAM"]
    assert found["AdministrationRoleARN"] == f"arn:aws:iam::{sets.aws.account}:role/{ADMINISTRATION}"
    assert (found["ExecutionRoleName"], found["PermissionModel"], found["Regions"]) == (EXECUTION, "SELF_MANAGED", [SECOND])
    assert found["ManagedExecution"] == {"Active": False}
    [listed] = sets.api.list_stack_sets(Status="ACTIVE")["Summaries"]
    assert (listed["StackSetName"], listed["Description"], listed["DriftStatus"]) == ("worker", "workers", "NOT_CHECKED")
    assert not sets.aws.client("cloudformation", SECOND).list_stack_sets()["Summaries"]


def test_a_name_is_taken_once_and_the_same_request_is_answered_again(sets: StackSets) -> None:
    first = sets.create(ClientRequestToken="one")
    assert sets.create(ClientRequestToken="one") == first
    with pytest.raises(ClientError, match="NameAlreadyExistsException"):
        sets.create(ClientRequestToken="two")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"TemplateBody": "{}", "StackSetName": "1st"}, "regular expression"),
        ({}, "Either Template URL or Template Body must be specified"),
        ({"TemplateBody": "["}, "Template format error"),
        ({"TemplateBody": json.dumps(worker()), "Parameters": values(Colour="red")}, r"Parameters: \[Colour\] do not exist"),
        ({"TemplateBody": json.dumps(template({"Jobs": queue()}, None, "Needed"))}, r"Parameters: \[Needed\] must have values"),
        ({"TemplateBody": json.dumps(worker()), "AutoDeployment": {"Enabled": True}}, "not supported .* SELF_MANAGED"),
    ],
)
def test_a_set_that_cannot_be_is_refused(sets: StackSets, given: dict[str, object], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        sets.api.create_stack_set(**{"StackSetName": "worker", **given})


def test_a_template_in_s3_may_be_larger_than_a_request(sets: StackSets) -> None:
    made = {**worker(), "Metadata": {"Padding": "x" * 60_000}}
    sets.create(TemplateURL=sets.aws.publish(made))
    assert sets.status(sets.deploy()) == "SUCCEEDED"


def test_an_update_changes_the_set_and_every_instance(sets: StackSets) -> None:
    sets.create()
    sets.deploy()
    operation = sets.update(worker(visibility=60), Parameters=values(Size="large"), Tags=[{"Key": "team", "Value": "core"}])
    assert sets.operation(operation)["Action"] == "UPDATE"
    assert [sets.size(member) for member in sets.members] == ["large", "large"]
    assert {sets.stack(member)["StackStatus"] for member in sets.members} == {"UPDATE_COMPLETE"}
    assert sets.stack(sets.members[0])["Tags"] == [{"Key": "team", "Value": "core"}]


def test_an_update_of_one_instance_leaves_the_others_outdated(sets: StackSets) -> None:
    sets.create()
    sets.deploy()
    sets.update(worker(), Parameters=values(Size="large"), Accounts=[sets.members[0]], Regions=[REGION])
    assert [sets.size(member) for member in sets.members] == ["large", "small"]
    assert [sets.instance(member)["Status"] for member in sets.members] == ["CURRENT", "OUTDATED"]
    again = sets.api.update_stack_set(StackSetName="worker", UsePreviousTemplate=True)["OperationId"]
    sets.over(again)
    assert [sets.instance(member)["Status"] for member in sets.members] == ["CURRENT", "CURRENT"]
    assert sets.size(sets.members[1]) == "large"


def test_a_failed_update_has_changed_the_set_all_the_same(sets: StackSets) -> None:
    sets.create()
    sets.deploy()
    operation = sets.update(worker(visibility=IMPOSSIBLE))
    assert sets.statuses(operation) == ["FAILED", "CANCELLED"]
    assert sets.stack(sets.members[0])["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert [sets.instance(member)["Status"] for member in sets.members] == ["OUTDATED", "OUTDATED"]
    sets.faults(sets.members[0]).add(resource="AWS::SSM::Parameter", verb="update", error="Broken", message="no parameters now")
    again = sets.results(sets.update(worker(visibility=60), Parameters=values(Size="large")))
    assert "no parameters now" in again[sets.members[0], REGION]["StatusReason"]
    sets.update(worker(visibility=IMPOSSIBLE))
    assert json.loads(sets.api.describe_stack_set(StackSetName="worker")["StackSet"]["TemplateBody"]) == worker(visibility=IMPOSSIBLE)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "exactly one of TemplateBody"),
        ({"UsePreviousTemplate": True, "TemplateBody": "{}"}, "exactly one of TemplateBody"),
        ({"UsePreviousTemplate": True, "Regions": [REGION]}, "together with Regions"),
        ({"UsePreviousTemplate": True, "Accounts": ["200000000000"], "Regions": [REGION]}, "StackInstanceNotFoundException"),
        ({"UsePreviousTemplate": True, "StackSetName": "other"}, "StackSetNotFoundException"),
    ],
)
def test_an_update_that_cannot_be_is_refused(sets: StackSets, given: dict[str, object], words: str) -> None:
    sets.create()
    with pytest.raises(ClientError, match=words):
        sets.api.update_stack_set(**{"StackSetName": "worker", **given})


def test_overrides_are_set_kept_over_an_update_and_reset(sets: StackSets) -> None:
    sets.create()
    sets.deploy(ParameterOverrides=values(Size="own", Owner="ann"))
    first, second = sets.members

    def override(account: str, given: list[dict[str, object]] | None) -> list[dict[str, str]]:
        more = {} if given is None else {"ParameterOverrides": given}
        made = sets.api.update_stack_instances(StackSetName="worker", Accounts=[account], Regions=[REGION], **more)
        assert sets.status(sets.over(made["OperationId"])) == "SUCCEEDED"
        found: list[dict[str, str]] = sets.instance(account).get("ParameterOverrides", [])
        return found

    sets.update(worker(), Parameters=values(Size="large"))
    assert [sets.size(first), sets.size(second)] == ["own", "own"]
    assert override(first, None) == values(Size="own", Owner="ann")
    assert override(first, [{"ParameterKey": "Size", "UsePreviousValue": True}]) == values(Size="own")
    assert override(second, [{"ParameterKey": "Size", "ParameterValue": "tiny"}]) == values(Size="tiny")
    assert override(first, []) == []
    assert [sets.size(first), sets.size(second)] == ["large", "tiny"]


def test_an_override_of_what_the_template_does_not_have_is_refused(sets: StackSets) -> None:
    sets.create()
    with pytest.raises(ClientError, match=r"Parameters: \[Colour\] do not exist"):
        sets.begin(ParameterOverrides=values(Colour="red"))


def test_only_what_exists_can_be_updated(sets: StackSets) -> None:
    sets.create()
    with pytest.raises(ClientError, match="StackInstanceNotFoundException"):
        sets.api.update_stack_instances(StackSetName="worker", Accounts=[sets.members[0]], Regions=[REGION])
    with pytest.raises(ClientError, match="StackInstanceNotFoundException"):
        sets.instance(sets.members[0])


def test_deleting_instances_deletes_their_stacks_and_then_the_set(sets: StackSets) -> None:
    set_id = sets.create()
    sets.deploy()
    stacks = {member: sets.stack(member)["StackId"] for member in sets.members}
    with pytest.raises(ClientError, match="StackSetNotEmptyException"):
        sets.api.delete_stack_set(StackSetName="worker")
    assert sets.operation(sets.remove())["Action"] == "DELETE"
    for member, stack_id in stacks.items():
        client = sets.aws.client("cloudformation", account=member)
        assert client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    sets.api.delete_stack_set(StackSetName="worker")
    with pytest.raises(ClientError, match="StackSetNotFoundException"):
        sets.api.describe_stack_set(StackSetName="worker")
    assert sets.api.describe_stack_set(StackSetName=set_id)["StackSet"]["Status"] == "DELETED"
    with pytest.raises(ClientError, match="StackSetNotFoundException"):
        sets.api.create_stack_instances(StackSetName=set_id, Accounts=list(sets.members), Regions=[REGION])
    assert sets.create() != set_id


def test_retained_stacks_leave_the_set_and_stay(sets: StackSets) -> None:
    sets.create()
    sets.deploy()
    stack_id = sets.stack(sets.members[0])["StackId"]
    operation = sets.remove(retain=True)
    assert sets.operation(operation)["RetainStacks"] is True
    assert sets.instances() == set()
    client = sets.aws.client("cloudformation", account=sets.members[0])
    assert client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_an_instance_whose_stack_cannot_be_deleted_is_inoperable(sets: StackSets) -> None:
    sets.create()
    sets.deploy()
    first, second = sets.members
    sets.faults(first).add(resource="AWS::SQS::Queue", verb="delete", error="Broken", message="in use")
    operation = sets.remove()
    assert "in use" in sets.results(operation)[first, REGION]["StatusReason"]
    assert sets.instance(first)["Status"] == "INOPERABLE"
    sets.faults(first).clear()
    assert set(sets.results(sets.update(worker(), Parameters=values(Size="large")))) == {(second, REGION)}
    sets.remove(retain=True, Accounts=[first])
    assert sets.instances() == {(second, REGION)}


def test_a_failed_create_leaves_nothing_and_says_why(sets: StackSets) -> None:
    sets.create(worker(visibility=IMPOSSIBLE))
    first, second = sets.members
    operation = sets.deploy()
    found = sets.results(operation)
    assert sets.status(operation) == "FAILED"
    assert found[first, REGION]["StatusReason"].startswith("ResourceLogicalId:Jobs, ResourceType:AWS::SQS::Queue, ResourceStatusReason:")
    assert found[second, REGION]["StatusReason"] == "Cancelled since failure tolerance has exceeded"
    assert sets.stack(first)["StackStatus"] == "DELETE_COMPLETE"
    assert sets.instance(first)["StatusReason"] == found[first, REGION]["StatusReason"]
    sets.update(worker())
    assert sets.stack(first)["StackStatus"] == "CREATE_COMPLETE"
    assert [sets.instance(member)["Status"] for member in sets.members] == ["CURRENT", "CURRENT"]


def test_a_self_managed_set_may_nest_stacks(sets: StackSets) -> None:
    child = template({"Value": parameter()})
    first = sets.members[0]
    s3 = sets.aws.client("s3", account=first)
    s3.create_bucket(Bucket=f"own-{first}")
    s3.put_object(Bucket=f"own-{first}", Key="child.json", Body=json.dumps(child).encode())
    url = f"https://s3.{REGION}.amazonaws.com/own-{first}/child.json"
    sets.create(template({"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}))
    assert sets.status(sets.deploy(Accounts=[first])) == "SUCCEEDED"


@pytest.mark.parametrize("missing", ["no role", "another principal", "another name"])
def test_an_account_without_the_execution_role_fails_in_awss_words(aws: Aws, missing: str) -> None:
    member = str(next(_ACCOUNTS))
    sets = StackSets(aws=aws, members=(member,))
    sets.trust()
    strangers, own = {"AWS": "arn:aws:iam::111111111111:root"}, {"AWS": aws.account}
    if missing != "no role":
        principal = strangers if missing == "another principal" else own
        sets.role(member, EXECUTION, {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
    name = "Deployer" if missing == "another name" else EXECUTION
    sets.create(ExecutionRoleName=name)
    operation = sets.deploy()
    assert sets.results(operation)[member, REGION]["StatusReason"] == (
        f"Account {member} should have '{name}' role with trust relationship to Role '{ADMINISTRATION}'."
    )
    assert sets.instance(member)["Status"] == "OUTDATED"
    assert "StackId" not in sets.instance(member)


def test_named_roles_are_used(aws: Aws) -> None:
    member = str(next(_ACCOUNTS))
    sets = StackSets(aws=aws, members=(member,))
    sets.trust(member, administration="Roller", execution="Deployer")
    sets.create(AdministrationRoleARN=f"arn:aws:iam::{aws.account}:role/Roller", ExecutionRoleName="Deployer")
    assert sets.status(sets.deploy()) == "SUCCEEDED"


def test_without_an_administration_role_no_operation_begins(aws: Aws) -> None:
    sets = StackSets(aws=aws, members=(str(next(_ACCOUNTS)),))
    sets.create()
    with pytest.raises(ClientError, match=f"Account {aws.account} should have '{ADMINISTRATION}' role with trust relationship to Cloud"):
        sets.begin()


def test_an_operations_id_makes_its_request_once(sets: StackSets) -> None:
    sets.create()
    for _ in range(2):
        assert sets.begin(OperationId="first") == "first"
    sets.over("first")
    assert sets.begin(OperationId="first") == "first"
    assert len(sets.operations()) == 1
    with pytest.raises(ClientError, match="OperationIdAlreadyExistsException"):
        sets.begin(SECOND, OperationId="first")


def test_lists_come_in_pages_and_filtered(sets: StackSets) -> None:
    sets.create()
    first, second = sets.members
    operation = sets.deploy(REGION, SECOND)
    listed = sets.api.list_stack_instances(StackSetName="worker", MaxResults=3)
    rest = sets.api.list_stack_instances(StackSetName="worker", NextToken=listed["NextToken"])
    assert (len(listed["Summaries"]), len(rest["Summaries"]), "NextToken" in rest) == (3, 1, False)
    with pytest.raises(ClientError, match="Invalid NextToken"):
        sets.api.list_stack_sets(NextToken=listed["NextToken"])
    assert len(sets.api.list_stack_set_operation_results(StackSetName="worker", OperationId=operation, MaxResults=1)["Summaries"]) == 1
    later = sets.remove(REGION, Accounts=[first], retain=True)
    assert [known["OperationId"] for known in sets.operations()] == [later, operation]

    def filtered(**given: object) -> list[tuple[str, str]]:
        found = sets.api.list_stack_instances(StackSetName="worker", **given)["Summaries"]
        return [(instance["Account"], instance["Region"]) for instance in found]

    assert filtered(StackInstanceAccount=first) == [(first, SECOND)]
    assert filtered(StackInstanceRegion=REGION) == [(second, REGION)]
    assert filtered(Filters=[{"Name": "DETAILED_STATUS", "Values": "FAILED"}]) == []
    assert len(filtered(Filters=[{"Name": "LAST_OPERATION_ID", "Values": operation}])) == 3
    kept = sets.api.list_stack_set_operation_results(
        StackSetName="worker", OperationId=operation, Filters=[{"Name": "OPERATION_RESULT_STATUS", "Values": "FAILED"}]
    )
    assert kept["Summaries"] == []
