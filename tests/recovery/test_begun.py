"""Which operations a stack's events tell of, and whether it ever worked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from deploy import begun
from deploy.model import NESTED, Event

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class History:
    """A root's own statuses, oldest first, with events of a resource among them."""

    statuses: tuple[str, ...]

    def events(self, stack_id: str, path: tuple[str, ...] = ()) -> Iterator[Event]:
        for number, status in reversed(list(enumerate(self.statuses))):
            at = AT + timedelta(seconds=number)
            yield Event(id=f"r{number}", at=at, path=("Jobs",), type="AWS::SQS::Queue", status="UPDATE_COMPLETE")
            yield Event(id=f"{number}", at=at, path=(), type=NESTED, status=status, token=f"token-{number}")


def history(words: str) -> History:
    return History(tuple(words.split()))


CREATED = "REVIEW_IN_PROGRESS CREATE_IN_PROGRESS CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(CREATED, [("CREATE_IN_PROGRESS", "")], id="a create after a review"),
        pytest.param(
            f"{CREATED} UPDATE_IN_PROGRESS UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_COMPLETE",
            [("UPDATE_IN_PROGRESS", "CREATE_COMPLETE"), ("CREATE_IN_PROGRESS", "")],
            id="the cleanup belongs to its update",
        ),
        pytest.param(
            f"{CREATED} UPDATE_IN_PROGRESS UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_IN_PROGRESS",
            [
                ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"),
                ("UPDATE_IN_PROGRESS", "CREATE_COMPLETE"),
                ("CREATE_IN_PROGRESS", ""),
            ],
            id="a rollback that is continued",
        ),
        pytest.param("CREATE_IN_PROGRESS DELETE_IN_PROGRESS", [("CREATE_IN_PROGRESS", "")], id="a create that is deleted"),
        pytest.param("UPDATE_IN_PROGRESS", [("UPDATE_IN_PROGRESS", "")], id="older events are forgotten"),
    ],
)
def test_an_operation_begins_where_the_root_goes_to_work(words: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.status, one.before) for one in begun.operations(history(words), "arn")] == expected


def test_what_only_goes_on_belongs_to_what_was_to_change_something() -> None:
    events = history(f"{CREATED} UPDATE_IN_PROGRESS UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_IN_PROGRESS")
    last, forward = begun.last(events, "arn"), begun.last_forward(events, "arn")
    assert last
    assert forward
    assert (last.token, forward.token) == ("token-6", "token-3")


@pytest.mark.failure("first create fails")
@pytest.mark.parametrize(
    ("words", "never"),
    [
        pytest.param("CREATE_IN_PROGRESS ROLLBACK_IN_PROGRESS ROLLBACK_COMPLETE", True, id="undone"),
        pytest.param("REVIEW_IN_PROGRESS CREATE_IN_PROGRESS CREATE_FAILED", True, id="failed"),
        pytest.param("CREATE_IN_PROGRESS ROLLBACK_IN_PROGRESS ROLLBACK_FAILED DELETE_IN_PROGRESS DELETE_FAILED", True, id="not deleted"),
        pytest.param("CREATE_IN_PROGRESS", True, id="still being made"),
        pytest.param("CREATE_IN_PROGRESS CREATE_COMPLETE DELETE_IN_PROGRESS DELETE_FAILED", False, id="it worked once"),
        pytest.param("IMPORT_IN_PROGRESS IMPORT_COMPLETE", False, id="imported"),
        pytest.param("CREATE_IN_PROGRESS UPDATE_IN_PROGRESS", False, id="updated, so it was made"),
        pytest.param("DELETE_IN_PROGRESS DELETE_FAILED", False, id="its create is forgotten after 90 days"),
        pytest.param("ROLLBACK_IN_PROGRESS ROLLBACK_FAILED", False, id="a part of its history"),
        pytest.param("", False, id="no history"),
        pytest.param("CREATE_IN_PROGRESS SOMETHING_NEW", False, id="a status that nobody knows"),
    ],
)
def test_that_a_stack_never_worked_is_proven_by_its_whole_history_alone(words: str, never: bool) -> None:
    assert begun.never_succeeded(history(words), "arn") is never
