"""StackSets at their limits: regions that are not there or not on, quotas, delegated administrators, accounts that close, and a stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.server import LocalAws, Options
from tests.local.conftest import _ACCOUNTS, REGION, Aws, wait
from tests.local.stack_sets import SECOND, StackSets, worker
from tests.local.test_stack_sets_organizations import AUTOMATIC, Organization, organization

__all__ = ["organization"]

pytestmark = pytest.mark.overlay

OPT_IN = "af-south-1"
DELEGATED = "member.org.stacksets.cloudformation.amazonaws.com"


@pytest.fixture
def sets(aws: Aws) -> StackSets:
    made = StackSets(aws=aws, members=tuple(str(next(_ACCOUNTS)) for _ in range(3)))
    made.trust(*made.members)
    made.create()
    return made


def switch(aws: Aws, account: str, verb: str, region: str = OPT_IN) -> None:
    getattr(aws.client("account", account=account), f"{verb}_region")(RegionName=region)


def test_a_region_that_does_not_exist_is_refused(sets: StackSets) -> None:
    with pytest.raises(ClientError, match=r"eu-north-9.*do not exist"):
        sets.deploy(REGION, "eu-north-9")
    assert sets.instances() == set()


def test_an_instance_fails_where_its_account_has_not_enabled_the_region(sets: StackSets) -> None:
    first, second, third = sets.members
    switch(sets.aws, second, "disable")
    results = sets.results(sets.deploy(OPT_IN, OperationPreferences={"FailureToleranceCount": 1}))
    assert {account: result["Status"] for (account, _), result in results.items()} == {
        first: "SUCCEEDED",
        second: "FAILED",
        third: "SUCCEEDED",
    }
    assert results[second, OPT_IN]["StatusReason"] == f"Region {OPT_IN} is not enabled in account {second}"
    switch(sets.aws, second, "enable")
    assert sets.statuses(sets.deploy(OPT_IN)) == ["SUCCEEDED"] * 3


def test_every_instance_fails_where_the_administrator_has_not_enabled_the_region(sets: StackSets) -> None:
    switch(sets.aws, sets.aws.account, "disable")
    results = sets.results(sets.deploy(OPT_IN, OperationPreferences={"FailureTolerancePercentage": 100}))
    assert {result["StatusReason"] for result in results.values()} == {f"Region {OPT_IN} is not enabled in account {sets.aws.account}"}


def test_an_account_says_which_regions_it_has(aws: Aws) -> None:
    switch(aws, aws.account, "disable")
    account = aws.client("account")
    assert account.get_region_opt_status(RegionName=OPT_IN)["RegionOptStatus"] == "DISABLED"
    listed = account.list_regions(RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"])["Regions"]
    assert OPT_IN not in [one["RegionName"] for one in listed]
    assert OPT_IN not in [one["RegionName"] for one in aws.client("ec2").describe_regions()["Regions"]]
    everything = {one["RegionName"]: one["OptInStatus"] for one in aws.client("ec2").describe_regions(AllRegions=True)["Regions"]}
    assert everything[OPT_IN] == "not-opted-in"
    with pytest.raises(ClientError, match="cannot be enabled or disabled"):
        switch(aws, aws.account, "disable", "us-east-1")


def test_the_management_account_switches_a_members_region(organization: Organization) -> None:
    aws = organization.sets.aws
    aws.client("account").disable_region(RegionName=OPT_IN, AccountId=organization.one)
    asked = aws.client("account", account=organization.one).get_region_opt_status(RegionName=OPT_IN)
    assert asked["RegionOptStatus"] == "DISABLED"
    assert aws.client("account").get_region_opt_status(RegionName=OPT_IN)["RegionOptStatus"] == "ENABLED"


# Delegated administrators


def delegate(organization: Organization) -> Any:
    organization.api.register_delegated_administrator(AccountId=organization.three, ServicePrincipal=DELEGATED)
    return organization.sets.aws.client("cloudformation", account=organization.three)


def create(api: Any, **more: Any) -> None:
    api.create_stack_set(
        StackSetName="worker",
        TemplateBody=json.dumps(worker()),
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": False},
        CallAs="DELEGATED_ADMIN",
        **more,
    )


def test_who_is_not_registered_is_no_delegated_administrator(organization: Organization) -> None:
    with pytest.raises(ClientError, match="Account used is not a delegated administrator"):
        create(organization.sets.aws.client("cloudformation", account=organization.three))


def test_a_delegated_administrators_set_is_the_management_accounts(organization: Organization) -> None:
    api = delegate(organization)
    create(api)
    made = api.create_stack_instances(
        StackSetName="worker",
        DeploymentTargets={"OrganizationalUnitIds": [organization.apps]},
        Regions=[REGION],
        CallAs="DELEGATED_ADMIN",
    )
    organization.sets.over(made["OperationId"])
    assert {account for account, _ in organization.sets.instances()} == {organization.one, organization.two, organization.four}
    assert [known["StackSetName"] for known in api.list_stack_sets(CallAs="DELEGATED_ADMIN")["Summaries"]] == ["worker"]
    assert api.list_stack_sets()["Summaries"] == []
    assert (
        f":{organization.sets.aws.account}:"
        in api.describe_stack_set(StackSetName="worker", CallAs="DELEGATED_ADMIN")["StackSet"]["StackSetARN"]
    )


def test_a_delegated_administrator_sees_the_organization(organization: Organization) -> None:
    delegate(organization)
    seen = organization.sets.aws.client("organizations", account=organization.three)
    assert seen.describe_organization()["Organization"]["MasterAccountId"] == organization.sets.aws.account
    assert {known["Id"] for known in seen.list_accounts()["Accounts"]} == {organization.sets.aws.account, *organization.sets.members}


def test_who_was_registered_can_be_listed_and_taken_off(organization: Organization) -> None:
    api = delegate(organization)
    (found,) = organization.api.list_delegated_administrators(ServicePrincipal=DELEGATED)["DelegatedAdministrators"]
    assert found["Id"] == organization.three
    (service,) = organization.api.list_delegated_services_for_account(AccountId=organization.three)["DelegatedServices"]
    assert service["ServicePrincipal"] == DELEGATED
    with pytest.raises(ClientError, match="AccountAlreadyRegisteredException"):
        delegate(organization)
    organization.api.deregister_delegated_administrator(AccountId=organization.three, ServicePrincipal=DELEGATED)
    with pytest.raises(ClientError, match="Account used is not a delegated administrator"):
        create(api)
    with pytest.raises(ClientError, match="AccountNotRegisteredException"):
        organization.api.deregister_delegated_administrator(AccountId=organization.three, ServicePrincipal=DELEGATED)


def test_the_management_account_and_strangers_cannot_be_registered(organization: Organization) -> None:
    for account, code in ((organization.sets.aws.account, "ConstraintViolationException"), ("999999999999", "AccountNotFoundException")):
        with pytest.raises(ClientError, match=code):
            organization.api.register_delegated_administrator(AccountId=account, ServicePrincipal=DELEGATED)


def test_a_self_managed_set_has_no_delegated_administrator(organization: Organization) -> None:
    api = delegate(organization)
    with pytest.raises(ClientError, match="CallAs"):
        api.create_stack_set(StackSetName="worker", TemplateBody=json.dumps(worker()), CallAs="DELEGATED_ADMIN")


# Accounts that close


def test_an_account_that_closes_while_an_operation_runs_is_skipped(organization: Organization) -> None:
    sets = organization.sets
    sets.create(PermissionModel="SERVICE_MANAGED", AutoDeployment=AUTOMATIC)
    sets.slow(organization.one, seconds=0.5)
    operation = sets.begin(DeploymentTargets={"OrganizationalUnitIds": [organization.apps]})
    wait(lambda: sets.results(operation)[organization.one, REGION]["Status"] == "RUNNING", "the first account to be worked on")
    organization.api.close_account(AccountId=organization.two)
    sets.over(operation)
    results = {account: result["Status"] for (account, _), result in sets.results(operation).items()}
    assert results == {organization.one: "SUCCEEDED", organization.two: "CANCELLED", organization.four: "SUCCEEDED"}
    assert sets.instance(organization.two)["StackInstanceStatus"]["DetailedStatus"] == "SKIPPED_SUSPENDED_ACCOUNT"
    assert sets.status(operation) == "SUCCEEDED"


# A server with quotas, and one that is stopped


@pytest.fixture
def small(tmp_path: Path) -> Iterator[StackSets]:
    """Two sets an account, three instances a set, two at once."""
    server = LocalAws(folder=tmp_path)
    url = server.start(Options(stack_sets=2, stack_instances=3, stack_instances_at_once=2)).url
    made = StackSets(aws=Aws(url=url, account="200000000001"), members=("200000000002", "200000000003"))
    made.trust(*made.members)
    made.create()
    yield made
    server.stop()


def test_quotas_are_refused_with_their_number(small: StackSets) -> None:
    small.api.create_stack_set(StackSetName="other", TemplateBody=json.dumps(worker()))
    with pytest.raises(ClientError, match=r"LimitExceededException.*Stack set limit of 2"):
        small.api.create_stack_set(StackSetName="third", TemplateBody=json.dumps(worker()))
    small.api.delete_stack_set(StackSetName="other")
    small.api.create_stack_set(StackSetName="third", TemplateBody=json.dumps(worker()))
    small.deploy(REGION)
    with pytest.raises(ClientError, match=r"LimitExceededException.*Stack instance limit of 3"):
        small.deploy(SECOND)
    assert small.instances() == {(member, REGION) for member in small.members}


def test_too_many_instances_at_once_are_refused(small: StackSets) -> None:
    small.slow(seconds=0.5)
    small.api.create_stack_set(StackSetName="other", TemplateBody=json.dumps(worker()))
    operation = small.begin(REGION)
    with pytest.raises(ClientError, match=r"LimitExceededException.*operations limit of 2"):
        small.api.create_stack_instances(StackSetName="other", Accounts=[small.members[0]], Regions=[SECOND])
    small.over(operation)
    small.api.create_stack_instances(StackSetName="other", Accounts=[small.members[0]], Regions=[SECOND])


def test_sets_are_there_again_after_a_stop(tmp_path: Path) -> None:
    server = LocalAws(folder=tmp_path)

    def start() -> StackSets:
        url = server.start(Options(persist=True)).url
        return StackSets(aws=Aws(url=url, account="200000000001"), members=("200000000002", "200000000003"))

    try:
        sets = start()
        sets.trust(*sets.members)
        sets.create()
        operation = sets.deploy(REGION, ParameterOverrides=[{"ParameterKey": "Size", "ParameterValue": "large"}])
        before = (sets.operation(operation), sets.results(operation), sets.instance(sets.members[0]))
        sets.slow(seconds=30)
        running = sets.begin(SECOND)
        server.stop()
        sets = start()
        assert (sets.operation(operation), sets.results(operation), sets.instance(sets.members[0])) == before
        assert (sets.operation(running)["Status"], "stopped" in sets.operation(running)["StatusReason"]) == ("FAILED", True)
        assert sets.size(sets.members[0]) == "large"
        sets.update(worker(VisibilityTimeout=60), Accounts=list(sets.members), Regions=[REGION])
        assert sets.stack(sets.members[0])["StackStatus"] == "UPDATE_COMPLETE"
    finally:
        server.stop()
