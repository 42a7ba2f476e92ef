"""kill -9 at every point after which something is left behind: the same command again ends with the same result."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.deploy.world import STACK, World, parameter, table
from tests.local.conftest import Faults, wait

# Points of `deploy.rollout`, and whether AWS has been asked to do something by then.
POINTS = ("locked", "began", "relaxed", "executed", "following", "protected", "ending", "ended")

SCRIPT = """
import os, signal, sys
from pathlib import Path
from deploy import plan
from deploy.approval import Approval
from deploy.commands.options import Common
from deploy.rollout import Rollout

path, point, url, build = sys.argv[1], sys.argv[2], sys.argv[4], sys.argv[6]
common = Common(local=False, profile=None, endpoint_url=url, format="text", debug=False, build=Path(build))
made = plan.load(Path(path))
account = common.account_of(made.manifest)
die = lambda reached: reached == point and os.kill(os.getpid(), signal.SIGKILL)
loss = frozenset(["Data/Items"]) if "loss" in path else frozenset()
Rollout(account=account, plan=made, approval=Approval(yes=True, loss=loss), show=common.console, reached=die).run()
"""


def killed(world: World, path: Path, point: str) -> None:
    process = world.process(str(path), point, script=SCRIPT)
    out, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, out + err


@pytest.mark.failure("process killed")
@pytest.mark.parametrize("point", POINTS)
def test_a_first_create_goes_on_from_wherever_it_was_killed(world: World, point: str) -> None:
    world.ready().build()
    path = world.plan()
    killed(world, path, point)
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 0, answer.err
    begun = [
        event
        for event in world.aws.events(STACK)
        if event["LogicalResourceId"] == STACK and event["ResourceStatus"] == "CREATE_IN_PROGRESS"
    ]
    assert len(begun) == 1, "AWS was asked once"
    (record,) = world.run("history", "dev", "--format", "json").json["records"]
    assert (record["outcome"], record["number"]) == ("succeeded", 1)
    assert record["ended"] is not None
    assert world.run("plan", "dev").out.startswith("No changes.")


@pytest.mark.failure("process killed")
@pytest.mark.parametrize(("point", "code"), [("began", 4), ("executed", 0), ("following", 0)])
def test_who_comes_back_to_what_runs_accepts_nothing_again_and_to_what_does_not_must(
    world: World, tmp_path: Path, point: str, code: int
) -> None:
    """Found by the soak, seed 25: the same command without its waivers was refused, and the lock stayed."""
    world.deployed()
    world.services["data"]["Resources"]["Items"] = table("key", DeletionPolicy="Retain", UpdateReplacePolicy="Retain")
    world.services["data"]["Resources"]["Items"]["Properties"]["TableName"] = "tap-things-dev"
    path = tmp_path / "loss.plan.json"
    assert world.build().run("plan", "dev", "--out", str(path)).code == 0
    killed(world, path, point)
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == code, answer.err
    wrong = world.run("apply", str(path), "--approve", "0" * 12)
    assert wrong.code == 4, "another digest is another plan, whatever runs"


@pytest.mark.failure("process killed")
@pytest.mark.parametrize(
    "point", [point if point in ("relaxed", "following") else pytest.param(point, marks=pytest.mark.rehearsal) for point in POINTS]
)
def test_an_update_with_an_accepted_loss_goes_on_and_is_protected_again(world: World, point: str, tmp_path: Path) -> None:
    world.deployed()
    world.services["data"]["Resources"]["Items"] = table("other")
    world.services["data"]["Resources"]["Items"]["Properties"]["TableName"] = "tap-things-dev"
    world.build()
    path = tmp_path / "loss.plan.json"
    assert world.run("plan", "dev", "--out", str(path)).code == 0
    killed(world, path, point)
    answer = world.run("apply", str(path), "--yes", "--allow-loss", "Data/Items")
    assert answer.code == 0, answer.err
    assert world.aws.client("dynamodb").list_tables()["TableNames"] == ["tap-things-dev"]
    policy = world.aws.cloudformation.get_stack_policy(StackName=world.aws.child(STACK, "Data"))["StackPolicyBody"]
    assert "ResourceType" in policy


@pytest.mark.failure("process killed")
@pytest.mark.parametrize("point", ["executed", "following", "ending"])
def test_a_failure_stays_a_failure_whoever_looks(world: World, point: str) -> None:
    world.deployed()
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 999_999
    world.build()
    path = world.plan()
    killed(world, path, point)
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 7, answer.err
    assert "Messaging/Jobs" in answer.err
    assert world.run("apply", str(path), "--yes").code == 7, "and the same again"


@pytest.mark.failure("process killed")
def test_a_plan_that_was_killed_leaves_what_the_next_one_clears_away(world: World, faults: Faults) -> None:
    world.deployed()
    world.services["compute"]["Resources"]["Limit"] = parameter("20", "/tap/dev/limit")
    world.build()
    faults.add(service="cloudformation", action="DescribeChangeSet", latency=5)
    process = world.process("plan", "dev")
    wait(lambda: len(world.change_sets()) == 1, "the change set")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    faults.clear()
    left = world.change_sets()
    assert len(left) == 1
    answer = world.run("plan", "dev")
    assert answer.code == 0
    assert left[0] in answer.err
    assert len(world.change_sets()) == 1
    assert left[0] not in world.change_sets()


@pytest.mark.failure("interrupt")
def test_one_interrupt_says_how_to_come_back_and_two_leave(world: World) -> None:
    world.monitoring = 6
    world.ready().build()
    path = world.plan()
    process = world.process("apply", str(path), "--yes")
    world.aws.wait_status(STACK, "CREATE_IN_PROGRESS")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = ""
    while "AWS goes on" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert world.run("apply", str(path), "--yes").code == 0
