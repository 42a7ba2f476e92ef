"""Each gate by itself: when it holds, when it does not, and what it says then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.errors import Refused
from deploy.manifest import Freeze, Promotion, Window
from deploy.promotion.gates import FIRM, GATES, judged
from deploy.promotion.gates.intact import gaps
from deploy.promotion.ground import Approved, Differences, Ground, Seen
from deploy.promotion.moving import Asked, overridden
from deploy.promotion.verdict import Verdict
from deploy.record import CheckResult, Record, Running, StackState, StatusReport, TriggerState
from tests.report.samples import EVERYTHING, MANIFEST, NOTHING

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday
RELEASE, OLDER, OTHER = "a" * 64, "b" * 64, "c" * 64
ANN, BEN = "arn:aws:sts::444444444444:assumed-role/tap-operator-tools/ann", "arn:aws:sts::444444444444:assumed-role/tap-operator-tools/ben"


def record(number: int, release: str = RELEASE, *, ago: float = 300, previous: str = "", **more: Any) -> Record:
    """A deployment that ended ``ago`` minutes before now."""
    facts = {
        "operation": "deploy",
        "outcome": "succeeded",
        "code": 0,
        "manifest": "f" * 64,
        "checks": (CheckResult(check="http", name="GET /health", ok=True),),
        **more,
    }
    ended = NOW - timedelta(minutes=ago)
    facts.setdefault("ended", ended)
    return Record(
        number=number,
        environment="dev",
        by=ANN,
        host="laptop",
        began=ended - timedelta(minutes=5),
        release=release,
        previous=previous,
        **facts,
    )


def watched(state: Any) -> tuple[TriggerState, ...]:
    return (TriggerState(name="tap-gate-dev", state="OK"), TriggerState(name="tap-release-dev", state=state))


def report(environment: str = "dev", **more: Any) -> StatusReport:
    stack = StackState(name=f"tap-app-{environment}", region="us-east-1", status="UPDATE_COMPLETE", **more.pop("stack", {}))
    return StatusReport(environment=environment, account="1" * 12, region="us-east-1", at=NOW, stacks=(stack,), **more)


def rules(**values: Any) -> Promotion:
    usual: dict[str, Any] = {
        "bake_minutes": 60,
        "drift_hours": 24,
        "approvals": 0,
        "separate_approver": False,
        "windows": (),
        "freezes": (),
    }
    return Promotion(**{**usual, "production": False, **values})


def ground(rule: Promotion | None = None, **values: Any) -> Ground:
    """Where every gate holds, but for ``values``."""
    usual: dict[str, Any] = {
        "now": NOW,
        "release": RELEASE,
        "by": ANN,
        "source": report("dev"),
        "target": report("staging"),
        "manifest": msgspec.structs.replace(MANIFEST, promotion=rule or rules()),
        "source_records": (record(2, previous=OLDER), record(1, OLDER, ago=900)),
        "target_records": (record(1, OLDER, ago=600),),
        "drift": (Seen(environment="dev", at=NOW), Seen(environment="staging", at=NOW)),
        "alarms": watched("OK"),
        "plan": NOTHING,
    }
    return Ground(**{**usual, **values})


def said(gate: str, on: Ground) -> Verdict:
    return next(verdict for verdict in judged(on) if verdict.gate == gate)


def test_every_gate_is_asked_and_says_its_own_name() -> None:
    assert [verdict.gate for verdict in judged(ground())] == list(GATES)
    assert {verdict.state for verdict in judged(ground())} == {"holds"}
    assert set(GATES) >= FIRM


REFUSED: dict[str, tuple[str, Ground, str]] = {
    "nothing deployed": ("running", ground(source_records=()), "nothing is deployed in dev"),
    "another release runs": ("running", ground(release=OLDER), "dev runs aaaaaaaaaaaa, and bbbbbbbbbbbb was asked for"),
    "rolled back is not deployed": ("running", ground(source_records=(record(2, outcome="rolled back"),)), "nothing is deployed in dev"),
    "taken down": (
        "running",
        ground(source_records=(record(3, operation="destroy", manifest=""), record(2))),
        "nothing is deployed in dev",
    ),
    "at work": (
        "running",
        ground(source=report(running=Running(operation="apply", by=BEN, host="x", since=NOW))),
        "apply is at work on dev",
    ),
    "changed by the console": ("running", ground(source=report(stack={"moved": True})), "dev is not that release any more"),
    "stuck": ("running", ground(source=msgspec.structs.replace(report(), stacks=(StackState(name="s", region="r"),))), "not that release"),
    "unverified": ("bake", ground(source_records=(record(2, outcome="unverified"),)), "deployment 2 of dev was not verified"),
    "a check failed": (
        "bake",
        ground(source_records=(record(2, checks=(CheckResult(check="http", name="GET /", ok=False, reason="500"),)),)),
        "deployment 2 of dev was not verified",
    ),
    "too young": ("bake", ground(source_records=(record(2, ago=20),)), "it has run in dev for 20 min, and 1 h 0 min are asked for"),
    "an alarm rings": ("alarms", ground(alarms=watched("ALARM")), "alarms of dev are not quiet"),
    "an alarm is gone": ("alarms", ground(alarms=watched("MISSING")), "alarms of dev are not quiet"),
    "nothing watches": (
        "alarms",
        ground(alarms=()),
        "no alarm watches dev",
    ),
    "drift": ("drift", ground(drift=(Seen(environment="dev", at=NOW, drifted=("Messaging/Jobs: VisibilityTimeout",)),)), "is not proven"),
    "nobody looked": ("drift", ground(drift=(Seen(environment="dev"),)), "is not proven"),
    "an old look": ("drift", ground(drift=(Seen(environment="dev", at=NOW - timedelta(hours=25)),)), "is not proven"),
    "drift cannot be read": ("drift", ground(drift=(Seen(environment="dev", problem="denied"),)), "is not proven"),
    "a difference": ("parity", ground(parity=Differences(findings=("compute/Api: Timeout",))), "differ where no field explains it"),
    "no proof": ("parity", ground(parity=Differences(problem="the release has no proof")), "the release has no proof"),
    "no plan": ("plan", ground(plan=None, problem=Refused("bootstrap of staging", "it is not there", "bootstrap it")), "cannot be planned"),
    "a danger nobody accepted": ("plan", ground(plan=EVERYTHING), "accepted"),
    "outside the window": (
        "window",
        ground(rules(windows=(Window(days=("mon", "wed"), begin="08:00", end="16:00"),))),
        "staging takes no release on tue at 10:00 UTC",
    ),
    "after the window": ("window", ground(rules(windows=(Window(days=("tue",), begin="08:00", end="10:00"),))), "on tue at 10:00"),
    "frozen": (
        "window",
        ground(rules(freezes=(Freeze(first="2026-11-20", last="2026-11-24", reason="peak season"),))),
        "staging is frozen from 2026-11-20 to 2026-11-24: peak season",
    ),
    "not approved": ("approvals", ground(rules(approvals=1)), "staging asks for 1, and has 0"),
    "own approval": (
        "approvals",
        ground(rules(approvals=1, separate_approver=True), approvals=(Approved(environment="staging", release=RELEASE, by=ANN, at=NOW),)),
        "staging asks for 1, and has 0",
    ),
    "another release approved": (
        "approvals",
        ground(rules(approvals=1), approvals=(Approved(environment="staging", release=OTHER, by=BEN, at=NOW),)),
        "staging asks for 1, and has 0",
    ),
    "one person twice": (
        "approvals",
        ground(rules(approvals=2), approvals=(Approved(environment="staging", release=RELEASE, by=BEN, at=NOW),) * 2),
        "staging asks for 2, and has 1",
    ),
    "ahead": (
        "ahead",
        ground(
            source_records=(record(3, RELEASE, previous=OTHER), record(2, OTHER, previous=RELEASE, ago=500), record(1, RELEASE, ago=900)),
            target_records=(record(1, "d" * 64),),
        ),
        "which dev never had",
    ),
    "the target has a later one": (
        "ahead",
        ground(release=OLDER, target_records=(record(1, RELEASE),)),
        "which came to dev after",
    ),
    "a gap": ("ledger", ground(source_records=(record(3, previous=OTHER), record(2, OLDER, ago=900))), "does not tell one story"),
    "a manifest that is gone": ("ledger", ground(broken=("2: its manifest is gone",)), "does not tell one story"),
}


@pytest.mark.row("R08")
@pytest.mark.parametrize(("gate", "on", "words"), REFUSED.values(), ids=REFUSED)
def test_a_gate_refuses_in_words_and_says_what_to_do(gate: str, on: Ground, words: str) -> None:
    verdict = said(gate, on)
    assert verdict.state == "refuses"
    assert words in verdict.words
    assert verdict.remedy


HELD: dict[str, tuple[str, Ground, str]] = {
    "a repeated deployment keeps its age": (
        "bake",
        ground(source_records=(record(3, ago=5, previous=RELEASE), record(2, ago=300))),
        "run there for 5 h 0 min",
    ),
    "an alarm without data is said": ("alarms", ground(alarms=watched("INSUFFICIENT_DATA")), "2 alarms of dev are quiet"),
    "what cannot be checked is said": ("drift", ground(drift=(Seen(environment="dev", at=NOW, uncovered=3),)), "no drift"),
    "within the window": ("window", ground(rules(windows=(Window(days=("tue",), begin="10:00", end="10:01"),))), "within a change window"),
    "the day after a freeze": (
        "window",
        ground(rules(freezes=(Freeze(first="2026-11-20", last="2026-11-23", reason="x"),))),
        "at any time",
    ),
    "approved by another": (
        "approvals",
        ground(rules(approvals=1, separate_approver=True), approvals=(Approved(environment="staging", release=RELEASE, by=BEN, at=NOW),)),
        "approved by 1 of 1",
    ),
    "there already": ("ahead", ground(target_records=(record(1),)), "runs it already"),
    "nothing there yet": ("ahead", ground(target_records=()), "nothing is deployed in staging yet"),
    "a rollback in between": (
        "ledger",
        ground(source_records=(record(3, previous=OLDER), record(2, OTHER, outcome="rolled back", previous=OLDER), record(1, OLDER))),
        "tell one story",
    ),
}


@pytest.mark.parametrize(("gate", "on", "words"), HELD.values(), ids=HELD)
def test_a_gate_holds_and_says_why(gate: str, on: Ground, words: str) -> None:
    verdict = said(gate, on)
    assert verdict.state == "holds", verdict
    assert words in verdict.words


def test_an_approval_that_is_missing_is_open_while_nothing_is_moved() -> None:
    verdict = said("approvals", ground(rules(approvals=1), moves=False))
    assert verdict.state == "open"


@given(st.lists(st.sampled_from([RELEASE, OLDER, OTHER]), min_size=1, max_size=8))
def test_a_ledger_that_was_written_in_order_has_no_gap_and_one_that_lost_a_release_has(releases: list[str]) -> None:
    made = [
        record(number, release, previous=before) for number, (release, before) in enumerate(zip(releases, ["", *releases], strict=False), 1)
    ]
    assert gaps(tuple(reversed(made))) == ()
    for index in range(1, len(made) - 1):
        lost = made[:index] + made[index + 1 :]
        same = releases[index] == releases[index - 1]
        assert bool(gaps(tuple(reversed(lost)))) is not same


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("production", [False, True], ids=["elsewhere", "production"])
def test_what_gives_way_to_a_person_and_what_does_not(gate: str, production: bool) -> None:
    asked = Asked(overrides=(gate,), reason="an incident")
    refused = Verdict(gate=gate, state="refuses", words="no", remedy="mend it")
    firm = gate == "plan" or (production and gate in FIRM)
    verdict = overridden(refused, asked, production=production)
    assert (verdict.state, verdict.reason) == (("refuses", "") if firm else ("overridden", "an incident"))
    assert verdict.remedy.startswith("mend it")
    other = msgspec.structs.replace(refused, gate="luck")
    assert overridden(other, asked, production=production) == other
    held = msgspec.structs.replace(refused, state="holds")
    assert overridden(held, asked, production=production) == held
