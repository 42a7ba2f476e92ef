"""kill -9 at every point of every wave: the same command again ends with the same result, and nothing was asked for twice."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.local.conftest import REGION, Faults, wait
from tests.stacksets.world import NAME, Organization

pytestmark = pytest.mark.overlay

WAVES = ("canary", "first", "everyone")
POINTS = (
    "locked",
    "began",
    "created",
    *(f"{point}-{wave}" for wave in WAVES for point in ("intended", "asked", "ended", "passed")),
    "following",
    "ending",
    "ended",
)
"""Of `deploy.stacksets.rolling` and `waves`, after each of which something is left behind."""

SCRIPT = """
import os, signal, sys
from pathlib import Path
from deploy.commands.options import Common
from deploy.commands.sets import _account, load
from deploy.stacksets.home import Home
from deploy.stacksets.rolling import Rolling

path, point, url, build = sys.argv[1], sys.argv[2], sys.argv[4], sys.argv[6]
common = Common(local=False, profile=None, endpoint_url=url, format="text", debug=False, build=Path(build))
made = load(Path(path))
die = lambda reached: reached == point and os.kill(os.getpid(), signal.SIGKILL)
Rolling(home=Home(account=_account(common, made), stack_set=made.stack_set), plan=made, show=common.console, reached=die).run()
"""


def killed(organization: Organization, path: Path, point: str) -> None:
    process = organization.process(str(path), point, script=SCRIPT)
    out, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, out + err


@pytest.mark.failure("process killed")
@pytest.mark.parametrize("point", POINTS)
def test_a_first_rollout_goes_on_from_wherever_it_was_killed(organization: Organization, point: str) -> None:
    path = organization.ready().build().plan()
    killed(organization, path, point)
    answer = organization.run("apply", str(path), "--yes")
    assert answer.code == 0, answer.err
    assert [one["Action"] for one in organization.operations()] == ["CREATE"] * 3, "AWS was asked once for each wave"
    assert set(organization.instances().values()) == {"CURRENT"}
    assert len(organization.instances()) == 6
    (record,) = organization.run("status", NAME, "--format", "json").json["rollouts"]
    assert (record["outcome"], record["number"]) == ("succeeded", 1)
    assert [one["wave"] for one in record["waves"]] == list(WAVES)


@pytest.mark.failure("process killed")
@pytest.mark.parametrize("point", [point for point in POINTS if point != "created"])
def test_an_update_goes_on_from_wherever_it_was_killed(organization: Organization, point: str) -> None:
    organization.rolled_out()
    path = organization.build(parameters={"Size": "large"}).plan()
    killed(organization, path, point)
    assert organization.run("apply", str(path), "--yes").code == 0
    assert [one["Action"] for one in organization.operations()] == ["CREATE"] * 3 + ["UPDATE"] * 3
    assert {organization.size(member) for member in organization.members} == {"large"}


@pytest.mark.failure("process killed")
def test_killed_while_a_failing_wave_runs_the_next_run_reads_what_came_of_it(organization: Organization) -> None:
    path = organization.ready().build().plan()
    bad = organization.members[2]
    organization.take(bad)
    killed(organization, path, "asked-first")
    answer = organization.run("apply", str(path), "--yes")
    assert answer.code == 7
    assert f"{bad} {REGION}" in answer.err
    assert len(organization.operations()) == 2, "what failed was not tried again behind anybody's back"
    organization.give_back(bad)
    assert organization.run("apply", str(path), "--yes").code == 0
    assert set(organization.instances().values()) == {"CURRENT"}


@pytest.mark.failure("interrupt")
def test_an_interrupt_says_how_to_come_back_and_begins_no_other_wave(organization: Organization) -> None:
    path = organization.ready().build().plan()
    slow = Faults(url=organization.aws.url, account=organization.members[0])
    slow.add(resource="AWS::SQS::Queue", latency=2.0)
    process = organization.process("stackset", "apply", str(path), "--yes")
    wait(lambda: bool(_operations(organization)), "the canary wave to begin")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    slow.clear()
    assert process.returncode == 130, out + err
    assert "AWS goes on, and no other wave is begun" in err
    assert len(organization.instances()) == 1
    assert organization.run("apply", str(path), "--yes").code == 0
    assert len(organization.instances()) == 6
    assert len(organization.operations()) == 3


def _operations(organization: Organization) -> list[object]:
    try:
        return list(organization.operations())
    except organization.api.exceptions.StackSetNotFoundException:
        return []
