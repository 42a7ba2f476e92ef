"""StackSets of the real environments in accounts that enforce trusts and policies: published to every region, read by the organization alone,
rolled out with the roles that bootstrap and the target's template make.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.deploy.strict import TOOLS, Accounts, root_keys, strict

HOME, OTHERS = "us-east-1", ("eu-west-1", "us-east-2")
DENIED = r"AccessDenied|Access Denied|not authorized"

COPY = """
  workers:
    description: The workers of dev, in other regions
    environment: dev
    services: [keys, network, storage, data, messaging, compute]
    permissions: self-managed
    targets:
      accounts: ["555555555555", "666666666666"]
      regions: [us-east-1, us-east-2, eu-west-1]
    waves:
      - name: all
        accounts: ["555555555555", "666666666666"]
  keyring:
    description: Keys alone
    environment: dev
    services: [keys]
    permissions: self-managed
    targets:
      accounts: ["555555555555", "666666666666"]
      regions: [us-east-1]
    waves:
      - name: canary
        accounts: ["555555555555"]
      - name: rest
        accounts: ["666666666666"]
"""


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """The tools account is bootstrapped in every region; each target has its roles."""
    folder = Path(tmp_path_factory.mktemp("reach"))
    with strict(folder, more_sets=COPY) as made:
        done = made.run(root_keys(TOOLS), "bootstrap", "tools", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        body = (made.build / "tools" / "target.json").read_text()
        for account in targets(made):
            deploy_target(made, account, body)
        yield made


def targets(accounts: Accounts) -> list[str]:
    """The accounts of the copy, which the organization made."""
    (wave,) = next(one for one in manifest(accounts)["stack_sets"] if one["name"] == "workers")["waves"]
    return list(wave["accounts"])


def deploy_target(accounts: Accounts, account: str, body: str) -> None:
    cloudformation = accounts.root(account).client("cloudformation")
    cloudformation.create_stack(StackName="tap-reach-tools", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    for _ in range(200):
        status = cloudformation.describe_stacks(StackName="tap-reach-tools")["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
        time.sleep(0.05)
    assert status == "CREATE_COMPLETE"


def bucket(region: str) -> str:
    return f"tap-artifacts-{TOOLS}-{region}-tools"


def manifest(accounts: Accounts) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((accounts.build / "tools" / "manifest.json").read_text())
    return read


@pytest.fixture(scope="module")
def published(accounts: Accounts) -> Accounts:
    done = accounts.run(accounts.operator(), "publish", "tools", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {one["bucket"] for one in json.loads(done.stdout)} == {bucket(region) for region in (HOME, *OTHERS)}
    return accounts


@pytest.mark.row("R26")
def test_what_a_set_needs_lies_in_every_region_and_is_read_back(published: Accounts) -> None:
    done = published.run(published.operator(), "publish", "tools", "--verify", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    objects = json.loads(done.stdout)["objects"]
    made = manifest(published)
    for region in (HOME, *OTHERS):
        keys = {one["key"] for one in objects if one["bucket"] == bucket(region)}
        assert {f"templates/{one['sha256']}.json" for one in made["templates"]} <= keys
        assert {f"assets/{one['sha256']}.zip" for one in made["assets"]} <= keys
        assert sum(key.endswith("/index.json") for key in keys) == 1
    assert made["assets"]


@pytest.mark.row("R26")
@pytest.mark.overlay
def test_the_organization_reads_what_sets_need_and_nobody_else_does(published: Accounts) -> None:
    """By the bucket's own policy: the reader's account has allowed it everything."""
    template = next(one["sha256"] for one in manifest(published)["templates"] if one["service"] == "baseline")
    key = f"templates/{template}.json"
    for region in (HOME, *OTHERS):
        inside, outside = reader(published, targets(published)[0], region), reader(published, "888888888888", region)
        with pytest.raises(ClientError, match=DENIED):
            outside.get_object(Bucket=bucket(region), Key=key)
        assert inside.get_object(Bucket=bucket(region), Key=key)["Body"].read()
        with pytest.raises(ClientError, match=DENIED):
            inside.put_object(Bucket=bucket(region), Key=key, Body=b"{}")
        with pytest.raises(ClientError, match=DENIED):
            inside.get_object(Bucket=bucket(region), Key=f"manifests/{template}.json")


def reader(accounts: Accounts, account: str, region: str) -> Any:
    """A role of another account that may do everything there."""
    iam = accounts.root(account).client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}]}
    allow = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    name = f"reader-{region}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(allow))
    sts = accounts.root(account).client("sts")
    made = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="test")["Credentials"]
    session = boto3.Session(
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
        region_name=region,
    )
    return accounts.client(session, "s3")


@pytest.mark.row("R26")
@pytest.mark.overlay
def test_a_set_is_made_with_the_deploy_role_and_reaches_its_targets_through_their_execution_role(published: Accounts) -> None:
    made = next(one for one in manifest(published)["stack_sets"] if one["name"] == "baseline")
    template = next(one["sha256"] for one in manifest(published)["templates"] if one["service"] == "baseline")
    api = published.client(published.as_role("deploy", "tools", HOME, TOOLS), "cloudformation")
    api.create_stack_set(
        StackSetName=made["set_name"],
        TemplateURL=f"https://s3.{HOME}.amazonaws.com/{bucket(HOME)}/templates/{template}.json",
        Capabilities=made["capabilities"],
        AdministrationRoleARN=f"arn:aws:iam::{TOOLS}:role/{made['administration_role']}",
        ExecutionRoleName=made["execution_role"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in made["parameters"].items()],
    )
    started = api.create_stack_instances(StackSetName=made["set_name"], Accounts=targets(published), Regions=[HOME, "us-east-2"])
    plan = published.client(published.as_role("plan", "tools", HOME, TOOLS), "cloudformation")
    for _ in range(400):
        operation = plan.describe_stack_set_operation(StackSetName=made["set_name"], OperationId=started["OperationId"])[
            "StackSetOperation"
        ]
        if operation["Status"] not in ("RUNNING", "QUEUED"):
            break
        time.sleep(0.05)
    found = plan.list_stack_instances(StackSetName=made["set_name"])["Summaries"]
    assert operation["Status"] == "SUCCEEDED", [one.get("StatusReason") for one in found]
    assert {(one["Account"], one["Region"], one["Status"]) for one in found} == {
        (account, region, "CURRENT") for account in targets(published) for region in (HOME, "us-east-2")
    }
    buckets = published.root(targets(published)[0]).client("s3").list_buckets()["Buckets"]
    assert f"tap-baseline-artifacts-{targets(published)[0]}-us-east-2-tools" in {one["Name"] for one in buckets}


@pytest.mark.row("R26")
@pytest.mark.overlay
def test_an_operator_plans_and_rolls_out_through_the_roles_alone(published: Accounts) -> None:
    plan = published.build / "keyring.json"
    planned = published.run(published.operator(), "stackset", "plan", "keyring", "--out", str(plan))
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "could not be previewed" not in planned.stdout
    applied = published.run(published.operator(), "stackset", "apply", str(plan), "--yes")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for account in targets(published):
        aliases = published.root(account).client("kms").list_aliases()["Aliases"]
        assert "alias/tap-data-dev" in {one["AliasName"] for one in aliases}


@pytest.mark.row("R26")
def test_the_plan_role_of_the_tools_account_starts_nothing(published: Accounts) -> None:
    api = published.client(published.as_role("plan", "tools", HOME, TOOLS), "cloudformation")
    with pytest.raises(ClientError, match=DENIED):
        api.create_stack_set(StackSetName="tap-other-tools", TemplateBody="{}")


@pytest.mark.row("R26")
def test_what_is_missing_in_one_region_is_named(published: Accounts) -> None:
    template = next(one["sha256"] for one in manifest(published)["templates"] if one["service"] == "baseline")
    root = published.root(TOOLS).client("s3", "eu-west-1")
    key = f"templates/{template}.json"
    policy = root.get_bucket_policy(Bucket=bucket("eu-west-1"))["Policy"]
    root.delete_bucket_policy(Bucket=bucket("eu-west-1"))
    root.delete_object(Bucket=bucket("eu-west-1"), Key=key)
    root.put_bucket_policy(Bucket=bucket("eu-west-1"), Policy=policy)
    done = published.run(published.operator(), "publish", "tools", "--verify")
    assert done.returncode == 3, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if key in line]
    assert "missing" in line
    again = published.run(published.operator(), "publish", "tools")
    assert again.returncode == 0, again.stdout + again.stderr
    assert published.run(published.operator(), "publish", "tools", "--verify").returncode == 0
