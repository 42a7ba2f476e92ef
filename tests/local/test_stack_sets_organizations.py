"""StackSets over a small organization: OUs, accounts that join, move, leave and are suspended, and what service-managed sets may not have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import _ACCOUNTS, REGION, Aws, wait
from tests.local.stack_sets import SECOND, StackSets, values, worker
from tests.local.templates import parameter, queue, stack, template

pytestmark = pytest.mark.overlay

AUTOMATIC = {"Enabled": True, "RetainStacksOnAccountRemoval": False}


@dataclass(frozen=True, kw_only=True)
class Organization:
    """A root with two OUs, `apps` and `data`, and `old` below `apps`; two accounts in `apps`, one each in `data` and `old`."""

    sets: StackSets
    root: str
    apps: str
    data: str
    old: str

    @property
    def api(self) -> Any:
        return self.sets.aws.client("organizations")

    @property
    def one(self) -> str:
        return self.sets.members[0]

    @property
    def two(self) -> str:
        return self.sets.members[1]

    @property
    def three(self) -> str:
        return self.sets.members[2]

    @property
    def four(self) -> str:
        return self.sets.members[3]

    def join(self) -> str:
        """A new account, at the root."""
        return _join(self.api)

    def move(self, account: str, source: str, destination: str) -> None:
        self.api.move_account(AccountId=account, SourceParentId=source, DestinationParentId=destination)
        self.sets.quiet()

    def make(self, *regions: str, automatic: dict[str, Any] | None = None, **targets: Any) -> str:
        """The set, deployed to what ``targets`` say."""
        self.sets.create(PermissionModel="SERVICE_MANAGED", AutoDeployment=automatic or {"Enabled": False})
        return self.sets.deploy(*regions, DeploymentTargets=targets)


def _join(api: Any) -> str:
    made = api.create_account(Email="a@example.org", AccountName="member")["CreateAccountStatus"]
    return str(made["AccountId"])


@pytest.fixture
def organization(aws: Aws) -> Organization:
    api = aws.client("organizations")
    root = api.list_roots()["Roots"][0]["Id"]

    def unit(parent: str, name: str) -> str:
        return str(api.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]["Id"])

    apps, data = unit(root, "apps"), unit(root, "data")
    old = unit(apps, "old")
    members = []
    for home in (apps, apps, data, old):
        members.append(_join(api))
        api.move_account(AccountId=members[-1], SourceParentId=root, DestinationParentId=home)
    aws.cloudformation.activate_organizations_access()
    return Organization(sets=StackSets(aws=aws, members=tuple(members)), root=root, apps=apps, data=data, old=old)


def test_access_has_to_be_activated_by_the_management_account(organization: Organization) -> None:
    api = organization.sets.api
    assert api.describe_organizations_access()["Status"] == "ENABLED"
    api.deactivate_organizations_access()
    assert api.describe_organizations_access()["Status"] == "DISABLED"
    with pytest.raises(ClientError, match="You must enable organizations access"):
        organization.make(OrganizationalUnitIds=[organization.apps])
    stranger = organization.sets.aws.client("cloudformation", account=str(next(_ACCOUNTS)))
    with pytest.raises(ClientError, match="InvalidOperationException"):
        stranger.activate_organizations_access()
    with pytest.raises(ClientError, match="You must be the management account"):
        stranger.create_stack_set(
            StackSetName="worker", TemplateBody=json.dumps(worker()), PermissionModel="SERVICE_MANAGED", AutoDeployment=AUTOMATIC
        )


def test_an_ou_means_its_accounts_and_those_below_and_no_roles_are_needed(organization: Organization) -> None:
    operation = organization.make(REGION, OrganizationalUnitIds=[organization.apps])
    sets = organization.sets
    assert sets.instances() == {(member, REGION) for member in (organization.one, organization.two, organization.four)}
    assert {result["OrganizationalUnitId"] for result in sets.results(operation).values()} == {organization.apps}
    assert sets.instance(organization.four)["OrganizationalUnitId"] == organization.apps
    assert sets.size(organization.four) == "small"
    found = sets.api.describe_stack_set(StackSetName="worker")["StackSet"]
    assert (found["OrganizationalUnitIds"], found["PermissionModel"]) == ([organization.apps], "SERVICE_MANAGED")
    assert "ExecutionRoleName" not in found
    assert sets.operation(operation)["DeploymentTargets"]["OrganizationalUnitIds"] == [organization.apps]


def test_the_management_account_is_left_out(organization: Organization) -> None:
    organization.make(REGION, OrganizationalUnitIds=[organization.root])
    assert organization.sets.instances() == {(member, REGION) for member in organization.sets.members}
    assert organization.sets.aws.account in [known["Id"] for known in organization.api.list_accounts()["Accounts"]]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("INTERSECTION", {0}), ("DIFFERENCE", {1, 3}), ("UNION", {0, 1, 2, 3}), ("NONE", {0, 1, 3})],
)
def test_account_filters_refine_the_ous(organization: Organization, kind: str, expected: set[int]) -> None:
    named = [organization.one, organization.three]
    organization.make(REGION, OrganizationalUnitIds=[organization.apps], Accounts=named, AccountFilterType=kind)
    assert organization.sets.instances() == {(organization.sets.members[index], REGION) for index in expected}


def test_targets_that_cannot_be_are_refused(organization: Organization) -> None:
    organization.make(REGION, OrganizationalUnitIds=[organization.data])
    begin, apps = organization.sets.begin, organization.apps
    with pytest.raises(ClientError, match="DeploymentTargets, not Accounts"):
        begin(Accounts=[organization.one])
    with pytest.raises(ClientError, match="AccountFilterType must be specified"):
        begin(DeploymentTargets={"OrganizationalUnitIds": [apps], "Accounts": [organization.one]})
    with pytest.raises(ClientError, match="need OrganizationalUnitIds"):
        begin(DeploymentTargets={"Accounts": [organization.one]})
    with pytest.raises(ClientError, match="do not exist"):
        begin(DeploymentTargets={"OrganizationalUnitIds": ["ou-none-00000000"]})
    with pytest.raises(ClientError, match="at most 50"):
        begin(DeploymentTargets={"OrganizationalUnitIds": [apps] * 51})


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (template({"Child": stack("https://s3.us-east-1.amazonaws.com/bucket/key")}), "Stack resource is not supported in SERVICE_MANAGED"),
        (template({"Set": {"Type": "AWS::CloudFormation::StackSet"}}), "StackSet resource is not supported in SERVICE_MANAGED"),
        ({**template({"Jobs": queue()}), "Transform": "AWS::Serverless-2016-10-31"}, "Transform is not supported in SERVICE_MANAGED"),
        (template({"Value": parameter({"Fn::Transform": {"Name": "Macro"}})}), "Transform is not supported in SERVICE_MANAGED"),
    ],
    ids=["nested", "set", "transform", "macro"],
)
def test_nested_stacks_and_macros_are_refused(organization: Organization, made: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        organization.sets.create(made, PermissionModel="SERVICE_MANAGED", AutoDeployment=AUTOMATIC)
    organization.make(REGION, OrganizationalUnitIds=[organization.data])
    with pytest.raises(ClientError, match=words):
        organization.sets.update(made)


def test_a_service_managed_set_says_how_it_deploys_by_itself_and_names_no_roles(organization: Organization) -> None:
    with pytest.raises(ClientError, match="AutoDeployment is required"):
        organization.sets.create(PermissionModel="SERVICE_MANAGED")
    with pytest.raises(ClientError, match="Roles may only be specified"):
        organization.sets.create(PermissionModel="SERVICE_MANAGED", AutoDeployment=AUTOMATIC, ExecutionRoleName="Deployer")
    off = {"Enabled": False, "RetainStacksOnAccountRemoval": True}
    with pytest.raises(ClientError, match="RetainStacksOnAccountRemoval may only"):
        organization.sets.create(PermissionModel="SERVICE_MANAGED", AutoDeployment=off)


def test_a_suspended_account_is_skipped_and_counts_as_no_failure(organization: Organization) -> None:
    organization.api.close_account(AccountId=organization.one)
    operation = organization.make(REGION, OrganizationalUnitIds=[organization.apps])
    sets = organization.sets
    assert sets.status(operation) == "SUCCEEDED"
    assert sets.instance(organization.one)["StackInstanceStatus"] == {"DetailedStatus": "SKIPPED_SUSPENDED_ACCOUNT"}
    assert sets.instance(organization.two)["Status"] == "CURRENT"


def test_a_closed_account_fails_in_a_self_managed_set(organization: Organization) -> None:
    sets = organization.sets
    sets.trust(organization.one)
    sets.create()
    organization.api.close_account(AccountId=organization.one)
    operation = sets.deploy(Accounts=[organization.one])
    assert "role with trust relationship" in sets.results(operation)[organization.one, REGION]["StatusReason"]


def test_an_account_that_moves_gets_and_loses_stacks(organization: Organization) -> None:
    organization.make(REGION, SECOND, automatic=AUTOMATIC, OrganizationalUnitIds=[organization.data])
    sets, one = organization.sets, organization.one
    organization.move(one, organization.apps, organization.data)
    assert {target for target in sets.instances() if target[0] == one} == {(one, REGION), (one, SECOND)}
    assert sets.size(one, SECOND) == "small"
    stack_id = sets.stack(one)["StackId"]
    organization.move(one, organization.data, organization.apps)
    assert {target for target in sets.instances() if target[0] == one} == set()
    client = sets.aws.client("cloudformation", account=one)
    assert client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert [known["Action"] for known in sets.operations()] == ["DELETE", "CREATE", "CREATE"]


def test_a_move_between_ous_of_the_same_set_keeps_the_stack_where_it_is_still_meant(organization: Organization) -> None:
    organization.make(REGION, SECOND, automatic=AUTOMATIC, OrganizationalUnitIds=[organization.apps])
    organization.sets.deploy(REGION, DeploymentTargets={"OrganizationalUnitIds": [organization.data]})
    sets, one = organization.sets, organization.one
    stack_id = sets.stack(one)["StackId"]
    organization.move(one, organization.apps, organization.data)
    assert {target for target in sets.instances() if target[0] == one} == {(one, REGION)}
    assert (sets.stack(one)["StackId"], sets.instance(one)["OrganizationalUnitId"]) == (stack_id, organization.data)


def test_an_account_that_moves_there_and_back_while_an_operation_runs_is_as_it_was(organization: Organization) -> None:
    organization.make(REGION, automatic=AUTOMATIC, OrganizationalUnitIds=[organization.data])
    sets, one, three = organization.sets, organization.one, organization.three
    stack_id = sets.stack(three)["StackId"]
    sets.slow(organization.four)
    running = sets.begin(DeploymentTargets={"OrganizationalUnitIds": [organization.old]})
    for member, home, other in ((one, organization.apps, organization.data), (three, organization.data, organization.apps)):
        organization.api.move_account(AccountId=member, SourceParentId=home, DestinationParentId=other)
        organization.api.move_account(AccountId=member, SourceParentId=other, DestinationParentId=home)
    assert sets.status(running) == "RUNNING"
    sets.quiet()
    assert sets.instances() == {(three, REGION), (organization.four, REGION)}
    assert sets.stack(three)["StackId"] == stack_id


def test_an_account_that_comes_back_while_its_stack_is_deleted_gets_another(organization: Organization) -> None:
    organization.make(REGION, automatic=AUTOMATIC, OrganizationalUnitIds=[organization.data])
    sets, three = organization.sets, organization.three
    stack_id = sets.stack(three)["StackId"]
    sets.slow(three)
    organization.api.move_account(AccountId=three, SourceParentId=organization.data, DestinationParentId=organization.apps)
    wait(lambda: sets.instance(three)["StackInstanceStatus"]["DetailedStatus"] == "RUNNING", "the deletion to begin")
    organization.move(three, organization.apps, organization.data)
    assert sets.instance(three)["Status"] == "CURRENT"
    assert sets.stack(three)["StackId"] != stack_id


def test_an_account_that_joins_gets_what_targets_the_root_and_no_overrides(organization: Organization) -> None:
    sets = organization.sets
    sets.create(PermissionModel="SERVICE_MANAGED", AutoDeployment=AUTOMATIC)
    sets.deploy(DeploymentTargets={"OrganizationalUnitIds": [organization.root]}, ParameterOverrides=values(Size="own"))
    joined = organization.join()
    sets.quiet()
    assert (sets.size(organization.one), sets.size(joined)) == ("own", "small")


def test_an_account_that_leaves_keeps_its_stacks_where_the_set_says_so(organization: Organization) -> None:
    retaining = {"Enabled": True, "RetainStacksOnAccountRemoval": True}
    organization.make(REGION, automatic=retaining, OrganizationalUnitIds=[organization.data])
    sets, three = organization.sets, organization.three
    stack_id = sets.stack(three)["StackId"]
    organization.api.remove_account_from_organization(AccountId=three)
    sets.quiet()
    assert sets.instances() == set()
    client = sets.aws.client("cloudformation", account=three)
    assert client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="AccountNotFoundException"):
        organization.api.remove_account_from_organization(AccountId=three)


def test_without_automatic_deployment_accounts_come_and_go_unnoticed(organization: Organization) -> None:
    organization.make(REGION, OrganizationalUnitIds=[organization.data])
    organization.move(organization.one, organization.apps, organization.data)
    organization.move(organization.three, organization.data, organization.apps)
    assert organization.sets.instances() == {(organization.three, REGION)}


def test_without_access_nothing_is_deployed_by_itself(organization: Organization) -> None:
    organization.make(REGION, automatic=AUTOMATIC, OrganizationalUnitIds=[organization.data])
    organization.sets.api.deactivate_organizations_access()
    organization.move(organization.one, organization.apps, organization.data)
    assert organization.sets.instances() == {(organization.three, REGION)}


def test_account_filters_do_not_hold_for_accounts_that_come_later(organization: Organization) -> None:
    targets = {"OrganizationalUnitIds": [organization.data], "Accounts": [organization.three], "AccountFilterType": "INTERSECTION"}
    organization.make(REGION, automatic=AUTOMATIC, **targets)
    organization.move(organization.one, organization.apps, organization.data)
    assert organization.sets.instances() == {(organization.one, REGION), (organization.three, REGION)}


def test_ous_that_are_no_longer_targets_are_forgotten(organization: Organization) -> None:
    sets = organization.sets
    organization.make(REGION, SECOND, automatic=AUTOMATIC, OrganizationalUnitIds=[organization.data, organization.old])

    def targets() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = sets.api.list_stack_set_auto_deployment_targets(StackSetName="worker")["Summaries"]
        return found

    both = [{"OrganizationalUnitId": unit, "Regions": [REGION, SECOND]} for unit in (organization.data, organization.old)]
    assert targets() == both
    sets.remove(REGION, SECOND, DeploymentTargets={"OrganizationalUnitIds": [organization.old]})
    assert targets() == both[:1]
    organization.move(organization.one, organization.apps, organization.old)
    assert {account for account, _ in sets.instances()} == {organization.three}


def test_a_set_waits_for_those_that_it_depends_on(organization: Organization) -> None:
    sets, one = organization.sets, organization.one
    data = {"OrganizationalUnitIds": [organization.data]}
    organization.make(REGION, automatic=AUTOMATIC, **data)
    arn = sets.api.describe_stack_set(StackSetName="worker")["StackSet"]["StackSetARN"]
    sets.api.create_stack_set(
        StackSetName="follower",
        TemplateBody=json.dumps(template({"Value": parameter()})),
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": True, "DependsOn": [arn]},
    )

    def newest() -> dict[str, Any]:
        found: dict[str, Any] = sets.api.list_stack_set_operations(StackSetName="follower")["Summaries"][0]
        return found

    def ended() -> bool:
        return "EndTimestamp" in newest()

    sets.api.create_stack_instances(StackSetName="follower", Regions=[REGION], DeploymentTargets=data)
    wait(ended, "the follower's first operation")
    sets.slow(one)
    organization.api.move_account(AccountId=one, SourceParentId=organization.apps, DestinationParentId=organization.data)
    assert (sets.operations()[0]["Status"], newest()["Status"]) == ("RUNNING", "QUEUED")
    wait(ended, "the follower's second operation")
    assert newest()["Status"] == "SUCCEEDED"
    assert newest()["EndTimestamp"] >= sets.operations()[0]["EndTimestamp"]
    sets.failing(organization.two)
    organization.move(organization.two, organization.apps, organization.data)
    wait(ended, "the follower's third operation")
    assert newest()["Status"] == "FAILED"
    assert "depends on" in newest()["StatusReason"]
    with pytest.raises(ClientError, match="StackInstanceNotFoundException"):
        sets.api.describe_stack_instance(StackSetName="follower", StackInstanceAccount=organization.two, StackInstanceRegion=REGION)
