"""Service-managed sets: units instead of accounts, and what an organization has to say about a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploy.manifest import AutoDeployment, Wave
from tests.local.conftest import REGION, Aws
from tests.stacksets.world import NAME, SECOND, SET, Organization, preferences

pytestmark = pytest.mark.overlay


def unit_wave(name: str, *units: str, accounts: tuple[str, ...] = (), kind: str = "NONE", regions: tuple[str, ...] = (REGION,)) -> Wave:
    return Wave(name=name, units=units, accounts=accounts, filter=kind, regions=regions, preferences=preferences())  # type: ignore[arg-type]


class Tree:
    """A root with the units `apps` (two accounts, and `old` below it with one) and `data` (one)."""

    def __init__(self, aws: Aws) -> None:
        self.api: Any = aws.client("organizations")
        self.root = str(self.api.list_roots()["Roots"][0]["Id"])
        self.apps, self.data = self.unit(self.root, "apps"), self.unit(self.root, "data")
        self.old = self.unit(self.apps, "old")
        self.one, self.two = self.join(self.apps), self.join(self.apps)
        self.three, self.four = self.join(self.data), self.join(self.old)
        aws.cloudformation.activate_organizations_access()

    def unit(self, parent: str, name: str) -> str:
        return str(self.api.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]["Id"])

    def join(self, unit: str) -> str:
        made = str(self.api.create_account(Email="a@example.org", AccountName="member")["CreateAccountStatus"]["AccountId"])
        self.api.move_account(AccountId=made, SourceParentId=self.root, DestinationParentId=unit)
        return made


@pytest.fixture
def tree(aws: Aws) -> Tree:
    return Tree(aws)


@pytest.fixture
def managed(organization: Organization, tree: Tree) -> Organization:
    """Service-managed: the canary is one account of `apps`, the rest of it follows, then `data`."""
    organization.members = (tree.one, tree.two, tree.three, tree.four)
    organization.waves = (
        unit_wave("canary", tree.apps, accounts=(tree.one,), kind="INTERSECTION"),
        unit_wave("apps", tree.apps, accounts=(tree.one,), kind="DIFFERENCE", regions=(REGION, SECOND)),
        unit_wave("data", tree.data),
    )
    organization.fields |= {"permission_model": "SERVICE_MANAGED", "administration_role": "", "execution_role": ""}
    return organization


def places(organization: Organization) -> set[tuple[str, str]]:
    return set(organization.instances())


def test_waves_of_units_reach_their_accounts_and_those_below(managed: Organization, tree: Tree) -> None:
    managed.rolled_out()
    rest = {(account, region) for account in (tree.two, tree.four) for region in (REGION, SECOND)}
    assert places(managed) == {(tree.one, REGION), (tree.three, REGION), *rest}
    managed.build(parameters={"Size": "large"})
    answer = managed.up()
    assert answer.code == 0, answer.err
    assert {managed.size(*place) for place in places(managed)} == {"large"}
    assert [one["Action"] for one in managed.operations()] == ["CREATE"] * 3 + ["UPDATE"] * 3
    assert "No changes" in managed.run("plan", NAME).out


def test_an_account_that_joins_a_unit_is_new_in_its_wave_and_nobody_else_is_touched(managed: Organization, tree: Tree) -> None:
    managed.rolled_out()
    new = tree.join(tree.data)
    answer = managed.run("plan", NAME, "--format", "json")
    changed = {row["account"]: row["action"] for row in answer.json["rows"] if row["action"] != "none"}
    assert changed == {new: "create"}
    assert managed.up().code == 0
    assert (new, REGION) in places(managed)
    last = managed.operations()[-1]["OperationId"]
    results = managed.api.list_stack_set_operation_results(StackSetName=SET, OperationId=last)["Summaries"]
    assert [one["Account"] for one in results] == [new]


def test_the_management_account_is_left_out_and_named(managed: Organization, tree: Tree) -> None:
    managed.waves = (unit_wave("all", tree.root),)
    managed.ready().build()
    answer = managed.run("plan", NAME, "--format", "json")
    assert answer.code == 0, answer.err
    assert any(f"{managed.aws.account} manages the organization" in note for note in answer.json["notes"])
    assert managed.aws.account not in {row["account"] for row in answer.json["rows"]}


def test_everything_that_the_organization_does_not_allow_is_said_at_once(managed: Organization, tree: Tree) -> None:
    managed.aws.cloudformation.deactivate_organizations_access()
    managed.waves = (
        unit_wave("canary", tree.apps),
        unit_wave("again", tree.old, "ou-none-12345678"),
        unit_wave("far", tree.data, regions=("xx-nowhere-1",)),
    )
    answer = managed.ready().build().run("plan", NAME)
    assert answer.code == 4
    for words in (
        "4 things stand against it",
        "activate-organizations-access",
        "organizational unit ou-none-12345678 does not exist",
        f"{tree.four} in {REGION} is in wave canary and in wave again",
        f"region xx-nowhere-1 is not enabled in 1 of 1 accounts: {tree.three}",
    ):
        assert words in answer.err, words


def test_a_suspended_account_of_a_unit_is_left_out_and_said(managed: Organization, tree: Tree) -> None:
    tree.api.close_account(AccountId=tree.two)
    answer = managed.ready().build().run("plan", NAME, "--format", "json")
    assert answer.code == 0, answer.err
    assert any(f"account {tree.two} is suspended" in note for note in answer.json["notes"])
    assert managed.up().code == 0
    assert tree.two not in {account for account, _ in places(managed)}


@pytest.mark.failure("StackSet: an account is suspended")
def test_an_account_that_is_suspended_after_the_plan_is_skipped_and_counted(managed: Organization, tree: Tree) -> None:
    path = managed.ready().build().plan()
    tree.api.close_account(AccountId=tree.two)
    answer = managed.run("apply", str(path), "--yes", "--format", "json")
    assert answer.code == 0, answer.err
    skipped = {one["wave"]: one["skipped"] for one in answer.json["waves"]}
    assert skipped == {"canary": 0, "apps": 2, "data": 0}


def test_nested_stacks_and_transforms_are_refused_with_what_to_use_instead(managed: Organization) -> None:
    managed.template["Resources"]["Child"] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://x"}}
    managed.template["Transform"] = "AWS::Serverless-2016-10-31"
    answer = managed.ready().build().run("plan", NAME)
    assert answer.code == 2
    assert "Child: sets with service-managed permissions deploy no nested stacks; use the flat copy" in answer.err
    assert "its template has a transform" in answer.err


def test_automatic_deployment_is_switched_on_after_the_waves(managed: Organization, tree: Tree) -> None:
    managed.rolled_out()
    managed.build(auto_deployment=AutoDeployment(enabled=True))
    answer = managed.up()
    assert answer.code == 0, answer.err
    assert managed.api.describe_stack_set(StackSetName=SET)["StackSet"]["AutoDeployment"]["Enabled"] is True
    new = tree.join(tree.data)
    managed.sets = replace(managed.sets)
    from tests.local.conftest import wait

    wait(lambda: managed.instances().get((new, REGION)) == "CURRENT", "the new account's instance")
    assert "No changes" in managed.run("plan", NAME).out


def test_more_units_than_a_call_takes_are_split_into_operations(managed: Organization, tree: Tree) -> None:
    units = [tree.unit(tree.root, f"unit-{number}") for number in range(52)]
    members = [tree.join(unit) for unit in (units[0], units[49], units[50], units[51])]
    managed.waves = (unit_wave("all", *units),)
    managed.rolled_out()
    assert places(managed) == {(member, REGION) for member in members}
    managed.build(parameters={"Size": "large"})
    assert managed.up().code == 0
    assert {managed.size(member) for member in members} == {"large"}
