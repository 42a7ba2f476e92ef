"""`recover`: what state, why, which ways out, and the one that is chosen, for every state that waits for a person."""

from __future__ import annotations

import json

import pytest

from deploy.status import Status
from tests.deploy.world import STACK, World, parameter, table
from tests.local.conftest import Faults
from tests.recovery.states import broken, failed_create, killed, limit, records, stuck, unlocked

KILL = """
import os, signal, sys
from pathlib import Path
from deploy import recovery
from deploy.commands.options import Common

option, point, url, build = sys.argv[1], sys.argv[2], sys.argv[4], sys.argv[6]
common = Common(local=False, profile=None, endpoint_url=url, format="text", debug=False, build=Path(build))
account = common.account("dev")
die = lambda reached: reached == point and os.kill(os.getpid(), signal.SIGKILL)
choice = recovery.Choice(option=option)
chosen = recovery.chosen(recovery.look(account), choice)
recovery.recover(account, chosen, choice, common.console, die)
"""


def test_nothing_is_in_the_way_of_what_runs(world: World) -> None:
    world.deployed()
    answer = world.run("recover", "dev")
    assert answer.code == 0
    assert "nothing is in the way" in answer.out


def test_an_environment_without_a_stack_has_nothing_to_recover(world: World) -> None:
    world.ready().build()
    answer = world.run("recover", "dev")
    assert (answer.code, "does not exist" in answer.out) == (0, True)


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
def test_it_says_the_state_the_cause_what_is_in_the_way_and_every_way_out(world: World, faults: Faults) -> None:
    stuck(world, faults)
    answer = world.run("recover", "dev")
    name = world.aws.stack(world.aws.child(STACK, "Compute"))["StackName"]
    assert answer.code == 8
    said = " ".join(answer.out.split())
    assert "UPDATE_ROLLBACK_FAILED" in said
    assert "began with: Compute/Last (AWS::SSM::Parameter): no more of these" in said
    assert f"Compute/Limit (AWS::SSM::Parameter; {name}.Limit): cannot be put back" in said
    for way in Status.UPDATE_ROLLBACK_FAILED.ways_out:
        assert way.command("dev") in said
        assert way.loses in said
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_FAILED", "nothing was chosen"
    assert len(records(world)) == 2, "nothing was done"
    (there,) = world.run("recover", "dev", "--format", "json").json["stacks"]
    assert [one["path"] for one in there["blockers"]] == ["Compute/Limit"]
    assert there["cause"]["path"] == ["Compute", "Last"]


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
def test_a_rollback_that_failed_is_continued_once_its_cause_is_mended(world: World, faults: Faults) -> None:
    stuck(world, faults, times=1)
    answer = world.run("recover", "dev", "--continue", "--yes")
    assert answer.code == 0, answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert limit(world) == "10"
    newest = records(world)[0]
    assert (newest["operation"], newest["outcome"], newest["number"]) == ("recover", "succeeded", 3)
    assert newest["stacks"][0] == {"stack": STACK, "before": "UPDATE_ROLLBACK_FAILED", "after": "UPDATE_ROLLBACK_COMPLETE"}
    assert newest["message"] == "--continue"
    assert unlocked(world)
    assert world.run("recover", "dev").code == 0
    faults.clear()
    assert world.up().code == 0, "a new operation may begin"


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
def test_a_rollback_that_fails_again_stays_stuck_and_says_what_is_in_the_way(world: World, faults: Faults) -> None:
    stuck(world, faults)
    answer = world.run("recover", "dev", "--continue", "--yes")
    assert answer.code == 8
    assert "Compute/Limit" in answer.err
    assert "cannot be put back" in answer.err
    assert (records(world)[0]["outcome"], unlocked(world)) == ("stuck", True)
    again = world.run("recover", "dev", "--format", "json")
    assert [one["path"] for one in again.json["stacks"][0]["blockers"]] == ["Compute/Limit"], "and why it began is known still"
    assert again.json["stacks"][0]["cause"]["path"] == ["Compute", "Last"]


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
@pytest.mark.parametrize("form", ["path", "aws", "dotted"])
def test_what_is_named_is_skipped_by_our_path_or_by_awss_name(world: World, faults: Faults, form: str) -> None:
    stuck(world, faults)
    nested = world.aws.stack(world.aws.child(STACK, "Compute"))["StackName"]
    name = {"path": "Compute/Limit", "aws": f"{nested}.Limit", "dotted": "Compute.Limit"}[form]
    answer = world.run("recover", "dev", "--skip", name, "--yes")
    assert answer.code == 0, answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert limit(world) == "20", "it stays as it is"


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
def test_force_leaves_whatever_cannot_be_put_back(world: World, faults: Faults) -> None:
    stuck(world, faults)
    answer = world.run("recover", "dev", "--force", "--yes")
    assert answer.code == 0, answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert limit(world) == "20"


@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(("--continue", "--force"), "two ways out", id="two at once"),
        pytest.param(("--skip", "Compute/Limit", "--force"), "two ways out", id="skip and force"),
        pytest.param(("--skip", "Compute/Target"), "Compute/Limit", id="what is not in the way"),
        pytest.param(("--skip", "Nothing"), "does not stand in the way", id="an unknown path"),
        pytest.param(("--roll-back",), "no way out of what is here", id="a way out of something else"),
        pytest.param(("--retain", "Compute/Limit"), "no way out of what is here", id="retain"),
        pytest.param(("--delete-failed-create",), "no way out of what is here", id="delete what succeeded"),
        pytest.param(("--continue", "--stack", "tap-other-dev"), "has no such stack", id="an unknown stack"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_asked_of_aws(world: World, faults: Faults, given: tuple[str, ...], words: str) -> None:
    stuck(world, faults)
    answer = world.run("recover", "dev", *given, "--yes")
    assert answer.code == 2, answer.err
    assert words in answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_FAILED"
    assert len(records(world)) == 2


def test_nobody_who_can_be_asked_is_a_refusal(world: World, faults: Faults) -> None:
    stuck(world, faults)
    answer = world.run("recover", "dev", "--continue")
    assert answer.code == 4
    assert "nobody can be asked" in answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_FAILED"


@pytest.mark.failure("first create fails")
def test_a_first_create_that_could_not_be_undone_is_deleted_when_that_is_chosen(world: World, faults: Faults) -> None:
    failed_create(world, faults)
    said = world.run("recover", "dev")
    assert said.code == 8
    assert "--delete-failed-create" in said.out
    assert "Compute/Limit" in said.out
    answer = world.run("recover", "dev", "--delete-failed-create", "--yes")
    assert answer.code == 0, answer.err
    assert world.stack_names() == set()
    newest = records(world)[0]
    assert (newest["operation"], newest["outcome"], newest["stacks"][0]["after"]) == ("recover", "succeeded", "DELETE_COMPLETE")
    faults.clear()
    assert world.up().code == 0


@pytest.mark.failure("first create fails")
def test_a_create_whose_rollback_was_switched_off_is_deleted_when_that_is_chosen(world: World, faults: Faults) -> None:
    world.ready()
    broken(world, faults)
    assert world.run("publish", "dev").code == 0
    assert world.aws.create(STACK, root(world), DisableRollback=True, Capabilities=["CAPABILITY_NAMED_IAM"]) == "CREATE_FAILED"
    assert world.run("plan", "dev").code == 8
    assert world.run("recover", "dev").code == 8
    answer = world.run("recover", "dev", "--delete-failed-create", "--yes")
    assert answer.code == 0, answer.err
    assert world.stack_names() == set()


def root(world: World) -> dict[str, object]:
    found: dict[str, object] = json.loads((world.folder / "dev" / "root.json").read_text())
    return found


@pytest.mark.failure("first create fails")
def test_the_empty_remains_of_a_create_go_by_choice_or_with_the_next_plan(world: World, faults: Faults) -> None:
    world.ready()
    assert broken(world, faults).up().code == 7
    assert world.aws.status(STACK) == "ROLLBACK_COMPLETE"
    said = world.run("recover", "dev")
    assert said.code == 0
    assert "python -m deploy plan dev" in said.out
    assert world.run("recover", "dev", "--delete-failed-create", "--yes").code == 0
    assert world.stack_names() == set()


@pytest.mark.failure("first create fails")
def test_a_protected_failed_create_is_not_deleted(world: World, faults: Faults) -> None:
    failed_create(world, faults)
    world.aws.cloudformation.update_termination_protection(StackName=STACK, EnableTerminationProtection=True)
    answer = world.run("recover", "dev", "--delete-failed-create", "--yes")
    assert answer.code == 4
    assert "termination protection" in answer.err
    assert world.aws.status(STACK) == "ROLLBACK_FAILED"


@pytest.mark.failure("first create fails")
def test_a_history_that_cannot_be_read_proves_nothing(world: World, faults: Faults) -> None:
    failed_create(world, faults)
    faults.add(service="cloudformation", action="DescribeStackEvents", error="AccessDenied", status=403, message="no", times=1)
    answer = world.run("recover", "dev", "--delete-failed-create", "--yes")
    assert answer.code == 4, answer.err
    assert "not proven" in answer.err
    assert world.aws.status(STACK) == "ROLLBACK_FAILED"


def test_an_update_whose_rollback_was_switched_off_is_rolled_back(world: World, faults: Faults) -> None:
    world.deployed()
    broken(world, faults)
    assert world.run("publish", "dev").code == 0
    assert world.aws.update(STACK, root(world), DisableRollback=True, Capabilities=["CAPABILITY_NAMED_IAM"]) == "UPDATE_FAILED"
    said = world.run("recover", "dev")
    assert said.code == 8
    assert "--roll-back" in said.out
    assert world.run("recover", "dev", "--delete-failed-create", "--yes").code == 2
    answer = world.run("recover", "dev", "--roll-back", "--yes")
    assert answer.code == 0, answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert limit(world) == "10"


def undeletable(world: World, faults: Faults, logical_id: str) -> None:
    """DELETE_FAILED: a destroy, with all losses accepted, that could not delete one resource."""
    world.deployed()
    faults.add(logical_id=logical_id, verb="delete", message="somebody uses it")
    answer = world.run("destroy", "dev", "--yes", "--allow-loss", "Messaging/Jobs", "--allow-loss", "Data/Items")
    assert answer.code == 8, answer.err
    assert world.aws.status(STACK) == "DELETE_FAILED"


@pytest.mark.failure("DELETE_FAILED")
def test_a_deletion_that_failed_is_ended_without_what_is_named(world: World, faults: Faults) -> None:
    undeletable(world, faults, "Items")
    said = world.run("recover", "dev")
    assert said.code == 8
    assert "--retain" in said.out
    assert "Data/Items" in said.out
    assert world.run("recover", "dev", "--retain", "Compute/Target", "--yes").code == 2
    answer = world.run("recover", "dev", "--retain", "Data/Items", "--yes")
    assert answer.code == 0, answer.err
    assert world.stack_names() == set()
    assert world.aws.client("dynamodb").list_tables()["TableNames"] == ["tap-items-dev"]
    newest = records(world)[0]
    assert (newest["operation"], newest["outcome"], newest["stacks"][0]["before"]) == ("recover", "succeeded", "DELETE_FAILED")
    assert world.run("status", "dev", "--format", "json").json["release"] == "", "nothing runs any more"


@pytest.mark.failure("DELETE_FAILED")
def test_a_deletion_is_not_gone_on_with_where_the_rest_holds_data(world: World, faults: Faults) -> None:
    """What destroy was told to lose is not known any more: the queue's messages are named again."""
    undeletable(world, faults, "Limit")
    answer = world.run("recover", "dev", "--retain", "Compute/Limit", "--yes")
    assert answer.code == 4, answer.err
    assert "destroy dev --retain Compute/Limit --allow-loss Messaging/Jobs" in answer.err
    assert world.aws.status(STACK) == "DELETE_FAILED"


@pytest.mark.failure("process killed")
@pytest.mark.failure("UPDATE_ROLLBACK_FAILED")
@pytest.mark.parametrize("point", ["locked", "began", "asked", "ending"])
def test_a_recovery_that_was_killed_goes_on_and_is_asked_of_aws_once(world: World, faults: Faults, point: str) -> None:
    stuck(world, faults, times=1)
    killed(world, KILL, "--continue", point)
    answer = world.run("recover", "dev", "--continue", "--yes")
    assert answer.code == 0, answer.out + answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert world.aws.statuses(STACK).count("UPDATE_ROLLBACK_IN_PROGRESS") == 2, "the update's own, and one more"
    assert all(record["ended"] for record in records(world))
    assert records(world)[0]["outcome"] == "succeeded"
    assert unlocked(world)


@pytest.mark.failure("process killed")
@pytest.mark.failure("first create fails")
@pytest.mark.parametrize("point", ["began", "asked", "ending"])
def test_a_deletion_that_was_killed_goes_on(world: World, faults: Faults, point: str) -> None:
    failed_create(world, faults)
    killed(world, KILL, "--delete-failed-create", point)
    answer = world.run("recover", "dev", "--delete-failed-create", "--yes")
    assert answer.code == 0, answer.out + answer.err
    assert world.stack_names() == set()
    assert all(record["ended"] for record in records(world))
    assert unlocked(world)


def test_an_answer_that_is_lost_on_its_way_is_no_second_recovery(world: World, faults: Faults) -> None:
    stuck(world, faults, times=1)
    faults.add(service="cloudformation", action="ContinueUpdateRollback", drop="answer", times=1)
    answer = world.run("recover", "dev", "--continue", "--yes")
    assert answer.code == 0, answer.err
    assert limit(world) == "10"


def test_a_stack_that_a_create_left_and_that_works_after_all_is_never_deleted(world: World) -> None:
    world.services["data"]["Resources"]["Items"] = table(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")
    world.services["compute"]["Resources"]["More"] = parameter("more")
    world.deployed()
    answer = world.run("recover", "dev", "--delete-failed-create", "--yes")
    assert answer.code == 2
    assert "UPDATE_COMPLETE" in answer.err or "CREATE_COMPLETE" in answer.err
    assert world.aws.status(STACK) == "CREATE_COMPLETE"
