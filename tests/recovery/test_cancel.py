"""`cancel`: what runs is stopped the right way for its state, beside whoever began it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.deploy.world import STACK, World, gate_state, table
from tests.local.conftest import Faults
from tests.recovery.states import (
    another,
    at_the_queue,
    by_hand,
    in_steps,
    killed,
    last_plan,
    limit,
    records,
    slow,
    unlocked,
    wait_event,
)

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
    """Another process applies a release, and has come to the queue."""
    in_steps(world)
    slow(faults)
    another(world)
    process = world.process("up", "dev", "--yes")
    try:
        at_the_queue(world)
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
    console(world, faults)
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 7, answer.err
    newest = records(world)[0]
    assert (newest["number"], newest["operation"], newest["outcome"]) == (2, "cancel", "rolled back")
    assert newest["message"] == "CancelUpdateStack"
    assert unlocked(world)


def console(world: World, faults: Faults) -> None:
    """Somebody updates the stack in the console, and it has come to the queue."""
    in_steps(world)
    slow(faults)
    by_hand(another(world))
    at_the_queue(world)


@pytest.mark.overlay
@pytest.mark.failure("first create fails")
def test_a_create_is_undone_by_closing_the_gate_and_nothing_is_left(world: World, faults: Faults) -> None:
    deployer = creating(world, faults)
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 7, answer.err
    assert "close the deployment gate" in answer.err
    out, err = deployer.communicate()
    assert deployer.returncode == 7, out + err
    assert world.aws.status(STACK) == "ROLLBACK_COMPLETE"
    # A nested stack that the change set announced, and whose turn had not come, holds nothing.
    assert {world.aws.status(name) for name in world.stack_names()} <= {"ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"}
    found = [(record["operation"], record["outcome"]) for record in records(world)]
    assert sorted(found) == [("cancel", "rolled back"), ("deploy", "rolled back")]
    assert gate_state(world) == "OK"
    faults.clear()
    assert world.up().code == 0


@pytest.mark.failure("first create fails")
@pytest.mark.parametrize("point", ["began", "asked", "ending"])
def test_the_cancel_of_a_create_goes_on_after_a_kill(world: World, faults: Faults, point: str) -> None:
    deployer = creating(world, faults)
    killed(world, KILL, point)
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 7, answer.err
    deployer.communicate()
    assert deployer.returncode == 7
    assert world.aws.status(STACK) == "ROLLBACK_COMPLETE"
    assert gate_state(world) == "OK"


@pytest.mark.failure("first create fails")
def test_a_create_that_no_gate_watches_is_deleted_and_what_it_leaves_is_named(world: World, faults: Faults) -> None:
    world.services["data"]["Resources"]["Items"] = table(DeletionPolicy="Retain")
    world.ready().build()
    slow(faults, "create")
    by_hand(world, create=True)
    wait_event(world, world.aws.child(STACK, "Data"), "Items", "CREATE_COMPLETE")
    answer = world.run("cancel", "dev", "--yes")
    assert answer.code == 7, answer.err
    assert "deleting the stack" in answer.err
    assert "left behind: Data/Items (tap-items-dev)" in answer.err


def creating(world: World, faults: Faults) -> subprocess.Popen[str]:
    """Another process creates the environment, and AWS is slow."""
    world.ready().build()
    slow(faults, "create")
    deployer = world.process("apply", str(world.plan()), "--yes")
    world.aws.wait_status(STACK, "CREATE_IN_PROGRESS")
    return deployer


@pytest.mark.failure("first create fails")
def test_a_create_is_not_ended_where_nobody_says_yes(world: World, faults: Faults) -> None:
    world.ready().build()
    slow(faults, "create")
    deployer = world.process("apply", str(world.plan()), "--yes")
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
    console(world, faults)
    faults.add(logical_id="Before", verb="revert", latency=3)
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
        faults.add(logical_id="Before", verb="revert", message="cannot be put back")
        answer = world.run("cancel", "dev", "--yes")
        assert answer.code == 8, answer.err
        assert "Messaging/Before" in answer.err
        assert "python -m deploy recover dev" in answer.err
        deployer.communicate()
        assert deployer.returncode == 8
    assert {record["outcome"] for record in records(world)[:2]} == {"stuck"}


def test_a_cancel_that_comes_too_late_says_so(world: World, faults: Faults) -> None:
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
    again = world.run("apply", last_plan(world), "--yes")
    assert again.code == 7, again.err
    assert all(record["ended"] for record in records(world))
    assert unlocked(world)
