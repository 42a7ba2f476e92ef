"""`status --follow`: an operation that somebody else began is followed, and recorded where it would have no record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.deploy.test_trouble import held
from tests.deploy.world import STACK, World
from tests.local.conftest import Faults
from tests.recovery.states import another, at_the_queue, by_hand, change, in_steps, last_plan, limit, records, slow, unlocked, wait_event


def console(world: World, faults: Faults, seconds: float = 1.5) -> None:
    """Somebody updates the stack in the console, which takes its time."""
    faults.add(logical_id="Limit", verb="update", latency=seconds)
    by_hand(change(world))


def failing(world: World, faults: Faults) -> None:
    """What comes after the parameter cannot be updated."""
    world.services["compute"]["Resources"]["Target"]["DependsOn"] = "Limit"
    world.deployed()
    faults.add(logical_id="Target", verb="update", message="not today")
    world.services["compute"]["Resources"]["Target"]["Properties"]["Description"] = "another"
    console(world, faults)


def test_what_the_console_began_is_followed_shown_and_recorded(world: World, faults: Faults) -> None:
    world.deployed()
    console(world, faults)
    answer = world.run("status", "dev", "--follow")
    assert answer.code == 0, answer.err
    assert "Compute/Limit" in answer.err, "it is shown as it happens"
    newest = records(world)[0]
    assert (newest["operation"], newest["number"], newest["outcome"]) == ("observed", 2, "succeeded")
    assert newest["stacks"] == [{"stack": STACK, "before": "CREATE_COMPLETE", "after": "UPDATE_COMPLETE"}]
    assert "Console-UpdateStack-1" in newest["message"]
    assert "Compute/Limit" in world.run("history", "dev", "--events", "2").out
    assert limit(world) == "20"
    assert unlocked(world)


@pytest.mark.failure("update fails")
def test_it_exits_as_the_operation_ends(world: World, faults: Faults) -> None:
    failing(world, faults)
    answer = world.run("status", "dev", "--follow")
    assert answer.code == 7, answer.err
    assert "not today" in answer.err
    assert records(world)[0]["outcome"] == "rolled back"


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
def test_it_says_that_a_person_decides(world: World, faults: Faults) -> None:
    faults.add(logical_id="Limit", verb="revert", message="cannot be put back")
    failing(world, faults)
    answer = world.run("status", "dev", "--follow")
    assert answer.code == 8, answer.err
    assert "python -m deploy recover dev" in answer.err
    assert records(world)[0]["outcome"] == "stuck"


@pytest.mark.failure("process killed")
def test_what_a_dead_process_began_is_followed_and_keeps_the_record_that_it_has(world: World, faults: Faults) -> None:
    in_steps(world)
    slow(faults)
    another(world)
    process = world.process("up", "dev", "--yes")
    at_the_queue(world)
    process.kill()
    process.communicate()
    answer = world.run("status", "dev", "--follow")
    assert answer.code == 0, answer.err
    assert "following tap-app-dev: deploy 2 by " in answer.err
    assert "#2 deploy" in answer.out
    assert [record["operation"] for record in records(world)] == ["deploy", "deploy"]
    assert world.run("apply", last_plan(world), "--yes").code == 0
    assert records(world)[0]["outcome"] == "succeeded"


def test_two_who_look_write_one_record(world: World, faults: Faults) -> None:
    world.deployed()
    console(world, faults, seconds=4)
    wait_event(world, STACK, "Compute", "UPDATE_IN_PROGRESS")
    other = world.process("status", "dev", "--follow")
    assert world.run("status", "dev", "--follow").code == 0
    out, err = other.communicate()
    assert other.returncode == 0, out + err
    assert [record["operation"] for record in records(world)].count("observed") == 1


def test_nothing_that_runs_is_said(world: World) -> None:
    world.deployed()
    answer = world.run("status", "dev", "--follow")
    assert (answer.code, answer.out) == (0, "dev: nothing runs; nothing to follow\n")


def test_a_deletion_by_hand_leaves_nothing_that_runs(world: World, faults: Faults) -> None:
    world.deployed()
    faults.add(logical_id="Limit", verb="delete", latency=1.5)
    world.aws.cloudformation.delete_stack(StackName=STACK)
    world.aws.wait_status(STACK, "DELETE_IN_PROGRESS")
    answer = world.run("status", "dev", "--follow")
    assert answer.code == 0, answer.err
    assert records(world)[0]["stacks"][0]["after"] == "DELETE_COMPLETE"
    assert world.run("status", "dev", "--format", "json").json["release"] == ""


@pytest.mark.parametrize("names", [(), ("dev", "dev")])
def test_one_environment_is_followed(world: World, names: tuple[str, ...]) -> None:
    world.build()
    answer = world.run("status", *names, "--follow")
    assert answer.code == 2
    assert "--follow" in answer.err


def test_a_lock_that_somebody_has_is_no_obstacle_to_following(world: World, faults: Faults) -> None:
    world.deployed()
    console(world, faults)
    held(world, until=datetime.now(UTC) + timedelta(minutes=5))
    answer = world.run("status", "dev", "--follow")
    assert answer.code == 0, answer.err
    assert "not recorded" in answer.err
    assert [record["operation"] for record in records(world)] == ["deploy"]
