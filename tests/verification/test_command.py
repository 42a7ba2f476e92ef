"""`verify`: what a person, and a program, is told; and where outputs come from while a stack is watched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy import manifest as contract
from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.record import CheckResult
from deploy.report.ink import Ink
from deploy.report.render import render
from deploy.verification.model import TrafficResult, Verification
from deploy.verification.place import Place
from tests.deploy.world import STACK, Answer, World
from tests.local.conftest import REGION, Aws, wait

THERE = {"check": "parameter", "path": "limit", "attempts": 1}
MISSING = {"check": "parameter", "path": "nothing", "attempts": 1}


@pytest.fixture
def world(aws: Aws, tmp_path: Path) -> World:
    """A parameter stands; nothing is deployed, for that is not asked."""
    aws.client("ssm").put_parameter(Name="/tap/dev/limit", Value="10", Type="String")
    return World(aws=aws, folder=tmp_path / "build").build()


def verified(world: World, *checks: dict[str, Any], more: tuple[str, ...] = ()) -> Answer:
    path = world.folder / "dev" / "manifest.json"
    path.write_bytes(contract.encode(msgspec.structs.replace(contract.decode(path.read_bytes()), checks=checks)))
    return world.run("verify", "dev", *more)


def test_checks_that_pass_are_a_table_and_exit_with_0(world: World) -> None:
    answer = verified(world, THERE, {"check": "alarms"})
    assert answer.code == 0, answer.err
    assert answer.out.startswith("dev  2 of 2 checks passed\n")
    assert "parameter  limit       passed" in answer.out
    assert "check parameter limit passed" in answer.err


@pytest.mark.failure("verification fails later")
def test_a_check_that_fails_exits_with_7_and_says_the_way_back(world: World) -> None:
    answer = verified(world, THERE, MISSING)
    assert answer.code == 7
    assert answer.out.startswith("dev  1 of 2 checks failed\n")
    assert "there is no parameter /tap/dev/nothing" in answer.out
    assert "the way back is a reviewed plan to the previous one: python -m deploy rollback dev" in " ".join(answer.err.split())


def test_programs_get_the_same_values(world: World) -> None:
    answer = verified(world, THERE, MISSING, more=("--format", "json"))
    assert answer.code == 7
    result = msgspec.convert(answer.json, Verification)
    assert [check.ok for check in result.checks] == [True, False]
    assert result.traffic is None


def test_traffic_is_told(world: World) -> None:
    answer = verified(world, THERE, {"check": "http", "path": "/health", "attempts": 1}, more=("--traffic", "5", "--format", "json"))
    assert answer.code == 7
    assert answer.json["traffic"]["failures"] == answer.json["traffic"]["requests"] <= 300
    assert verified(world, THERE, more=("--traffic", "51")).code == 2


def test_an_environment_without_checks_says_so(world: World) -> None:
    answer = verified(world)
    assert (answer.code, answer.out) == (0, "dev  has no checks\n")


def test_what_a_check_saw_cannot_steer_a_terminal() -> None:
    bad = CheckResult(check="http", name="GET /\x1b[2J", ok=False, reason="\x1b]0;x\x07no", output="\x1b[31mred\n" + "line\n" * 40)
    noun = Verification(environment="dev", checks=(bad,), traffic=TrafficResult(requests=2, failures=1, worst_ms=1234, reason="\x1b[0m"))
    for form in ("text", "json"):
        shown = render(noun, form, Ink(width=60, ascii=True))
        assert not set(shown) & {"\x1b", "\x07"}
    shown = render(noun, "text", Ink(width=60, ascii=True))
    assert "29 more lines: --format json" in shown
    assert "slowest 1,234 ms" in shown
    assert json.loads(render(noun, "json"))["checks"][0]["output"].count("\n") == 41


def test_while_a_stack_is_watched_its_nested_stacks_say_the_outputs(aws: Aws) -> None:
    """A root's outputs are the former release's then, or are not there yet."""
    child = {
        "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "tap-jobs-dev"}}},
        "Outputs": {"JobsQueueUrl": {"Value": {"Ref": "Jobs"}}},
    }
    root = {
        "Resources": {"Messaging": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": aws.publish(child)}}},
        "Outputs": {"JobsQueueUrl": {"Value": {"Fn::GetAtt": ["Messaging", "Outputs.JobsQueueUrl"]}}},
    }
    aws.cloudformation.create_stack(
        StackName=STACK, TemplateBody=json.dumps(root), RollbackConfiguration={"RollbackTriggers": [], "MonitoringTimeInMinutes": 20}
    )
    wait(lambda: aws.statuses(STACK, "Messaging")[-1:] == ["CREATE_COMPLETE"], "the nested stack")
    assert aws.status(STACK) == "CREATE_IN_PROGRESS"
    manifest = World(aws=aws, folder=Path("build"))._manifest({})
    sessions = Sessions(endpoint=aws.url, keys=(aws.account, "secret"))
    place = Place(account=Account(manifest=manifest, data=b"", folder=Path("build"), sessions=sessions), region=manifest.region)
    assert place.region == REGION
    assert place.output("JobsQueueUrl").endswith("/tap-jobs-dev")
