"""A release goes from dev to staging through roles of three accounts, on a local AWS that enforces them: kept, judged, carried, recorded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.promotion.gates import GATES
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
