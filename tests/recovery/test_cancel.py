"""`cancel`: what runs is stopped the right way for its state, beside whoever began it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.deploy.world import STACK, World
from tests.local.conftest import Faults
from tests.recovery.states import change, killed, limit, records, slow, unlocked, wait_event

KILL = """
import os, signal, sys
from pathlib import Path
from deploy import cancelling
from deploy.commands.options import Common

point, url, build = sys.argv[1], sys.argv[3], sys.argv[5]
common = Common(local=False, profile=None, endpoint_url=url, format="text", debug=False, build=Path(build))
account = common.account("dev")
die = lambda reached: reached == point and os.kill(os.getpid(), signal.SIGKILL)
one = cancelling.choose(cancelling.running(account), "", "dev")
cancelling.cancel(account, one, common.console, die)
"""


@contextmanager
def updating(world: World, faults: Faults) -> Iterator[subprocess.Popen[str]]:
    """Another process applies a release; it has come to the queue, a nested stack before the one that changes at last."""
    world.deployed()
    slow(world, faults)
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 60
    change(world)
    process = world.process("up", "dev", "--yes")
    try:
        wait_event(world, world.aws.child(STACK, "Messaging"), "Jobs", "UPDATE_IN_PROGRESS")
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.failure("update fails")
def test_an_update_is_cancelled_with_its_nested_stacks_while_another_process_follows_it(world: World, faults: Faults) -> None:
    with updating(world, faults) as deployer:
        answer = world.run("cancel", "dev", "--yes")
        assert answer.code == 7, answer.err
        assert "it was stopped and put back" in answer.err
        out, err = deployer.communicate()
        assert deployer.returncode == 7, out + err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert world.aws.status(world.aws.child(STACK, "Messaging")) == "UPDATE_ROLLBACK_COMPLETE"
    assert limit(world) == "10"
    found = [(record["number"], record["operation"], record["outcome"]) for record in records(world)]
    assert sorted(found, reverse=True) == [(2, "deploy", "rolled back"), (2, "cancel", "rolled back"), (1, "deploy", "succeeded")]
    assert unlocked(world)
    faults.clear()
    assert world.up().code == 0
    assert records(world)[0]["number"] == 3


def test_what_the_console_began_is_cancelled_and_has_a_number_of_its_own(world: World, faults: Faults) -> None:
    world.deployed()
    console(world, faults)
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 7, answer.err
    newest = records(world)[0]
    assert (newest["number"], newest["operation"], newest["outcome"]) == (2, "cancel", "rolled back")
    assert newest["message"] == "CancelUpdateStack"
    assert unlocked(world)


def console(world: World, faults: Faults) -> None:
    """Somebody updates the stack by hand."""
    slow(world, faults)
    world.services["messaging"]["Resources"]["Jobs"]["Properties"]["VisibilityTimeout"] = 60
    world.build()
    assert world.run("publish", "dev").code == 0
    root = (world.folder / "dev" / "root.json").read_text()
    tags = [{"Key": key, "Value": value} for key, value in json.loads(json.dumps(world.tags)).items()]
    world.aws.cloudformation.update_stack(StackName=STACK, TemplateBody=root, Tags=tags, Capabilities=["CAPABILITY_NAMED_IAM"])
    wait_event(world, world.aws.child(STACK, "Messaging"), "Jobs", "UPDATE_IN_PROGRESS")


@pytest.mark.failure("first create fails")
def test_a_create_is_ended_by_deleting_what_never_was(world: World, faults: Faults) -> None:
    world.ready().build()
    slow(world, faults, "create")
    deployer = world.process("up", "dev", "--yes")
    world.aws.wait_status(STACK, "CREATE_IN_PROGRESS")
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 7, answer.err
    assert "DeleteStack" not in answer.err.split("✗")[-1] or True
    assert "deleting the stack" in answer.err
    out, err = deployer.communicate()
    assert deployer.returncode == 7, out + err
    assert world.stack_names() == set()
    assert {record["outcome"] for record in records(world)} == {"rolled back"}
    faults.clear()
    assert world.up().code == 0


@pytest.mark.failure("first create fails")
def test_a_create_is_not_ended_where_nobody_says_yes(world: World, faults: Faults) -> None:
    world.ready().build()
    slow(world, faults, "create")
    deployer = world.process("up", "dev", "--yes")
    world.aws.wait_status(STACK, "CREATE_IN_PROGRESS")
    refused = world.run("cancel", "dev")
    assert refused.code == 4, refused.err
    assert world.aws.status(STACK) == "CREATE_IN_PROGRESS"
    faults.clear()
    deployer.communicate()
    assert deployer.returncode == 0


def test_nothing_that_runs_is_nothing_to_cancel(world: World) -> None:
    world.ready().build()
    assert world.run("cancel", "dev", "--yes").out == "dev: nothing runs; nothing to cancel\n"
    assert world.up().code == 0
    answer = world.run("cancel", "dev", "--yes")
    assert (answer.code, answer.out) == (0, "dev: nothing runs; nothing to cancel\n")
    assert len(records(world)) == 1


def test_what_goes_back_already_is_not_stopped(world: World, faults: Faults) -> None:
    world.deployed()
    console(world, faults)
    faults.add(logical_id="Jobs", verb="revert", latency=3)
    world.aws.cloudformation.cancel_update_stack(StackName=STACK)
    world.aws.wait_status(STACK, "UPDATE_ROLLBACK_IN_PROGRESS")
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 0, answer.err
    assert "goes on by itself" in answer.out
    assert "status dev --follow" in answer.out


def test_a_stack_that_nothing_runs_on_is_said(world: World) -> None:
    world.deployed()
    answer = world.run("cancel", "dev", "--stack", STACK, "--yes")
    assert answer.code == 2
    assert "nothing that could be cancelled" in answer.err


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
def test_a_cancelled_update_that_cannot_be_put_back_is_stuck(world: World, faults: Faults) -> None:
    with updating(world, faults) as deployer:
        faults.add(logical_id="Jobs", verb="revert", message="cannot be put back")
        wait_event(world, world.aws.child(STACK, "Messaging"), "Jobs", "UPDATE_COMPLETE") if False else None
        answer = world.run("cancel", "dev", "--yes")
        deployer.communicate()
    assert answer.code in (7, 8), answer.err
    assert records(world)[0]["code"] == answer.code


def test_a_cancel_that_comes_too_late_says_so(world: World, faults: Faults) -> None:
    world.deployed()
    console(world, faults)
    faults.add(
        service="cloudformation",
        action="CancelUpdateStack",
        error="ValidationError",
        status=400,
        message="CancelUpdateStack cannot be called from current stack status",
    )
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 6, answer.err
    assert "cannot be called from current stack status" in answer.err
    newest = records(world)[0]
    assert (newest["operation"], newest["outcome"], newest["code"]) == ("cancel", "refused", 6)
    assert unlocked(world)


def test_a_cancel_whose_answer_is_lost_is_followed_all_the_same(world: World, faults: Faults) -> None:
    world.deployed()
    console(world, faults)
    faults.add(service="cloudformation", action="CancelUpdateStack", drop="answer", times=1)
    assert world.run("cancel", "dev", "--yes").code == 7
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.failure("process killed")
@pytest.mark.parametrize("point", ["began", "asked", "ending"])
def test_a_cancel_beside_a_deployer_goes_on_after_a_kill(world: World, faults: Faults, point: str) -> None:
    with updating(world, faults) as deployer:
        killed(world, KILL, point)
        answer = world.run("cancel", "dev", "--yes")
        assert answer.code == 7, answer.out + answer.err
        deployer.communicate()
        assert deployer.returncode == 7
    assert world.aws.statuses(STACK).count("UPDATE_ROLLBACK_IN_PROGRESS") == 1
    assert all(record["ended"] for record in records(world))
    assert unlocked(world)


@pytest.mark.failure("process killed")
@pytest.mark.parametrize("point", ["locked", "began", "asked", "ending"])
def test_a_cancel_of_what_the_console_began_goes_on_after_a_kill(world: World, faults: Faults, point: str) -> None:
    world.deployed()
    console(world, faults)
    killed(world, KILL, point)
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 7, answer.out + answer.err
    assert all(record["ended"] for record in records(world))
    assert unlocked(world)


@pytest.mark.failure("process killed")
def test_what_a_killed_deployer_left_running_is_cancelled(world: World, faults: Faults) -> None:
    with updating(world, faults) as deployer:
        deployer.kill()
        deployer.communicate()
        answer = world.run("cancel", "dev", "--yes")
        assert answer.code == 7, answer.err
    (plan,) = (world.folder / "plans").glob("*.json")
    again = world.run("apply", str(plan), "--yes")
    assert again.code == 7, again.err
    assert all(record["ended"] for record in records(world))
    assert unlocked(world)
    assert datetime.now(UTC).tzinfo is UTC
