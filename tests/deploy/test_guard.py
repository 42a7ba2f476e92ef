"""The guard: a failed check makes CloudFormation roll back while it still watches; the gate ends open whatever happens."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import gate, plan
from deploy.approval import Approval
from deploy.commands.options import Common
from deploy.guard import patience
from deploy.record import CheckResult, Record
from deploy.rollout import Rollout
from tests.deploy.world import GATE, STACK, World, credentials, gate_state, parameter
from tests.local.conftest import Faults, wait

GOOD = CheckResult(check="http", name="GET /health", ok=True)
BAD = CheckResult(check="http", name="GET /health", ok=False, reason="expected 200, got 502")

Verify = Callable[..., tuple[CheckResult, ...]]


def change(world: World, value: str = "20") -> World:
    world.services["compute"]["Resources"]["Limit"] = parameter(value, "/tap/dev/limit")
    return world.build()


def always(*results: CheckResult) -> Verify:
    return lambda account, region, stop, say, ended: results


def apply(world: World, verify: Verify) -> Record:
    """Plan and apply with checks of the test's own."""
    path = world.plan()
    common = Common(local=False, profile=None, endpoint_url=world.aws.url, format="json", debug=False, build=world.folder)
    made = plan.load(path)
    with credentials(world.aws.account):
        account = common.account_of(made.manifest)
        return Rollout(account=account, plan=made, approval=Approval(yes=True), show=common.console, verify=verify).run()


def limit(world: World) -> str:
    return str(world.aws.client("ssm").get_parameter(Name="/tap/dev/limit")["Parameter"]["Value"])


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 0), (1, 30), (2, 60), (3, 90), (30, 90)])
def test_the_cancellation_comes_while_there_is_still_something_to_cancel(minutes: int, seconds: float) -> None:
    assert patience(minutes) == seconds


@pytest.mark.row("R10")
@pytest.mark.failure("verification fails inside the monitoring time")
def test_a_failed_check_rolls_an_update_back_and_the_release_before_it_is_verified(world: World) -> None:
    world.deployed()
    world.monitoring = 4
    change(world)
    asked = iter([(BAD,), (GOOD,)])
    record = apply(world, lambda account, region, stop, say, ended: next(asked))
    assert (record.outcome, record.code) == ("rolled back", 7)
    assert record.checks == (BAD,)
    assert record.proof == (GOOD,)
    assert limit(world) == "10"
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert gate_state(world) == "OK"


@pytest.mark.row("R10")
@pytest.mark.failure("verification fails inside the monitoring time")
def test_a_failed_check_rolls_a_first_create_back(world: World) -> None:
    world.monitoring = 4
    world.ready().build()
    record = apply(world, always(BAD))
    assert (record.outcome, record.code, record.proof) == ("rolled back", 7, ())
    assert world.aws.status(STACK) == "ROLLBACK_COMPLETE"
    assert gate_state(world) == "OK"


def test_checks_that_pass_are_recorded(world: World) -> None:
    world.monitoring = 2
    world.ready().build()
    record = apply(world, always(GOOD))
    assert (record.outcome, record.checks) == ("succeeded", (GOOD,))


def test_checks_begin_when_all_is_made_and_old_things_are_still_there(world: World) -> None:
    world.deployed()
    world.monitoring = 4
    del world.services["compute"]["Resources"]["Limit"]
    world.services["compute"]["Resources"]["Other"] = parameter("1", "/tap/dev/other")
    world.build()
    seen: list[set[str]] = []

    def look(account: object, region: str, stop: threading.Event, say: object, ended: object) -> tuple[CheckResult, ...]:
        names = world.aws.client("ssm").get_parameters(Names=["/tap/dev/limit", "/tap/dev/other"])["Parameters"]
        seen.append({str(one["Name"]) for one in names} | {world.aws.status(STACK)})
        return (GOOD,)

    assert apply(world, look).outcome == "succeeded"
    assert seen == [{"/tap/dev/limit", "/tap/dev/other", "UPDATE_IN_PROGRESS"}]
    assert world.aws.client("ssm").get_parameters(Names=["/tap/dev/limit"])["Parameters"] == []


@pytest.mark.failure("verification fails later")
def test_a_check_that_fails_when_nobody_watches_any_more_leaves_the_release_and_says_the_way_back(world: World) -> None:
    world.deployed()
    change(world)
    record = apply(world, always(BAD))
    assert (record.outcome, record.code) == ("unverified", 7)
    assert limit(world) == "20"
    status = world.run("status", "dev", "--format", "json").json
    assert status["last"]["outcome"] == "unverified"


@pytest.mark.row("R10")
def test_where_the_gate_cannot_be_closed_the_update_is_cancelled(world: World, faults: Faults) -> None:
    world.deployed()
    world.monitoring = 10
    change(world)
    faults.add(service="monitoring", action="SetAlarmState", error="AccessDenied", status=403, message="not authorized", times=1)
    record = apply(world, always(BAD))
    assert record.outcome == "rolled back"
    assert limit(world) == "10"


def test_an_alarm_that_fires_rolls_back_without_any_check(world: World) -> None:
    world.deployed()
    world.monitoring = 10
    change(world)

    def fire(account: object, region: str, stop: threading.Event, say: object, ended: object) -> tuple[CheckResult, ...]:
        world.aws.client("cloudwatch").set_alarm_state(AlarmName=GATE, StateValue="ALARM", StateReason="somebody else")
        stop.wait(5)
        return (CheckResult(check="http", name="GET /health", ok=None),)

    record = apply(world, fire)
    assert record.outcome == "rolled back"
    assert record.causes[0].kind == "alarm"
    assert gate_state(world) == "ALARM", "an alarm that somebody else has set is theirs"


@pytest.mark.failure("process killed")
def test_a_gate_that_a_killed_run_left_closed_is_said_and_opened_by_the_next(world: World) -> None:
    world.deployed()
    world.aws.client("cloudwatch").set_alarm_state(
        AlarmName=GATE, StateValue="ALARM", StateReason=f"{gate.MARK} for plan 123 by ann: check http GET /health failed"
    )
    answer = world.run("plan", "dev")
    assert answer.code == 0
    assert "plan 123 by ann" in answer.err
    assert gate_state(world) == "OK"


@pytest.mark.failure("process killed")
def test_a_run_that_is_killed_with_its_gate_closed_ends_the_same(world: World, tmp_path: Path) -> None:
    world.deployed()
    world.monitoring = 10
    change(world)
    path = world.plan()
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    process = world.process(str(path), script=f"exec(open({str(script)!r}).read())")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    wait(lambda: world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE", "CloudFormation to roll back by itself")
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 7, answer.err
    assert limit(world) == "10"
    assert gate_state(world) == "OK"


SCRIPT = """
import os, signal, sys
from pathlib import Path
from deploy import gate, plan
from deploy.approval import Approval
from deploy.commands.options import Common
from deploy.record import CheckResult
from deploy.rollout import Rollout

common = Common(local=False, profile=None, endpoint_url=sys.argv[3], format="text", debug=False, build=Path(sys.argv[5]))
made = plan.load(Path(sys.argv[1]))
account = common.account_of(made.manifest)

def verify(account, region, stop, say, ended):
    gate.close(account.alarms("deploy", account.manifest.region), "tap-gate-dev", why="a check failed", who="plan by ann")
    os.kill(os.getpid(), signal.SIGKILL)

Rollout(account=account, plan=made, approval=Approval(yes=True), show=common.console, verify=verify).run()
"""


@pytest.mark.row("R24")
@pytest.mark.failure("rollback trigger missing")
def test_a_change_that_takes_away_its_own_trigger_is_refused(world: World) -> None:
    """The release alarm watches from the second deployment on; a change that renames it in place would lose it while it is to watch."""
    from deploy import manifest as contract

    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "tap-release-dev",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "MetricName": "Errors",
            "Namespace": "tap",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 0,
        },
    }
    world.services["watch"] = {"Resources": {"Release": alarm}}
    world.triggers = (*world.triggers, contract.Trigger(alarm="tap-release-dev", type="AWS::CloudWatch::Alarm", since="update"))
    world.deployed()
    assert [one["Arn"].rpartition(":")[2] for one in world.aws.stack(STACK)["RollbackConfiguration"]["RollbackTriggers"]] == [GATE]
    change(world)
    assert world.up().code == 0
    assert len(world.aws.stack(STACK)["RollbackConfiguration"]["RollbackTriggers"]) == 2
    del world.services["watch"]["Resources"]["Release"]
    world.services["watch"]["Resources"]["Other"] = parameter("1", "/tap/dev/other")
    world.build()
    answer = world.up()
    assert answer.code == 4
    assert "tap-release-dev" in answer.err
    assert "Watch/Release" in answer.err


def test_a_trigger_that_this_very_change_makes_watches_from_the_next_one_on(world: World) -> None:
    from deploy import manifest as contract

    world.deployed()
    world.services["watch"] = {
        "Resources": {
            "Release": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "Properties": {"AlarmName": "tap-release-dev", "AlarmRule": f"ALARM({GATE})"},
            }
        }
    }
    world.triggers = (*world.triggers, contract.Trigger(alarm="tap-release-dev", type="AWS::CloudWatch::CompositeAlarm", since="update"))
    world.build()
    answer = world.up()
    assert answer.code == 0, answer.err
    assert "watches from the next one on" in answer.err
