"""The ledger: newest first, written once, read as it was written, and nothing guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from deploy.errors import Conflict
from deploy.ledger import Ledger, decode
from deploy.model import Event
from deploy.record import VERSION, Moved, Outcome, Record
from tests.deploy.unit.fakes import FakeStore
from tests.deploy.unit.test_store import real

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def record(number: int, plan: str = "", *, manifest: str = "3c" * 32, operation: str = "deploy") -> Record:
    return Record(
        number=number,
        operation=operation,
        environment="dev",
        by="ann",
        host="workbench",
        began=AT + timedelta(minutes=number),
        plan=plan or f"{number:064x}",
        manifest=manifest,
    )


def ended(begun: Record, outcome: Outcome = "succeeded", message: str = "") -> Record:
    return msgspec.structs.replace(begun, ended=begun.began + timedelta(seconds=30), outcome=outcome, code=0, message=message)


def written(ledger: Ledger, begun: Record, outcome: Outcome | None = "succeeded") -> Record:
    ledger.began(begun)
    return ledger.ended(ended(begun, outcome)) if outcome else begun


@pytest.fixture
def ledger(store: FakeStore) -> Ledger:
    return Ledger(store=store)


@pytest.fixture(params=["in memory", "on the local AWS"])
def either(request: pytest.FixtureRequest) -> Ledger:
    return Ledger(store=FakeStore() if request.param == "in memory" else real(request.getfixturevalue("aws")))


def test_an_environment_without_operations_has_none(either: Ledger) -> None:
    assert either.newest() == ()
    assert either.find("a" * 64) is None
    assert either.last_success() is None


def test_records_come_newest_first_each_as_it_ended_or_as_it_began(either: Ledger) -> None:
    for number in (1, 2, 9, 10, 11, 100):
        written(either, record(number), None if number in (9, 100) else "succeeded")
    assert [(one.number, one.outcome) for one in either.newest()] == [
        (100, "unknown"), (11, "succeeded"), (10, "succeeded"), (9, "unknown"), (2, "succeeded"), (1, "succeeded"),
    ]  # fmt: skip
    assert [one.number for one in either.newest(2)] == [100, 11]
    assert either.newest(0) == ()


@dataclass
class Pages(FakeStore):
    """Tells how many keys were asked for."""

    listed: int = 0
    read: list[str] = field(default_factory=list)

    def keys(self, prefix: str, most: int | None = None) -> Iterator[str]:
        for key in super().keys(prefix, most):
            self.listed += 1
            yield key


def test_of_a_long_history_only_what_is_asked_for_is_listed() -> None:
    store = Pages()
    ledger = Ledger(store=store)
    for number in range(1, 1501):
        written(ledger, record(number))
    store.listed = 0
    assert [one.number for one in ledger.newest(50)] == list(range(1500, 1450, -1))
    assert store.listed == 101, "two keys an operation, and one that is too many"


@pytest.mark.failure("process killed")
def test_an_operation_is_found_by_its_plan_as_it_began_and_then_as_it_ended(either: Ledger) -> None:
    for number in (1, 2, 3):
        written(either, record(number), None)
    assert either.find(f"{2:064x}") is not None
    plan = "deadbeef" * 8
    either.began(record(4, plan))
    begun = either.find(plan)
    assert begun is not None
    assert (begun.number, begun.ended) == (4, None)
    either.ended(ended(begun, "rolled back"))
    found = either.find(plan)
    assert found is not None
    assert found.outcome == "rolled back"
    assert either.find("beef" * 16) is None


@pytest.mark.failure("process killed")
def test_what_stands_is_never_written_again_whoever_ends_it_second(either: Ledger) -> None:
    begun = record(1)
    either.began(begun)
    either.began(msgspec.structs.replace(begun, by="ben"))
    assert [one.by for one in either.newest()] == ["ann"]
    first = either.ended(ended(begun, message="first"))
    second = either.ended(ended(begun, "failed", message="second"))
    assert first == second
    assert [one.message for one in either.newest()] == ["first"]


def test_what_runs_is_the_newest_deployment_that_succeeded(either: Ledger) -> None:
    written(either, record(1))
    stood = written(either, record(2))
    written(either, record(3), "rolled back")
    written(either, record(4), "stuck")
    written(either, record(5), "nothing to do")
    written(either, record(6, manifest=""))
    written(either, record(7), None)
    assert either.last_success() == stood


def test_after_a_destroy_nothing_runs_until_the_next_deployment(ledger: Ledger) -> None:
    stood = written(ledger, record(1))
    written(ledger, record(2, operation="destroy", manifest=""), "stuck")
    assert ledger.last_success() == stood
    written(ledger, record(3, operation="destroy", manifest=""))
    assert ledger.last_success() is None
    again = written(ledger, record(4))
    assert ledger.last_success() == again


def test_a_record_is_read_as_it_was_written(ledger: Ledger, store: FakeStore) -> None:
    made = ended(record(1), message="ünïcode\n")
    ledger.ended(made)
    (key,) = store.written
    held = store.get(key)
    assert held is not None
    assert decode(held.data) == made
    assert key == f"ledger/99999998-00000001-{'0' * 16}-ended.json"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "cannot read it", id="empty"),
        pytest.param(b"{}", "cannot read it", id="bare"),
        pytest.param(b"\xff\x00", "cannot read it", id="binary"),
        pytest.param(msgspec.json.encode(record(1))[:-1] + b',"word":1}', "cannot read it", id="a field of a later version"),
        pytest.param(
            msgspec.json.encode(msgspec.structs.replace(record(1), version=VERSION + 1)), f"has version {VERSION + 1}", id="a later version"
        ),
        pytest.param(
            msgspec.json.encode(record(1)).replace(b'"unknown"', b'"sideways"'), "cannot read it", id="an outcome of a later version"
        ),
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_never_guessed(ledger: Ledger, store: FakeStore, data: bytes, said: str) -> None:
    store.swap("ledger/99999998-00000001-aaaa-ended.json", data, None)
    for ask in (ledger.newest, ledger.last_success, lambda: ledger.find("aaaa")):
        with pytest.raises(Conflict, match=said) as caught:
            ask()
        assert "00000001-aaaa-ended.json" in caught.value.text
        assert caught.value.code == 6


HAPPENED = tuple(
    Event(id=str(second), at=AT + timedelta(seconds=second), path=("Data", "Items"), type="AWS::DynamoDB::Table", status="UPDATE_COMPLETE")
    for second in range(3)
)


@pytest.mark.failure("process killed")
def test_what_aws_did_is_kept_beside_the_record_and_is_none_of_them_also_where_the_end_was_not_written(either: Ledger) -> None:
    killed, good = record(1), record(2)
    either.began(killed)
    either.keep(killed, HAPPENED)
    found = either.find(killed.plan)
    assert found is not None
    assert found.ended is None
    either.began(good)
    either.keep(good, ())
    either.keep(good, HAPPENED)
    stood = either.ended(ended(good))
    assert [one.number for one in either.newest()] == [2, 1]
    assert either.last_success() == stood
    assert (either.events(1), either.events(2), either.events(3)) == (HAPPENED, (), None)


def cancel(of: Record, minute: int = 30) -> Record:
    return msgspec.structs.replace(of, operation="cancel", manifest="", began=AT + timedelta(minutes=minute))


def test_a_cancel_stands_beside_the_operation_that_it_stopped(either: Ledger) -> None:
    written(either, record(1))
    stopped = record(2)
    either.began(stopped)
    either.began(cancel(stopped))
    assert either.find(stopped.plan) == stopped, "the operation itself"
    assert either.unfinished("cancel") == cancel(stopped)
    either.ended(ended(cancel(stopped), "rolled back"))
    either.ended(ended(stopped, "rolled back"))
    assert [(one.number, one.operation, one.outcome) for one in either.newest()] == [
        (2, "deploy", "rolled back"),
        (2, "cancel", "rolled back"),
        (1, "deploy", "succeeded"),
    ]
    assert [one.operation for one in either.newest(1)] == ["deploy"]
    assert either.newest(1)[0].ended
    assert either.unfinished("cancel") is None
    last = either.last_success()
    assert last
    assert last.number == 1


def test_two_cancels_of_one_operation_are_two(ledger: Ledger) -> None:
    stopped = record(2)
    ledger.began(stopped)
    for minute in (30, 31):
        written(ledger, cancel(stopped, minute), "refused")
    assert [one.operation for one in ledger.newest()] == ["deploy", "cancel", "cancel"]


def test_the_later_try_of_a_plan_counts_although_it_has_not_ended(ledger: Ledger) -> None:
    """A refused one was tried again: whoever finds the lock must not take it for over."""
    written(ledger, record(1, "a" * 64), "refused")
    again = record(2, "a" * 64)
    ledger.began(again)
    assert ledger.find("a" * 64) == again


@pytest.mark.parametrize(
    ("operation", "before", "runs"),
    [
        pytest.param("observed", "UPDATE_COMPLETE", False, id="deleted by hand"),
        pytest.param("recover", "DELETE_FAILED", False, id="a deletion that was ended"),
        pytest.param("recover", "ROLLBACK_FAILED", True, id="a failed create that went"),
    ],
)
def test_nothing_runs_once_what_ran_is_deleted(ledger: Ledger, operation: str, before: str, runs: bool) -> None:
    written(ledger, record(1))
    gone = (Moved(stack="tap-app-dev", before=before, after="DELETE_COMPLETE"),)
    written(ledger, msgspec.structs.replace(record(2, operation=operation, manifest=""), stacks=gone))
    assert (ledger.last_success() is not None) is runs
