"""The command itself: help, completion, formats, status, diff, destroy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.commands import VERBS
from deploy.state import SKEW
from tests.conftest import ROOT
from tests.deploy.world import STACK, World, parameter, table
from tests.local.conftest import Faults, wait
from tests.recovery.states import by_hand

ALL = [name for verbs in VERBS.values() for name in verbs]
HEAVY = ("boto3", "botocore", "rich", "troposphere", "cfnlint", "yaml")


def python(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_help_imports_nothing_that_costs() -> None:
    script = f"import sys; from deploy.__main__ import run; code = run(['--help']); sys.exit(code or any(name in sys.modules for name in {HEAVY!r}))"
    done = python("-c", script)
    assert done.returncode == 0, done.stderr
    for section, verbs in VERBS.items():
        assert section in done.stdout
        for name, text in verbs.items():
            assert name in done.stdout
            assert " ".join(text.split()[:3]) in done.stdout


@pytest.mark.parametrize("verb", ALL)
def test_every_verb_says_what_it_does_and_gives_an_example(verb: str) -> None:
    done = python("-m", "deploy", verb, "--help")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    assert "Example:" in said
    assert f"python -m deploy {verb}" in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_learns_the_verbs(shell: str) -> None:
    done = python("-m", "deploy", "completion", shell)
    assert done.returncode == 0
    assert f"_TAPLINE_COMPLETE={shell}_complete" in done.stdout
    assert "python -m deploy" in done.stdout
    asked = python("-m", "deploy", _TAPLINE_COMPLETE="bash_complete", COMP_WORDS="tapline pl", COMP_CWORD="1")
    assert asked.stdout == "plain,plan\n"


def test_a_verb_without_a_local_aws_to_reach_says_what_to_do(tmp_path: Path) -> None:
    done = python("-m", "deploy", "local", "status", TAPLINE_LOCAL=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "not running\n")
    reset = python("-m", "deploy", "local", "reset", TAPLINE_LOCAL=str(tmp_path))
    assert reset.returncode == 2
    assert "python -m deploy local start" in reset.stderr


def test_status_says_what_runs_and_what_watches_it(world: World) -> None:
    world.ready().build()
    before = world.run("status", "dev", "--format", "json").json
    assert (before["release"], before["stacks"][0]["status"]) == ("", "")
    assert world.up().code == 0
    said = world.run("status", "dev", "--format", "json").json
    assert said["commit"] == world.commit
    assert said["stacks"][0]["status"] == "CREATE_COMPLETE"
    assert said["stacks"][0]["policy"] is True
    assert said["stacks"][0]["triggers"][0]["name"] == "tap-gate-dev"
    assert said["last"]["outcome"] == "succeeded"
    assert said["running"] is None
    text = world.run("status").out
    assert "tap-app-dev" in text
    assert "CREATE_COMPLETE" in text


def test_status_says_that_somebody_else_has_changed_a_stack_since(world: World) -> None:
    world.deployed()
    assert world.run("status", "dev", "--format", "json").json["stacks"][0]["moved"] is False
    time.sleep(SKEW.total_seconds() + 1)
    world.services["compute"]["Resources"]["Limit"] = parameter("20", "/tap/dev/limit")
    by_hand(world.build())
    world.aws.wait_status(STACK, "UPDATE_COMPLETE")
    assert world.run("status", "dev", "--format", "json").json["stacks"][0]["moved"] is True
    assert "tap-app-dev was changed since by something else" in world.run("status", "dev").out


def test_a_diff_needs_no_change_set_and_knows_its_services(world: World) -> None:
    world.deployed()
    assert world.run("diff", "dev", "--detailed-exitcode").code == 0
    world.services["compute"]["Resources"]["Limit"] = parameter("20", "/tap/dev/limit")
    world.build()
    answer = world.run("diff", "dev", "--service", "compute", "--detailed-exitcode")
    assert answer.code == 3
    assert '-        "Value": "10"' in answer.out
    assert '+        "Value": "20"' in answer.out
    assert world.run("diff", "dev", "--service", "data", "--detailed-exitcode").code == 0
    assert world.change_sets() == []


def test_a_plan_can_be_read_as_markdown_and_as_json(world: World) -> None:
    world.ready().build()
    markdown = world.run("plan", "dev", "--format", "markdown")
    assert "<details>" in markdown.out
    said = world.run("plan", "dev", "--format", "json")
    assert said.json["environment" if "environment" in said.json else "manifest"]
    for line in said.err.splitlines():
        json.loads(line)


def test_an_error_is_json_where_json_is_asked_for(world: World) -> None:
    answer = world.run("plan", "nowhere", "--format", "json")
    assert answer.code == 2
    said = json.loads(answer.err.splitlines()[-1])
    assert said["code"] == 2
    assert "nowhere" in json.dumps(said)


@pytest.mark.failure("interrupt")
def test_an_interrupt_while_planning_leaves_nothing_behind(world: World, faults: Faults) -> None:
    world.ready().build()
    faults.add(service="cloudformation", action="DescribeChangeSet", latency=4)
    process = world.process("plan", "dev")
    wait(lambda: STACK in world.stack_names() and bool(world.change_sets()), "the change set")
    process.send_signal(signal.SIGINT)
    faults.clear()
    process.communicate()
    assert process.returncode == 130
    assert world.stack_names() == set()


@pytest.mark.failure("disk full")
def test_a_plan_that_cannot_be_written_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    """A file where the folder should be stands for a disk that takes nothing; the unit tests fill a real one."""
    world.ready().build()
    blocked = tmp_path / "file"
    blocked.write_text("")
    answer = world.run("plan", "dev", "--out", str(blocked / "plan.json"))
    assert answer.code == 75
    assert "cannot be written" in answer.err
    assert world.stack_names() == set()


def test_a_plan_is_not_written_over_what_is_no_file(world: World, tmp_path: Path) -> None:
    world.ready().build()
    answer = world.run("plan", "dev", "--out", os.devnull)
    assert answer.code == 2
    assert not Path(os.devnull).is_file()
    assert world.stack_names() == set()


def test_destroy_says_what_stays_and_asks_for_what_goes(world: World) -> None:
    world.services["data"]["Resources"]["Items"] = table(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")
    world.deployed()
    refused = world.run("destroy", "dev", "--yes")
    assert refused.code == 4
    assert "--allow-loss Messaging/Jobs" in refused.err
    assert "Data/Items" not in refused.err.split("accept it")[0].split("✗")[-1]
    answer = world.run("destroy", "dev", "--yes", "--allow-loss", "Messaging/Jobs")
    assert answer.code == 0, answer.err
    assert world.stack_names() == set()
    assert world.aws.client("dynamodb").list_tables()["TableNames"] == ["tap-items-dev"]
    assert world.run("history", "dev", "--format", "json").json["records"][0]["operation"] == "destroy"
    assert world.run("destroy", "dev", "--yes").out.endswith("nothing to do\n")


def test_destroy_refuses_a_protected_stack(world: World) -> None:
    world.protected = True
    world.deployed()
    answer = world.run("destroy", "dev", "--yes", "--allow-loss", "Messaging/Jobs", "--allow-loss", "Data/Items")
    assert answer.code == 4
    assert "termination_protection" in answer.err


@pytest.mark.failure("DELETE_FAILED")
def test_a_deletion_that_fails_names_what_blocks_it_and_retains_only_what_is_named(world: World, faults: Faults) -> None:
    world.deployed()
    faults.add(resource="AWS::SSM::Parameter", logical_id="Limit", verb="delete", times=1, message="somebody still uses it")
    losses = ("--allow-loss", "Messaging/Jobs", "--allow-loss", "Data/Items")
    failed = world.run("destroy", "dev", "--yes", *losses)
    assert failed.code == 8, failed.err
    assert "Compute/Limit" in failed.err
    assert "somebody still uses it" in failed.err
    mistaken = world.run("destroy", "dev", "--yes", *losses, "--retain", "Compute/Target")
    assert mistaken.code == 2
    answer = world.run("destroy", "dev", "--yes", *losses, "--retain", "Compute/Limit")
    assert answer.code == 0, answer.err
    assert world.stack_names() == set()
    assert world.aws.client("ssm").get_parameter(Name="/tap/dev/limit")["Parameter"]["Value"] == "10"
