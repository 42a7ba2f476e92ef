"""What is chosen to go: on any history nothing that somebody may still ask for, and everything else that is old enough."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy.clearing.choice import Facts, Thing, choose, in_order
from deploy.earlier import before
from deploy.errors import Refused
from deploy.manifest import Build, Release
from deploy.record import Record
from tests.clearing.histories import BUCKET, DAY, START, History, digest, histories, made

KEEP, DAYS = st.integers(1, 4), st.integers(1, 60)
WORKED = ("succeeded", "unverified", "nothing to do")


def removable(facts: Facts) -> set[str]:
    return {thing.key for thing in choose(facts).removable}


def asked_for(history: History, keep: int, days: int) -> Iterator[Record]:
    """The deployments whose release somebody may still ask for, one question after the other."""
    newest_first = [record for record in reversed(history.records) if record.manifest]
    seen: list[str] = []
    for record in newest_first:
        if record.outcome in WORKED and record.manifest not in seen:
            seen.append(record.manifest)
        within = record.manifest in seen[:keep] or record.ended is None
        if within or history.clock - (record.ended or record.began) <= timedelta(days=days):
            yield record
    yield from newest_first[:1]
    yield from [record for record in newest_first if record.outcome in ("succeeded", "unverified")][:1]
    with contextlib.suppress(Refused):
        yield before(reversed(history.records), "dev")


@pytest.mark.row("R26")
@settings(max_examples=400, deadline=None)
@given(history=histories(), keep=KEEP, days=DAYS)
def test_nothing_that_is_needed_goes_and_everything_else_that_is_old_enough_does(history: History, keep: int, days: int) -> None:
    gone = removable(history.facts(keep, days))
    needed = set(history.running.pieces) if history.running else set()
    for record in asked_for(history, keep, days):
        needed |= history.build_of(record).keys
    young = {key for key, at in history.written.items() if history.clock - at < DAY}
    for build in history.builds:
        if f"manifests/{build.digest}.json" in young:
            needed |= build.pieces
    old = history.written.keys() - young
    assert not gone & needed
    assert not gone & young
    assert gone == old - needed


@pytest.mark.row("R26")
@settings(max_examples=200, deadline=None)
@given(history=histories(), keep=KEEP, days=DAYS)
def test_what_a_rollback_goes_back_to_is_whole_afterwards_and_a_second_run_finds_nothing(history: History, keep: int, days: int) -> None:
    for key in removable(history.facts(keep, days)):
        del history.written[key]
    if history.running:
        assert history.running.pieces <= history.written.keys()
    with contextlib.suppress(Refused):
        target = history.build_of(before(reversed(history.records), "dev"))
        assert target.keys <= history.written.keys()
    for record in asked_for(history, keep, days):
        assert history.build_of(record).keys <= history.written.keys()
    assert removable(history.facts(keep, days)) == set()


@settings(max_examples=200, deadline=None)
@given(
    ages=st.lists(st.integers(0, 120), min_size=1, max_size=6),
    running=st.frozensets(st.integers(0, 5), max_size=2),
    keep=KEEP,
    days=DAYS,
)
@example(ages=[0, 50, 100, 110], running=frozenset({3}), keep=1, days=1)
def test_of_the_releases_of_the_tools_account_the_newest_the_young_and_those_that_run_stay(
    ages: list[int], running: frozenset[int], keep: int, days: int
) -> None:
    """Each release shares a template with the one before it."""
    now = START + 200 * DAY
    builds = [made(number, frozenset({number, number + 1}), frozenset()) for number in range(len(ages))]
    releases = {
        digest(1000 + build.number): Release(
            version=1, digest="0" * 64, commit=None, builds=(Build(environment="dev", manifest=build.digest),)
        )
        for build in builds
    }
    written = {
        key: now - age * DAY
        for age, build in sorted(zip(ages, builds, strict=True), key=lambda pair: pair[0])
        for key in (*build.keys, release(build.number))
    }
    facts = Facts(
        environment="tools",
        now=now,
        keep=keep,
        days=days,
        objects=tuple(Thing(bucket=BUCKET, key=key, size=1, modified=at) for key, at in written.items()),
        manifests={build.digest: build.manifest for build in builds},
        releases=releases,
        needed_releases=frozenset(digest(1000 + number) for number in running),
    )
    gone = removable(facts)
    by_age = sorted(range(len(ages)), key=lambda number: (written[release(number)], digest(1000 + number)), reverse=True)
    stay = {*by_age[:keep], *(number for number in by_age if ages[number] <= days), *(running & set(by_age))}
    needed = {key for number in stay for key in (*builds[number].keys, release(number))}
    young = {key for key, at in written.items() if now - at < DAY}
    assert gone == written.keys() - needed - young


def release(number: int) -> str:
    return f"releases/{digest(1000 + number)}/release.json"


def alone(key: str, age: timedelta) -> Facts:
    return Facts(environment="dev", now=START, keep=1, days=1, objects=(Thing(bucket=BUCKET, key=key, size=1, modified=START - age),))


@pytest.mark.parametrize(
    ("key", "age", "state"),
    [
        pytest.param(f"templates/{digest(1)}.json", 2 * DAY, "goes", id="nothing refers to it"),
        pytest.param(f"templates/{digest(1)}.json", DAY - timedelta(seconds=1), "young", id="younger than a day"),
        pytest.param(f"assets/{digest(1)}.zip", DAY, "goes", id="a day old"),
        pytest.param("templates/by-hand.json", 99 * DAY, "unknown", id="a name that the deployer does not give"),
        pytest.param(f"templates/{digest(1)}.zip", 99 * DAY, "unknown", id="the wrong ending"),
        pytest.param(f"assets/deep/{digest(1)}.zip", 99 * DAY, "unknown", id="a folder more"),
        pytest.param(f"releases/{digest(1)}/notes.txt", 99 * DAY, "unknown", id="something beside a release"),
    ],
)
def test_one_object_alone(key: str, age: timedelta, state: str) -> None:
    choice = choose(alone(key, age))
    assert (len(choice.removable), choice.young, len(choice.unknown)) == (state == "goes", state == "young", state == "unknown")


def test_a_proof_stays_with_its_release_and_goes_with_it() -> None:
    history = History([made(number, frozenset({number}), frozenset()) for number in range(3)])
    for build in history.builds:
        history.clock += 40 * DAY
        history.deploy(build, "succeeded")
    history.clock += 40 * DAY
    gone = removable(history.facts(1, 1))
    first, second, third = history.builds
    assert first.keys <= gone
    assert not gone & (second.keys | third.keys), "what runs, and what rollback would go back to, although one release was to stay"


def test_a_release_that_is_approved_and_never_came_stays() -> None:
    history = History([made(0, frozenset({1}), frozenset({10}))])
    history.publish(history.builds[0])
    history.clock += 400 * DAY
    facts = history.facts(1, 1)
    assert removable(facts) >= history.builds[0].pieces
    waiting = msgspec.structs.replace(facts, needed_manifests=frozenset({history.builds[0].digest}))
    assert not removable(waiting) & history.builds[0].pieces


def test_a_manifest_of_today_vouches_for_the_old_pieces_that_it_names() -> None:
    history = History([made(number, frozenset({1}), frozenset({10})) for number in range(2)])
    shared = {f"templates/{digest(1)}.json", f"assets/{digest(10)}.zip"}
    history.publish(history.builds[0])
    history.clock += 100 * DAY
    assert removable(history.facts(1, 1)) >= shared
    history.publish(history.builds[1])
    history.clock += timedelta(hours=2)
    assert not removable(history.facts(1, 1)) & shared
    history.clock += DAY
    assert removable(history.facts(1, 1)) >= shared


def test_what_vouches_for_others_goes_first() -> None:
    keys = [f"assets/{digest(1)}.zip", f"manifests/{digest(2)}.json", f"releases/{digest(3)}/release.json", f"templates/{digest(4)}.json"]
    rounds = in_order(Thing(bucket=BUCKET, key=key, size=1, modified=START) for key in keys)
    assert [[thing.key for thing in together] for together in rounds] == [[keys[2]], [keys[1]], [keys[0], keys[3]]]
