"""The first region is out: what can still be said, what moves, what a killed run leaves, and the way back.

The region that is out is told with the overlay's fault: connections there close before anything is done.
"""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from deploy.manifest import Setting
from tests.deploy.pair import FAR
from tests.deploy.world import ENVIRONMENT, parameter
from tests.failover.conftest import ACTIVE, TABLE, Twin
from tests.failover.test_story import history
from tests.local.conftest import REGION, Faults

pytestmark = [pytest.mark.row("R16"), pytest.mark.overlay]


def states(answer: Any) -> dict[str, str]:
    return {one["check"]: one["state"] for one in answer.json["checks"]}


@pytest.mark.failure("a region is out")
def test_what_cannot_be_asked_is_said_with_its_bound_and_stops_nothing(twin: Twin, faults: Faults) -> None:
    faults.region_out(REGION)
    answer = twin.run("failover", ENVIRONMENT, "--dry-run", "--format", "json")
    assert answer.code == 0, answer.out + answer.err
    found = states(answer)
    assert [found[name] for name in ("region", "release", "queues", "table")] == ["warns"] * 4
    assert [found[name] for name in ("objects", "serves", "alarms", "lock")] == ["ok"] * 4
    assert any("items: those written within about 1 s" in words for words in answer.json["lost"])
    assert any("jobs: those that wait in the queues of us-east-1" in words for words in answer.json["lost"])


def test_traffic_moves_while_nothing_of_the_first_region_answers_and_comes_back_with_what_was_written(twin: Twin, faults: Faults) -> None:
    twin.aws.client("dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "before"}})
    faults.region_out(REGION)
    moved = twin.run("failover", ENVIRONMENT, "--yes")
    assert moved.code == 0, moved.out + moved.err
    assert twin.switch() == "ALARM"
    there = twin.aws.client("dynamodb", FAR)
    assert "Item" in there.get_item(TableName=TABLE, Key={"id": {"S": "before"}})
    there.put_item(TableName=TABLE, Item={"id": {"S": "meanwhile"}})
    status = twin.run("status", ENVIRONMENT)
    assert status.code == 0, status.err
    assert f"{REGION} does not answer" in status.out
    assert f"goes to {FAR}" in status.out
    refused = twin.run("failover", ENVIRONMENT, "--back", "--yes")
    assert refused.code == 4
    assert f"{REGION} does not answer" in refused.err
    faults.region_back(REGION)
    twin.pending(0, back=True)
    back = twin.run("failover", ENVIRONMENT, "--back", "--yes")
    assert back.code == 0, back.out + back.err
    assert "Item" in twin.aws.client("dynamodb").get_item(TableName=TABLE, Key={"id": {"S": "meanwhile"}})
    assert [one["outcome"] for one in history(twin, FAR)] == ["succeeded", "succeeded"]


def test_with_a_distribution_its_stack_follows_from_what_lies_in_its_own_region(edged: Twin, faults: Faults) -> None:
    assert edged.value("/tap/dev/leads-to", FAR) == REGION
    faults.region_out(REGION)
    moved = edged.run("failover", ENVIRONMENT, "--yes")
    assert moved.code == 0, moved.out + moved.err
    assert edged.value(ACTIVE, FAR) == edged.value("/tap/dev/leads-to", FAR) == FAR
    faults.region_back(REGION)
    edged.pending(0, back=True)
    back = edged.run("failover", ENVIRONMENT, "--back", "--yes")
    assert back.code == 0, back.out + back.err
    assert edged.value("/tap/dev/leads-to", FAR) == REGION
    assert "No changes" in edged.up().out


def test_a_standby_that_is_out_itself_is_refused(twin: Twin, faults: Faults) -> None:
    faults.region_out(FAR)
    answer = twin.run("failover", ENVIRONMENT, "--yes")
    assert answer.code in (4, 75), answer.err
    assert FAR in answer.err


def test_what_operators_set_meanwhile_goes_to_the_standby_and_both_are_written_once_the_region_is_back(twin: Twin, faults: Faults) -> None:
    twin.settings = (Setting(name="page-limit", type="number", description="how many", default="50", minimum=1, maximum=1000),)
    for services in (twin.services["compute"], twin.copies):
        services["Resources"]["PageLimit"] = parameter("50", "/tap/dev/config/page-limit")
    assert twin.build().up().code == 0
    name = "/tap/dev/config/set/page-limit"
    given = ("config", "set", ENVIRONMENT, "page-limit", "20", "--yes")
    early = twin.run(*given, "--standby")
    assert early.code == 4
    assert f"{REGION} answers" in early.err
    faults.region_out(REGION)
    refused = twin.run(*given)
    assert refused.code == 75, refused.err
    answer = twin.run(*given, "--standby", "--reason", "few pages while one region serves")
    assert answer.code == 0, answer.out + answer.err
    assert f"{FAR} alone gets it" in answer.err
    assert twin.value(name, FAR) == "20"
    faults.region_back(REGION)
    assert twin.value(name) == ""
    assert f"{FAR} has 20, version 1" in twin.run("config", "list", ENVIRONMENT).out
    assert twin.run(*given).code == 0
    assert (twin.value(name), twin.value(name, FAR)) == ("20", "20")
    faults.region_out(REGION)
    assert twin.run("config", "unset", ENVIRONMENT, "page-limit", "--standby", "--yes").code == 0
    assert twin.value(name, FAR) == ""
    assert [(one["operation"], one["outcome"]) for one in history(twin, FAR, changes=True)] == [
        ("config unset", "succeeded"),
        ("config set", "succeeded"),
    ]


def test_an_environment_of_one_region_has_no_standby_to_set_anything_in(twin: Twin) -> None:
    path = twin.folder / ENVIRONMENT / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"failover": None}))
    answer = twin.run("config", "set", ENVIRONMENT, "page-limit", "20", "--standby", "--yes")
    assert answer.code == 4
    assert "it has one region" in answer.err


SCRIPT = """
import os, signal, sys
from deploy.failover import moving

point, real = sys.argv.pop(1), moving.Failover.__init__

def dies(self, **given):
    def reached(here):
        if here == point:
            os.kill(os.getpid(), signal.SIGKILL)
    real(self, **given, reached=reached)

moving.Failover.__init__ = dies
from deploy.command import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.failure("process killed")
@pytest.mark.parametrize("point", ["began", "switched", "named", "moved", "ended"])
def test_killed_wherever_the_same_command_finishes(edged: Twin, faults: Faults, point: str) -> None:
    faults.region_out(REGION)
    process = edged.process(point, "failover", ENVIRONMENT, "--yes", script=SCRIPT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, out + err
    again = edged.run("failover", ENVIRONMENT, "--yes")
    assert again.code == 0, again.out + again.err
    assert edged.switch() == "ALARM"
    assert edged.value("/tap/dev/leads-to", FAR) == FAR
    ended = [one for one in history(edged, FAR) if one["operation"] == "failover" and not one["manifest"]]
    assert [one["outcome"] for one in ended] == ["succeeded"]
