"""Logs: one JSON object a line, with what is needed to find the request again."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

from hypothesis import given
from hypothesis import strategies as st
from shared.logs import Log

from .fakes import Context, Lines


def test_a_line_says_when_how_bad_what_where_and_in_which_request() -> None:
    lines = Lines()
    lines.log().of(Context()).info("done", jobs=3)
    assert lines.objects == [
        {
            "timestamp": "2026-01-02T12:00:00.000Z",
            "level": "INFO",
            "message": "done",
            "request_id": "request-1",
            "function": "tap-some-dev",
            "version": "7",
            "environment": "dev",
            "jobs": 3,
        }
    ]


def test_lines_below_the_level_are_not_written() -> None:
    lines = Lines()
    log = lines.log("WARN")
    log.debug("a")
    log.info("b")
    log.warn("c")
    log.error("d")
    assert [line["message"] for line in lines.objects] == ["c", "d"]


def test_the_level_changes_for_one_log_and_leaves_the_other_as_it_is() -> None:
    lines = Lines()
    log = lines.log()
    log.at("DEBUG").debug("heard")
    log.debug("not heard")
    assert [line["message"] for line in lines.objects] == ["heard"]


def test_an_error_carries_its_type_its_words_and_its_stack() -> None:
    lines = Lines()
    try:
        raise ValueError("no\nway")
    except ValueError as error:
        lines.log().error("failed", error=error)
    (line,) = lines.objects
    assert (line["error"], line["reason"]) == ("ValueError", "no\nway")
    assert "test_an_error_carries" in line["stack"]


def test_a_count_is_in_the_embedded_metric_format() -> None:
    lines = Lines()
    lines.log().count("BadValues", "refused", namespace="tap/configuration", setting="page-limit")
    (line,) = lines.objects
    assert line["_aws"] == {
        "Timestamp": 1767355200000,
        "CloudWatchMetrics": [
            {"Namespace": "tap/configuration", "Dimensions": [["Environment"]], "Metrics": [{"Name": "BadValues", "Unit": "Count"}]}
        ],
    }
    assert (line["BadValues"], line["Environment"], line["level"], line["setting"]) == (1, "dev", "WARN", "page-limit")


def test_a_count_is_written_at_every_level() -> None:
    lines = Lines()
    lines.log("ERROR").count("BadValues", "refused", namespace="tap/configuration")
    assert lines.counted("BadValues") == 1


def test_a_log_writes_to_standard_output_as_it_is_at_that_moment() -> None:
    log, output = Log(environment="dev"), io.StringIO()
    with redirect_stdout(output):
        log.info("said")
    assert json.loads(output.getvalue())["message"] == "said"


FIELD_NAMES = st.text(min_size=1).filter(lambda name: name not in ("message", "self"))


@given(message=st.text(), fields=st.dictionaries(FIELD_NAMES, st.one_of(st.text(), st.integers(), st.binary(), st.none(), st.dates())))
def test_any_message_and_fields_are_one_line_of_json_whose_own_keys_stay(message: str, fields: dict[str, object]) -> None:
    lines = Lines()
    lines.log().of(Context()).info(message, **fields)
    (text,) = lines.texts
    assert len(text.splitlines()) == 1
    line = json.loads(text)
    assert (line["message"], line["level"], line["request_id"], line["environment"]) == (message, "INFO", "request-1", "dev")
    assert set(fields) <= set(line)


def test_fields_cannot_take_the_place_of_the_lines_own() -> None:
    lines = Lines()
    lines.log().of(Context()).info("said", level="DEBUG", request_id="forged", timestamp="never")
    (line,) = lines.objects
    assert (line["level"], line["request_id"], line["timestamp"]) == ("INFO", "request-1", "2026-01-02T12:00:00.000Z")
