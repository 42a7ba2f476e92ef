"""What each check says of facts: a table a check, and what is lost at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from deploy.errors import Invalid
from deploy.failover.checks import CHECKS, judge, lost
from deploy.failover.facts import Capacity, Copies, Facts, Objects, Ringing, Unknown, Way
from deploy.record import CheckResult
from deploy.report.render import render

pytestmark = pytest.mark.row("R16")

HERE, THERE = "us-east-1", "us-west-2"
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OVER = Way(environment="prod", source=HERE, target=THERE, back=False)
BACK = Way(environment="prod", source=THERE, target=HERE, back=True)
NOTHING = Objects(operations=0, bytes=0, seconds=0, at=AT)
PASSED = CheckResult(check="http", name="GET /health", ok=True)
FAILED = CheckResult(check="http", name="GET /health", ok=False, reason="status 500")
SILENT = Unknown(reason="us-east-1 does not answer")
GOOD = Facts(
    way=OVER,
    at=AT,
    serving=HERE,
    objects=NOTHING,
    copies=Copies(states={HERE: "ACTIVE", THERE: "ACTIVE"}, milliseconds=400),
    capacity=Capacity(reserved={"tap-api-prod": (200, 200)}, limit=1000, free=600),
    ringing=Ringing(),
    releases={HERE: "a" * 64, THERE: "a" * 64},
    verified=(PASSED,),
    left={"tap-jobs-prod": 0},
)
OUT = {HERE: "AWS cannot be reached"}


def facts(**changes: Any) -> Facts:
    return msgspec.structs.replace(GOOD, **changes)


def states(found: Facts) -> dict[str, str]:
    return {one.check: one.state for one in judge(found).checks}


def test_where_all_is_well_every_check_says_so_and_nothing_is_lost() -> None:
    assert set(states(GOOD).values()) == {"ok"}
    assert len(states(GOOD)) == len(CHECKS)
    assert lost(GOOD) == ()
    assert set(states(facts(way=BACK, serving=THERE)).values()) == {"ok"}


CASES = [
    ("region", "warns", {"out": OUT}, "us-east-1 does not answer"),
    ("region", "refuses", {"out": {THERE: "no answer"}}, "us-west-2 does not answer"),
    ("region", "refuses", {"way": BACK, "out": {THERE: "no answer"}}, "us-west-2 does not answer"),
    ("objects", "warns", {"objects": msgspec.structs.replace(NOTHING, operations=3, bytes=4096, seconds=20)}, "3 operations, 4,096 bytes"),
    ("objects", "refuses", {"way": BACK, "objects": msgspec.structs.replace(NOTHING, operations=1)}, "1 operations"),
    ("objects", "warns", {"objects": msgspec.structs.replace(NOTHING, at=AT - timedelta(hours=1))}, "as of 60 minutes ago"),
    ("objects", "warns", {"objects": SILENT}, "at most what was written in the last 15 minutes"),
    ("objects", "refuses", {"way": BACK, "objects": SILENT}, "it is not known what S3 has still to copy"),
    ("table", "refuses", {"copies": Copies(states={HERE: "ACTIVE", THERE: "CREATING"})}, "its copy in us-west-2 is CREATING"),
    ("table", "refuses", {"copies": Copies(states={HERE: "ACTIVE"})}, "its copy in us-west-2 is not there"),
    ("table", "refuses", {"copies": SILENT}, "cannot be asked"),
    ("table", "warns", {"copies": Copies(states={THERE: "ACTIVE"}, milliseconds=90_000)}, "90,000 ms behind"),
    ("table", "refuses", {"way": BACK, "copies": Copies(states={HERE: "ACTIVE"}, milliseconds=90_000)}, "90,000 ms behind"),
    ("table", "ok", {"copies": Copies(states={THERE: "ACTIVE"})}, "nothing written lately"),
    ("table", "warns", {"out": OUT, "copies": Copies(states={THERE: "ACTIVE"})}, "usually it is less than 1 s"),
    ("capacity", "refuses", {"capacity": Capacity(reserved={"f": (200, 0)}, limit=1000, free=600)}, "which stops f"),
    ("capacity", "warns", {"capacity": Capacity(reserved={"f": (200, 50)}, limit=1000, free=600)}, "keeps less for 1 functions"),
    ("capacity", "warns", {"capacity": Capacity(reserved={"f": (200, None)}, limit=1000, free=600)}, "keeps less for 1 functions"),
    ("capacity", "ok", {"capacity": Capacity(reserved={"f": (None, 50)}, limit=1000, free=600)}, "600 of 1000"),
    ("capacity", "warns", {"capacity": Capacity(reserved={}, limit=1000, free=40)}, "40 are free"),
    ("capacity", "warns", {"capacity": SILENT}, "cannot be asked"),
    ("alarms", "refuses", {"ringing": Ringing(watching=("tap-release-prod",))}, "tap-release-prod"),
    ("alarms", "warns", {"ringing": Ringing(others=("tap-drift-prod",))}, "not for a release"),
    ("alarms", "warns", {"ringing": SILENT}, "cannot be asked"),
    ("release", "refuses", {"releases": {HERE: "a" * 64, THERE: "b" * 64}}, "us-west-2 runs bbbbbbbbbbbb"),
    ("release", "refuses", {"releases": {HERE: "a" * 64, THERE: ""}}, "nothing is deployed"),
    ("release", "refuses", {"releases": {HERE: "a" * 64, THERE: SILENT}}, "it is not known what is deployed"),
    ("release", "warns", {"releases": {HERE: SILENT, THERE: "a" * 64}}, "what us-east-1 runs cannot be asked"),
    ("serves", "refuses", {"verified": (PASSED, FAILED)}, "1 of 2 checks fail"),
    ("serves", "refuses", {"verified": (msgspec.structs.replace(PASSED, ok=None),)}, "1 of 1 checks fail"),
    ("serves", "warns", {"verified": ()}, "no check can be run"),
    ("serves", "refuses", {"verified": SILENT}, "cannot be run"),
    ("queues", "warns", {"left": {"tap-jobs-prod": 7, "tap-jobs-dead-prod": 1}}, "8 messages wait in us-east-1"),
    ("queues", "warns", {"left": SILENT}, "unknown: at most what was sent"),
    ("lock", "refuses", {"locks": ("us-west-2: apply by ann",)}, "somebody works"),
]


@pytest.mark.parametrize(("check", "state", "changes", "words"), CASES)
def test_a_check_says_what_is_so(check: str, state: str, changes: dict[str, Any], words: str) -> None:
    found = {one.check: one for one in judge(facts(**changes)).checks}[check]
    assert (found.state, words in found.words) == (state, True), found.words
    assert found.remedy or state != "refuses"


def test_what_is_not_asked_changes_no_other_check() -> None:
    for name in ("objects", "copies", "capacity", "ringing", "verified", "left"):
        others = states(facts(**{name: SILENT}))
        assert sum(state != "ok" for state in others.values()) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objects": msgspec.structs.replace(NOTHING, operations=3, seconds=20)}, "objects: 3 operations of the last 20 s"),
        ({"objects": SILENT}, "objects: those that us-east-1 took in the last 15 minutes"),
        ({"out": OUT, "copies": Copies(states={THERE: "ACTIVE"})}, "items: those written within about 1 s"),
        ({"out": OUT}, "items: those of the last 400 ms"),
        ({"copies": SILENT}, "items: it is not known"),
        ({"left": SILENT}, "jobs: those that wait in the queues of us-east-1"),
        ({"out": OUT, "left": {"q": 4}, "copies": Copies(states={THERE: "ACTIVE"}, milliseconds=0)}, "jobs: 4 messages in us-east-1"),
    ],
)
def test_what_is_lost_at_most_is_said(changes: dict[str, Any], words: str) -> None:
    assert any(one.startswith(words) for one in lost(facts(**changes))), lost(facts(**changes))


def test_a_refusal_that_somebody_takes_on_themselves_is_shown_as_such() -> None:
    found = judge(facts(verified=(FAILED,)), ("serves",))
    assert (found.refusing, {one.check: one.state for one in found.checks}["serves"]) == ((), "accepted")
    assert ", accepted" in render(found, "text")


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("nothing", {}, "there is no such check"),
        ("serves", {}, "it does not refuse"),
        ("region", {"out": {THERE: "no answer"}}, "nobody can take that on themselves"),
        ("lock", {"locks": ("ann",)}, "nobody can take that on themselves"),
    ],
)
def test_what_cannot_be_accepted_is_refused(name: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        judge(facts(**changes), (name,))


def test_it_is_there_where_traffic_goes_to_the_target() -> None:
    assert judge(facts(serving=THERE)).is_there
    assert not judge(GOOD).is_there
    assert not judge(facts(serving=SILENT)).is_there


def test_the_report_has_a_line_a_check_and_what_is_lost() -> None:
    text = render(judge(facts(out=OUT, left=SILENT)), "text")
    assert "Failover from us-east-1 to us-west-2  prod, traffic goes to us-east-1" in text
    assert all(f" {one.check} " in text for one in judge(GOOD).checks)
    assert "lost at most: jobs:" in text
    assert "lost at most: nothing" in render(judge(GOOD), "text")
    assert "Back from us-west-2 to us-east-1" in render(judge(facts(way=BACK)), "text")
