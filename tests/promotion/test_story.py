"""A release goes from dev to staging through roles of three accounts, on a local AWS that enforces them: kept, judged, carried, recorded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.promotion.gates import GATES
from tests.clearing.conftest import Older
from tests.deploy.strict import DEV, STAGING, TOOLS, Accounts, operator, root_keys, strict


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    with strict(tmp_path_factory.mktemp("promotion")) as made:
        operator(made.root(TOOLS), "tap-pipeline-tools")
        for environment, account in (("tools", TOOLS), ("dev", DEV), ("staging", STAGING)):
            done = made.run(root_keys(account), "bootstrap", environment, "--yes")
            assert done.returncode == 0, done.stdout + done.stderr
        yield made


def deploy(accounts: Accounts, *arguments: str, code: int = 0) -> str:
    done = accounts.run(accounts.operator(), *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def gates(accounts: Accounts, *arguments: str, code: int = 0) -> dict[str, str]:
    done = accounts.run(accounts.operator(), "promote", *arguments, "--format", "json")
    assert done.returncode == code, done.stdout + done.stderr
    return {one["gate"]: one["state"] for one in json.loads(done.stdout)["gates"]}


def keys(accounts: Accounts, prefix: str) -> list[str]:
    bucket = f"tap-artifacts-{TOOLS}-us-east-1-tools"
    found: Any = accounts.root(TOOLS).client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in found.get("Contents", [])]


def stacks(accounts: Accounts) -> dict[str, str]:
    """The root stacks of staging and their states."""
    found = accounts.root(STAGING).client("cloudformation", "us-east-2").describe_stacks()["Stacks"]
    return {one["StackName"]: one["StackStatus"] for one in found if "RootId" not in one}


@pytest.mark.row("R08")
@pytest.mark.row("R11")
def test_a_release_is_kept_judged_carried_and_recorded(accounts: Accounts) -> None:
    nothing = deploy(accounts, "promote", "dev", "staging", code=4)
    assert "nothing runs there that has a release" in nothing
    first = deploy(accounts, "up", "dev", "--yes")
    assert "release kept in the tools account" in first
    release = json.loads((accounts.build / "release.json").read_text())["digest"]
    assert f"releases/{release}/release.json" in keys(accounts, "releases/")
    assert len(keys(accounts, "index/dev/")) == 1

    # There is no build of staging's code any more: what is carried comes from the tools account.
    shutil.rmtree(accounts.build / "staging" / "assets")
    carried = deploy(accounts, "promote", "dev", "staging", "--gates-only")
    assert "objects carried to" in carried
    assert carried.count("✓") >= len(GATES)
    assert stacks(accounts) == {"tap-bootstrap-staging": "CREATE_COMPLETE"}, "gates alone leave nothing behind"

    deploy(accounts, "promote", "dev", "staging", "--yes")
    assert stacks(accounts)["tap-app-staging"] == "CREATE_COMPLETE"
    newest = json.loads(deploy_json(accounts, "history", "staging"))["records"][0]
    assert (newest["operation"], newest["release"]) == ("promote", release)
    assert newest["promoted"]["source"] == "dev"
    assert {one["state"] for one in newest["promoted"]["gates"]} == {"holds"}
    table = deploy(accounts, "status")
    lines = [line for line in table.splitlines() if line.startswith(("dev", "staging"))]
    assert [release[:12] in line for line in lines] == [True, True]
    assert "from dev" in lines[1]


def deploy_json(accounts: Accounts, *arguments: str) -> str:
    done = accounts.run(accounts.operator(), *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_there_already_is_not_moved_again(accounts: Accounts) -> None:
    assert "is there already" in deploy(accounts, "promote", "dev", "staging", "--yes")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(("dev",), 2, "promote FROM TO", id="one environment"),
        pytest.param(("staging", "dev"), 2, "no release is promoted to dev", id="the wrong way"),
        pytest.param(("dev", "prod"), 2, "releases come to prod from staging", id="a hop too far"),
        pytest.param(("dev", "nowhere"), 2, "there is no ", id="unknown environment"),
        pytest.param(("dev", "staging", "--override", "luck", "--reason", "x"), 2, "there is no such gate", id="unknown gate"),
        pytest.param(("dev", "staging", "--override", "drift"), 2, "a gate is overridden for a reason", id="no reason"),
        pytest.param(("dev", "staging", "--release", "abc"), 2, "digits of a release", id="no digest"),
        pytest.param(("dev", "staging", "--release", "0123456789ab"), 4, "has not kept it", id="a release that nobody kept"),
        pytest.param(("--all", "dev"), 2, "promote FROM TO", id="all and one"),
    ],
)
def test_what_cannot_be_promoted_is_said(accounts: Accounts, arguments: tuple[str, ...], code: int, words: str) -> None:
    assert words in deploy(accounts, "promote", *arguments, code=code)


def test_a_gate_that_does_not_hold_refuses_and_an_override_is_recorded_with_its_reason(accounts: Accounts) -> None:
    alarm = {"AlarmName": "tap-release-dev", "StateValue": "ALARM", "StateReason": "test"}
    accounts.root(DEV).client("cloudwatch").set_alarm_state(**alarm)
    try:
        assert gates(accounts, "dev", "staging", "--gates-only", code=4)["alarms"] == "refuses"
        taken = gates(accounts, "dev", "staging", "--gates-only", "--override", "alarms", "--reason", "a test rings it")
        assert taken["alarms"] == "overridden"
    finally:
        accounts.root(DEV).client("cloudwatch").set_alarm_state(**{**alarm, "StateValue": "OK"})


def test_an_approval_is_written_once_by_whoever_gives_it(accounts: Accounts) -> None:
    assert "approves release" in deploy(accounts, "promote", "dev", "staging", "--approve", "--yes")
    deploy(accounts, "promote", "dev", "staging", "--approve", "--yes")
    bucket = f"tap-artifacts-{STAGING}-us-east-2-staging"
    found = accounts.root(STAGING).client("s3", "us-east-2").list_objects_v2(Bucket=bucket, Prefix="approvals/")["Contents"]
    assert len(found) == 1


def test_the_whole_way_is_walked_as_far_as_it_goes(accounts: Accounts) -> None:
    """Production's account was never bootstrapped: the walk says what it has done, and ends there."""
    said = deploy(accounts, "promote", "--all", "--yes", code=5)
    assert "staging is there already" in said
    assert "promotion from staging to prod" in said
    assert "bootstrap" in said


def other_release(accounts: Accounts, folder: Path, number: int) -> tuple[Accounts, str]:
    """The same build once more, with another value in every manifest; its digest."""
    shutil.copytree(accounts.build, folder)
    release = json.loads((folder / "release.json").read_text())
    for one in release["builds"]:
        path = folder / one["environment"] / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["values"]["number"] = number
        path.write_text(json.dumps(manifest))
        one["manifest"] = sha256(path.read_bytes()).hexdigest()
    release |= {"digest": sha256(str(number).encode()).hexdigest(), "parity": None}
    (folder / "release.json").write_text(json.dumps(release))
    return replace(accounts, build=folder), release["digest"]


@pytest.mark.row("R26")
def test_the_tools_account_keeps_what_runs_and_clears_away_what_nobody_needs(accounts: Accounts, tmp_path: Path) -> None:
    shutil.copytree(accounts.build / "dev" / "assets", accounts.build / "staging" / "assets", dirs_exist_ok=True)
    runs = json.loads((accounts.build / "release.json").read_text())["digest"]
    later = [other_release(accounts, tmp_path / str(number), number) for number in (1, 2)]
    for build, digest in later:
        assert "release kept" in deploy(build, "publish", "dev")
        assert f"releases/{digest}/release.json" in keys(accounts, "releases/")
    (_, dropped), (newest, stays) = later
    parsed = urlsplit(accounts.url)
    assert parsed.port
    with Older(parsed.port) as relay:
        aged = replace(accounts, url=relay.url)
        assert "role/tap-plan-us-east-1-prod" in deploy(aged, "gc", "tools", code=5), "prod's ledger cannot be asked"
        shutil.move(accounts.build / "prod", tmp_path / "prod")
        done = deploy(aged, "gc", "tools", "--keep", "1", "--older-than", "1", "--remove", "--yes")
    shutil.move(tmp_path / "prod", accounts.build / "prod")
    assert "succeeded" in done
    assert {key.split("/")[1] for key in keys(accounts, "releases/")} == {runs, stays}
    verified = json.loads(deploy_json(newest, "publish", "dev", "--verify"))
    assert verified["kept"] == stays
    assert {one["state"] for one in verified["objects"]} == {"as published"}
    assert json.loads(deploy_json(accounts, "publish", "dev", "--verify"))["kept"] == runs
    assert "the tools account has not kept it" in deploy(accounts, "promote", "dev", "staging", "--release", dropped[:12], code=4)


@pytest.mark.row("R26")
def test_gc_removes_nothing_but_what_was_published_and_nobody_else_removes_anything(accounts: Accounts) -> None:
    bucket = f"tap-artifacts-{DEV}-us-east-1-dev"
    for task, key in (
        ("gc", "ledger/x"),
        ("gc", "locks/x"),
        ("gc", "approvals/x"),
        ("gc", "index/x"),
        ("plan", "templates/x"),
        ("deploy", "assets/x"),
    ):
        s3 = accounts.client(accounts.as_role(task, "dev", "us-east-1", DEV), "s3")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=key)
    s3 = accounts.client(accounts.as_role("gc", "dev", "us-east-1", DEV), "s3")
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("get_object", {"Key": "templates/x"}),
        ("list_objects_v2", {}),
        ("put_object", {"Key": "templates/x", "Body": b"", "IfNoneMatch": "*"}),
        ("delete_object", {"Key": "templates/x", "VersionId": "null"}),
    )
    for operation, arguments in asked:
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(s3, operation)(Bucket=bucket, **arguments)
    assert s3.delete_object(Bucket=bucket, Key=f"templates/{'0' * 64}.json")["ResponseMetadata"]["HTTPStatusCode"] == 204


def reader(accounts: Accounts, account: str) -> Any:
    """S3 as a role of this account that may read everything, as far as buckets let it."""
    iam, sts = accounts.root(account).client("iam"), accounts.root(account).client("sts")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}]}
    iam.create_role(RoleName="stacksets-exec", AssumeRolePolicyDocument=json.dumps(trust))
    everything = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="stacksets-exec", PolicyName="own", PolicyDocument=json.dumps(everything))
    made = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/stacksets-exec", RoleSessionName="test")["Credentials"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    return boto3.client("s3", endpoint_url=accounts.url, region_name="us-east-1", aws_session_token=made["SessionToken"], **keys)


@pytest.mark.row("R26")
def test_another_account_of_the_organization_reads_templates_and_nothing_else(accounts: Accounts) -> None:
    """On the local AWS an organization has one account, its own: the tools account is inside, staging's is not."""
    bucket = f"tap-artifacts-{DEV}-us-east-1-dev"
    found: Any = accounts.root(DEV).client("s3").list_objects_v2(Bucket=bucket)
    first = {one["Key"].split("/")[0]: one["Key"] for one in found["Contents"]}
    assert {"assets", "ledger", "manifests", "templates"} <= first.keys()
    for account, lets in ((TOOLS, {"assets", "templates"}), (STAGING, set[str]())):
        s3 = reader(accounts, account)
        for folder, key in first.items():
            if folder in lets:
                assert s3.get_object(Bucket=bucket, Key=key)["ContentLength"] > 0
            else:
                with pytest.raises(ClientError, match="AccessDenied"):
                    s3.get_object(Bucket=bucket, Key=key)
