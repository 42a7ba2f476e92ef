"""What StackSets may still ask for never goes: on any history of their rollouts, and whatever their instances are."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import manifest as contract
from deploy.clearing.choice import Facts, Thing, choose
from deploy.earlier import SETS, before
from deploy.errors import Refused
from deploy.record import Record
from tests.clearing.histories import BUCKET, DAY, START, Made, digest, made

OUTCOMES = ("succeeded", "succeeded", "failed", "rolled back", "nothing to do", "unknown")


def declared(name: str, template: str) -> contract.StackSet:
    wave = contract.Wave(name="all", accounts=("555555555555",), regions=("us-east-1",), preferences=contract.Preferences())
    return contract.StackSet(
        name=name,
        set_name=f"tap-{name}-tools",
        description="A set",
        region="us-east-1",
        template=template,
        capabilities=(),
        permission_model="SELF_MANAGED",
        plan_role="tap-reach-plan-tools",
        parameters={},
        waves=(wave,),
        tags={},
    )


def release(number: int, templates: frozenset[int], assets: frozenset[int]) -> Made:
    """A release of the tools account: its set's template is its own root, or one that several share."""
    one = made(number, templates, assets)
    manifest = msgspec.structs.replace(one.manifest, environment="tools", stack_sets=(declared("baseline", "root"),))
    return Made(number, manifest, contract.encode(manifest))


def rolled(number: int, one: Made, outcome: str, age: timedelta) -> Record:
    facts = {"number": number, "operation": "stackset", "environment": "tools", "by": "ann", "host": "here", "plan": f"{number:064x}"}
    began = START + 100 * DAY - age
    ended = None if outcome == "unknown" else began
    more = {"manifest": one.digest, "release": digest(1000 + one.number), "outcome": outcome, "began": began, "ended": ended}
    return msgspec.convert({**facts, **more}, Record)


shapes = st.tuples(st.frozensets(st.integers(0, 5), max_size=3), st.frozensets(st.integers(10, 13), max_size=2))


@pytest.mark.row("R26")
@settings(max_examples=200, deadline=None)
@given(
    made_of=st.lists(shapes, min_size=1, max_size=6),
    steps=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(OUTCOMES), st.integers(2, 90)), max_size=8),
    running=st.integers(0, 5),
    unsettled=st.booleans(),
    keep=st.integers(1, 3),
    days=st.integers(1, 60),
)
def test_nothing_that_a_set_may_ask_for_goes(
    made_of: list[tuple[frozenset[int], frozenset[int]]],
    steps: list[tuple[int, str, int]],
    running: int,
    unsettled: bool,
    keep: int,
    days: int,
) -> None:
    builds = [release(number, *shape) for number, shape in enumerate(made_of)]
    now = START + 100 * DAY
    times = sorted((age for _, _, age in steps), reverse=True)
    records = [
        rolled(number, builds[which % len(builds)], outcome, timedelta(days=age))
        for number, ((which, outcome, _), age) in enumerate(zip(steps, times, strict=True), 1)
    ]
    stands = builds[running % len(builds)]
    written = {key for build in builds for key in build.keys}
    facts = Facts(
        environment="tools",
        now=now,
        keep=keep,
        days=days,
        objects=tuple(Thing(bucket=BUCKET, key=key, size=1, modified=START) for key in sorted(written)),
        manifests={build.digest: build.manifest for build in builds},
        deployed=stands.pieces,
        sets={"baseline": tuple(reversed(records))},
        unsettled=frozenset({"tap-baseline-tools"} if unsettled else ()),
    )
    gone = {thing.key for thing in choose(facts).removable}
    needed = set(stands.pieces)
    by_digest = {build.digest: build for build in builds}
    worked = [record for record in reversed(records) if record.outcome in ("succeeded", "unverified", "nothing to do")]
    newest = list(dict.fromkeys(record.manifest for record in worked))[:keep]
    asked = [
        *newest,
        *(record.manifest for record in records if record.ended is None or now - record.ended <= timedelta(days=days)),
        *(record.manifest for record in records[-1:]),
        *([build.digest for build in builds] if unsettled else []),
    ]
    with contextlib.suppress(Refused):
        asked.append(before(tuple(reversed(records)), "baseline", SETS).manifest)  # as `stackset rollback` asks for it
    for one in asked:
        needed |= by_digest[one].pieces | {f"manifests/{one}.json", f"releases/{one}/index.json"}
    assert not gone & needed


@pytest.mark.row("R26")
def test_what_a_rollback_of_a_failed_rollout_goes_back_to_stays() -> None:
    """A rollout that failed stands in part, so it counts as what runs: the release before its first time is asked for."""
    builds = [release(number, frozenset({number}), frozenset()) for number in range(3)]
    history = ((0, "succeeded"), (1, "succeeded"), (2, "succeeded"), (1, "failed"))
    records = [rolled(number, builds[which], outcome, timedelta(days=90 - number)) for number, (which, outcome) in enumerate(history, 1)]
    facts = Facts(
        environment="tools",
        now=START + 100 * DAY,
        keep=1,
        days=1,
        objects=tuple(Thing(bucket=BUCKET, key=key, size=1, modified=START) for key in sorted({key for one in builds for key in one.keys})),
        manifests={one.digest: one.manifest for one in builds},
        sets={"baseline": tuple(reversed(records))},
    )
    assert not {thing.key for thing in choose(facts).removable} & builds[0].keys


def test_an_index_goes_with_its_manifest() -> None:
    one = release(0, frozenset({1}), frozenset())
    facts = Facts(
        environment="tools",
        now=START + 100 * DAY,
        keep=1,
        days=1,
        objects=tuple(Thing(bucket=BUCKET, key=key, size=1, modified=START) for key in sorted(one.keys)),
        manifests={one.digest: one.manifest},
    )
    assert f"releases/{one.digest}/index.json" in {thing.key for thing in choose(facts).removable}
