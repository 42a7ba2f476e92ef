"""The lock of an environment: who gets it, who loses it and learns of it, and that its number only grows."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from deploy import lock
from deploy.aws.sessions import Sessions
from deploy.aws.store import Store
from deploy.errors import Conflict
from deploy.lock import KEY, LIFETIME, Holder, Lock, Swaps
from deploy.whose import whose
from tests.deploy.unit.fakes import FakeStore, LosesAnswers
from tests.deploy.unit.test_store import real
from tests.local.conftest import REGION, Aws, Faults

PLAN, OTHER = "a" * 64, "b" * 64


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime(2026, 3, 4, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def go(self, delta: timedelta) -> None:
        self.at += delta


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(store: Swaps, clock: Clock, operation: str = PLAN, by: str = "ann") -> Lock:
    return lock.acquire(store, operation=operation, verb="apply", by=by, host="workbench", clock=clock)


def stands(store: Swaps) -> Holder:
    found = lock.holder(store)
    assert found is not None
    return found


def test_nobody_has_a_lock_that_was_never_taken(store: FakeStore) -> None:
    assert lock.holder(store) is None
    assert lock.current(store) is None


def test_who_takes_it_stands_in_it_until_its_end(store: FakeStore, clock: Clock) -> None:
    held = taken(store, clock)
    assert stands(store) == held.holder
    assert (held.holder.fence, held.holder.since, held.holder.until) == (1, clock.at, clock.at + LIFETIME)
    assert held.holder.alive(clock.at + LIFETIME - timedelta(seconds=1))
    assert not held.holder.alive(clock.at + LIFETIME)


@pytest.mark.failure("two deployers")
def test_who_comes_second_learns_who_is_first_where_since_when_and_until_when(store: FakeStore, clock: Clock) -> None:
    taken(store, clock)
    clock.go(timedelta(minutes=1))
    with pytest.raises(
        Conflict, match=r"apply of plan \w{12} by ann on workbench since 12:00:00 UTC \(until 12:15:00 unless it goes on\)"
    ) as caught:
        taken(store, clock, OTHER, "ben")
    assert caught.value.code == 6
    assert stands(store).by == "ann"


def test_a_holder_whose_process_has_ended_here_is_said_to_have_ended(store: FakeStore, clock: Clock) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = msgspec.structs.replace(taken(store, clock).holder, host=whose()[1])
    assert "has ended" in msgspec.structs.replace(here, pid=gone.pid).words
    assert "has ended" not in msgspec.structs.replace(here, pid=os.getpid()).words
    assert "has ended" not in msgspec.structs.replace(here, pid=gone.pid, host="elsewhere").words


@pytest.mark.failure("two deployers")
def test_one_that_has_expired_is_taken_with_a_larger_number_and_the_loser_learns_of_it_at_every_step(
    store: FakeStore, clock: Clock
) -> None:
    lost = taken(store, clock)
    clock.go(LIFETIME)
    held = taken(store, clock, OTHER, "ben")
    assert held.holder.fence == 2
    for step in (lost.check, lost.renew):
        with pytest.raises(Conflict, match=r"now held for apply of plan \w+ by ben") as caught:
            step()
        assert "lost by apply of plan " in caught.value.details[0]
    lost.release()
    held.check()
    assert stands(store) == held.holder, "the loser cannot give back what is not theirs"


def test_the_loser_is_not_told_that_it_is_still_held_once_it_was_given_back(store: FakeStore, clock: Clock) -> None:
    lost = taken(store, clock)
    clock.go(LIFETIME)
    taken(store, clock, OTHER, "ben").release()
    with pytest.raises(Conflict, match=r"since then held for apply of plan \w+ by ben"):
        lost.check()


def test_a_lock_whose_object_was_deleted_is_lost(store: FakeStore, clock: Clock) -> None:
    lost = taken(store, clock)
    store.objects.clear()
    with pytest.raises(Conflict, match="the object is gone"):
        lost.check()
    clock.go(LIFETIME / 2)
    with pytest.raises(Conflict, match="the object is gone"):
        lost.renew()


@pytest.mark.failure("process killed")
def test_the_same_operation_enters_again_with_the_same_number_whoever_runs_it_and_the_earlier_run_is_out(
    store: FakeStore, clock: Clock
) -> None:
    killed = taken(store, clock)
    clock.go(timedelta(minutes=1))
    again = taken(store, clock, PLAN, "ben")
    assert again.holder.fence == killed.holder.fence
    again.check()
    with pytest.raises(Conflict):
        killed.check()


def test_the_same_operation_enters_again_also_after_its_time(store: FakeStore, clock: Clock) -> None:
    taken(store, clock)
    clock.go(LIFETIME * 3)
    assert taken(store, clock).holder.fence == 1


def test_what_was_given_back_is_taken_with_the_next_number_also_by_the_same_operation(store: FakeStore, clock: Clock) -> None:
    taken(store, clock).release()
    assert not stands(store).held
    assert not stands(store).alive(clock.at)
    again = taken(store, clock)
    assert again.holder.fence == 2
    again.release()
    assert taken(store, clock, OTHER).holder.fence == 3


def test_one_that_was_given_back_is_over(store: FakeStore, clock: Clock) -> None:
    held = taken(store, clock)
    held.release()
    held.release()
    clock.go(LIFETIME / 2)
    for step in (held.check, held.renew):
        with pytest.raises(Conflict):
            step()
    assert not stands(store).held


def test_it_is_renewed_once_a_third_of_its_time_has_gone_and_not_before(store: FakeStore, clock: Clock) -> None:
    held = taken(store, clock)
    clock.go(LIFETIME / 3 - timedelta(seconds=1))
    held.renew()
    assert store.written == [KEY]
    clock.go(timedelta(seconds=2))
    held.renew()
    assert store.written == [KEY, KEY]
    assert stands(store).until == clock.at + LIFETIME
    held.check()


@pytest.mark.failure("two deployers")
def test_what_passes_the_check_has_most_of_its_time_before_it(store: FakeStore, clock: Clock) -> None:
    """Else somebody could take it between the check and what the check is for."""
    held = taken(store, clock)
    clock.go(LIFETIME * 2)
    held.check()
    assert stands(store).until - clock.at >= LIFETIME * 2 / 3


@pytest.mark.failure("network loss")
def test_a_write_whose_answer_was_lost_is_known_for_its_own(clock: Clock) -> None:
    store = LosesAnswers()
    held = taken(store, clock)
    held.check()
    clock.go(LIFETIME / 2)
    held.renew()
    held.check()
    with pytest.raises(Conflict):
        taken(store, clock, OTHER)
    held.release()
    assert taken(store, clock, OTHER).holder.fence == 2


@pytest.mark.failure("network loss")
def test_a_lock_is_taken_over_a_connection_that_drops_its_answers(aws: Aws, faults: Faults) -> None:
    bucket = real(aws).bucket
    store = Store(api=Sessions(endpoint=aws.url, keys=(aws.account, "secret")).own("s3", REGION), bucket=bucket, owner=aws.account)
    faults.add(service="s3", action="PutObject", drop="answer", times=1)
    held = lock.acquire(store, operation=PLAN, verb="apply", by="ann", host="workbench")
    faults.add(service="s3", action="PutObject", drop="answer", times=1)
    held.check()
    held.release()
    assert not stands(store).held


@pytest.mark.failure("two deployers")
@pytest.mark.parametrize("place", ["in memory", "on the local AWS"])
def test_of_many_at_once_exactly_one_gets_it_and_the_others_are_told(place: str, request: pytest.FixtureRequest, clock: Clock) -> None:
    store: Swaps = FakeStore() if place == "in memory" else real(request.getfixturevalue("aws"))

    def attempt(number: int) -> Lock | Conflict:
        try:
            return taken(store, clock, f"{number:064}", f"person {number}")
        except Conflict as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(attempt, range(8)))
    (held,) = [one for one in ended if isinstance(one, Lock)]
    assert stands(store) == held.holder
    assert all(held.holder.by in one.text for one in ended if isinstance(one, Conflict))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"no lock", b'{"operation": "a", "kind": "of a later version"}'], ids=["empty", "bare", "text", "later"]
)
def test_a_lock_that_another_version_wrote_is_a_conflict_and_no_crash(store: FakeStore, clock: Clock, data: bytes) -> None:
    store.swap(KEY, data, None)
    for step in (lambda: taken(store, clock), lambda: lock.holder(store)):
        with pytest.raises(Conflict, match="cannot read it"):
            step()


def test_a_lock_is_readable_json_for_people(store: FakeStore, clock: Clock) -> None:
    taken(store, clock)
    held = store.get(KEY)
    assert held is not None
    assert msgspec.json.decode(held.data)["by"] == "ann"
    assert b"\n" in held.data


class Deployers(RuleBasedStateMachine):
    """Some who take, check, renew, give back and die, in any order, while time goes on in leaps."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.store = Clock(), FakeStore()
        self.locks: list[Lock] = []
        self.fences: list[tuple[int, str]] = []

    @rule(operation=st.sampled_from("abc"))
    def take(self, operation: str) -> None:
        before = lock.holder(self.store)
        free = before is None or not before.alive(self.clock.at) or before.operation == operation
        try:
            made = taken(self.store, self.clock, operation)
        except Conflict:
            assert not free
            return
        assert free
        self.locks.append(made)

    @precondition(lambda self: self.locks)
    @rule(data=st.data(), step=st.sampled_from(["check", "renew", "release"]))
    def go_on(self, data: st.DataObject, step: str) -> None:
        one = data.draw(st.sampled_from(self.locks))
        mine = self.current(one)
        before = lock.holder(self.store)
        try:
            getattr(one, step)()
        except Conflict:
            assert not mine
            assert lock.holder(self.store) == before, "the loser changes nothing"
        else:
            assert mine or lock.holder(self.store) == before

    @rule(minutes=st.sampled_from([1, 6, 16]))
    def wait(self, minutes: int) -> None:
        self.clock.go(timedelta(minutes=minutes))

    def current(self, one: Lock) -> bool:
        held = self.store.get(KEY)
        return held is not None and held.tag == one.tag

    @invariant()
    def never_two_hold_it(self) -> None:
        assert sum(map(self.current, self.locks)) <= 1

    @invariant()
    def the_number_only_grows_and_is_one_operations_own(self) -> None:
        found = lock.holder(self.store)
        if found is None:
            return
        assert not self.fences or found.fence >= self.fences[-1][0]
        if self.fences and found.fence == self.fences[-1][0]:
            assert found.operation == self.fences[-1][1]
        self.fences.append((found.fence, found.operation))


TestDeployers = Deployers.TestCase
TestDeployers.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
