"""The worker's function: jobs are done once, and a bad one fails alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from shared import items
from worker import handler as worker

from .fakes import Context, Lines, Table, client, refusal, settings, ticks


class Running:
    """The function with a table in memory that holds the items ``a``, ``b`` and ``c``."""

    def __init__(self, **values: str) -> None:
        self.table, self.lines = Table(), Lines()
        for name in "abc":
            item = items.Item(id=name, name="a lamp", quantity=1, status="new", created_at="2026-01-01T00:00:00.000000Z")
            self.table.rows[f"item#{name}"] = item.row()
        self.around = worker.Surroundings(
            table="tap-items-dev", client=client(self.table), settings=settings(self.lines, **values), log=self.lines.log(), now=ticks()
        )

    def works(self, *bodies: object) -> list[str]:
        """The messages that failed; messages are numbered from 0."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        event = {"Records": [{"messageId": str(number), "body": text} for number, text in enumerate(texts)]}
        answer = worker.work(event, Context(), self.around)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def state(self, name: str) -> tuple[str, str | None]:
        row = self.table.rows[f"item#{name}"]
        return row["status"]["S"], row.get("processed_at", {}).get("S")


def test_a_job_marks_its_item_done_with_the_time() -> None:
    running = Running()
    assert running.works({"id": "a"}) == []
    assert running.state("a") == ("done", "2026-01-02T12:00:00.000000Z")
    assert running.state("b") == ("new", None)


def test_a_job_that_is_delivered_again_changes_nothing() -> None:
    running = Running()
    running.works({"id": "a"})
    assert running.works({"id": "a"}) == []
    assert running.state("a") == ("done", "2026-01-02T12:00:00.000000Z")


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("{", id="not JSON"),
        pytest.param("[" * 60_000, id="deep"),
        pytest.param([], id="list"),
        pytest.param(None, id="null"),
        pytest.param({}, id="no id"),
        pytest.param({"id": 5}, id="number"),
        pytest.param({"id": "a b"}, id="bad id"),
        pytest.param({"id": "nobody"}, id="no such item"),
    ],
)
def test_a_bad_message_fails_alone(bad: object) -> None:
    running = Running()
    assert running.works({"id": "a"}, bad, {"id": "b"}) == ["1"]
    assert (running.state("a")[0], running.state("b")[0]) == ("done", "done")
    assert [line["message_id"] for line in running.lines.objects if line["level"] == "WARN"] == ["1"]


def test_a_job_for_an_item_that_is_not_there_makes_none() -> None:
    running = Running()
    running.works({"id": "nobody"})
    assert "item#nobody" not in running.table.rows


def test_a_verification_message_is_taken_and_touches_nothing() -> None:
    running = Running()
    rows = dict(running.table.rows)
    running.table.failing = {"update_item": [ZeroDivisionError("nobody asks the table")]}
    assert running.works({"verification": "0123"}) == []
    assert running.table.rows == rows
    assert [line["message"] for line in running.lines.objects] == ["a verification message is taken", "batch done"]


def test_a_verification_message_among_jobs_changes_nothing_about_them() -> None:
    running = Running()
    assert running.works({"id": "a"}, {"verification": "0123"}, {"id": "nobody"}) == ["2"]
    assert running.state("a")[0] == "done"


@pytest.mark.parametrize(
    ("message", "failing"),
    [
        pytest.param({"verification": "0123", "id": "a"}, [], id="a job with the mark is done"),
        pytest.param({"verification": 5}, ["0"], id="the mark is a text"),
        pytest.param({"verification": "0123", "more": 1}, ["0"], id="the mark stands alone"),
        pytest.param(["verification"], ["0"], id="list"),
        pytest.param("verification", ["0"], id="no JSON"),
    ],
)
def test_only_the_mark_alone_is_no_job(message: object, failing: list[str]) -> None:
    running = Running()
    assert running.works(message) == failing
    assert running.state("a")[0] == ("new" if failing else "done")


def test_fields_that_the_worker_does_not_know_are_let_through() -> None:
    assert Running().works({"id": "a", "priority": 1}) == []


@pytest.mark.parametrize(
    "error", [refusal("ProvisionedThroughputExceededException"), ConnectTimeoutError(endpoint_url="there"), ZeroDivisionError("a mistake")]
)
def test_a_job_that_fails_for_another_reason_fails_alone_with_its_stack_in_the_log(error: Exception) -> None:
    running = Running()
    running.table.failing = {"update_item": [None, error]}
    assert running.works({"id": "a"}, {"id": "b"}, {"id": "c"}) == ["1"]
    assert (running.state("b")[0], running.state("c")[0]) == ("new", "done")
    (line,) = [line for line in running.lines.objects if line["level"] == "ERROR"]
    assert (line["message_id"], line["error"]) == ("1", type(error).__name__)
    assert "Traceback" in line["stack"]


def test_a_batch_of_which_nothing_could_be_done_fails_the_function_so_that_the_release_alarm_sees_it() -> None:
    running = Running()
    running.table.failing = {"update_item": [refusal("AccessDeniedException"), refusal("AccessDeniedException")]}
    with pytest.raises(Exception, match="AccessDeniedException"):
        running.works({"id": "a"}, {"id": "b"})


def test_a_batch_of_bad_messages_alone_is_no_failure_of_the_function() -> None:
    assert Running().works("{", {"id": "nobody"}) == ["0", "1"]


def test_an_event_without_messages_is_done_at_once() -> None:
    running = Running()
    assert worker.work({}, Context(), running.around) == {"batchItemFailures": []}


def test_a_batch_is_logged_with_its_size_and_its_failures() -> None:
    running = Running()
    running.works({"id": "a"}, "{")
    line = running.lines.objects[-1]
    assert (line["message"], line["jobs"], line["failed"], line["request_id"]) == ("batch done", 2, 1, "request-1")


def test_bodies_are_never_logged() -> None:
    running = Running(log_level="DEBUG")
    running.works('{"secret words', {"id": "secret words"}, {"id": "a", "secret words": 1})
    assert "secret words" not in "".join(running.lines.texts)


def test_operators_set_the_level_of_the_log() -> None:
    running = Running(log_level="WARN")
    running.works({"id": "a"})
    assert running.lines.texts == []


def test_the_environment_variables_say_where_everything_is() -> None:
    variables = {
        "TABLE_NAME": "t",
        "CONFIG_PATH": "/tap/dev/config",
        "CONFIG_SETTINGS": "{}",
        "CONFIG_CACHE_SECONDS": "30",
        "ENVIRONMENT": "dev",
        "LOG_LEVEL": "WARN",
    }
    around = worker.from_environment(variables)
    assert (around.table, around.log.environment, around.log.level, around.settings.cache_seconds) == ("t", "dev", "WARN", 30)


@given(
    bodies=st.lists(st.one_of(st.text(), st.sampled_from(["a", "b", "c", "nobody"]).map(lambda name: json.dumps({"id": name}))), max_size=6)
)
def test_of_any_batch_exactly_the_jobs_of_items_that_are_there_are_done(bodies: list[str]) -> None:
    running = Running()
    right = [json.dumps({"id": name}) for name in "abc"]
    assert running.works(*bodies) == [str(number) for number, body in enumerate(bodies) if body not in right]
    done: dict[str, Any] = {name: running.state(name)[0] == "done" for name in "abc"}
    assert done == {name: text in bodies for name, text in zip("abc", right, strict=True)}
