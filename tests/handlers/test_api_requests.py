"""What the API's function makes of requests that are wrong: it names everything that is, and fails at none."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared import items, proxy

from .running_api import GOOD, Running


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param("", "body: expected a JSON object, found nothing", id="nothing"),
        pytest.param("{", "body: is not JSON: Expecting property name enclosed in double quotes at line 1, column 2", id="half"),
        pytest.param("[]", "body: expected a JSON object", id="list"),
        pytest.param('"text"', "body: expected a JSON object", id="text"),
        pytest.param("null", "body: expected a JSON object", id="null"),
        pytest.param("[" * 60_000, "body: is nested too deeply", id="deep"),
        pytest.param('{"name": "a", "name": "b", "quantity": 1}', "body: has a key twice", id="key twice"),
        pytest.param('{"name": "a", "quantity": NaN}', "body: is not JSON: NaN", id="NaN"),
        pytest.param('{"name": "a", "quantity": ' + "1" * 5000 + "}", "body: holds a number that is too long", id="long number"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: str, error: str) -> None:
    assert Running().errors(body) == [error]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"name": ""}, "name: expected a text of 1 to 200 characters, found a text of 0 characters", id="empty name"),
        pytest.param({"name": "x" * 201}, "name: expected a text of 1 to 200 characters, found a text of 201 characters", id="long name"),
        pytest.param({"name": 5}, "name: expected a text of 1 to 200 characters, found another number", id="number as name"),
        pytest.param({"name": None}, "name: expected a text of 1 to 200 characters, found null", id="null as name"),
        pytest.param({"name": "\ud800"}, "name: holds half a character (a lone surrogate)", id="half a character"),
        pytest.param({"quantity": -1}, "quantity: expected a whole number from 0 to 1000000, found another number", id="negative"),
        pytest.param({"quantity": 1_000_001}, "quantity: expected a whole number from 0 to 1000000, found another number", id="too many"),
        pytest.param(
            {"quantity": 1.0}, "quantity: expected a whole number from 0 to 1000000, found a number with a fraction", id="fraction"
        ),
        pytest.param({"quantity": True}, "quantity: expected a whole number from 0 to 1000000, found true or false", id="boolean"),
        pytest.param({"quantity": "3"}, "quantity: expected a whole number from 0 to 1000000, found a text of 1 characters", id="text"),
        pytest.param(
            {"id": "a/b"}, "id: expected 1 to 64 letters, digits, hyphens and underscores, found a text of 3 characters", id="slash"
        ),
        pytest.param(
            {"id": "a\n"}, "id: expected 1 to 64 letters, digits, hyphens and underscores, found a text of 2 characters", id="line end"
        ),
        pytest.param({"id": None}, "id: expected 1 to 64 letters, digits, hyphens and underscores, found null", id="null as id"),
        pytest.param({"id": []}, "id: expected 1 to 64 letters, digits, hyphens and underscores, found a list", id="list as id"),
        pytest.param({"id": {}}, "id: expected 1 to 64 letters, digits, hyphens and underscores, found an object", id="object as id"),
        pytest.param({"colour": "red"}, "colour: there is no such field; the fields are id, name, quantity", id="unknown"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_what_was_expected(change: dict[str, object], error: str) -> None:
    assert Running().errors(GOOD | change) == [error]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = Running().errors({"id": "", "quantity": "3", "size": 1, "colour": 2})
    assert [problem.split(":")[0] for problem in found] == ["id", "name", "quantity", "colour", "size"]


def test_unknown_fields_are_named_up_to_ten() -> None:
    found = Running().errors(GOOD | {f"field{number:03}": 1 for number in range(25)})
    assert (len(found), found[-1]) == (11, "15 more unknown fields")


def test_a_body_in_base64_is_read() -> None:
    event = {"httpMethod": "POST", "path": "/items", "body": b64encode(json.dumps(GOOD).encode()).decode(), "isBase64Encoded": True}
    assert Running().answers(event)[0] == 201


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param("%%%", "body: is not base64, as isBase64Encoded says", id="not base64"),
        pytest.param("ä", "body: is not base64, as isBase64Encoded says", id="not ASCII"),
        pytest.param(b64encode(b"\xff\xfe").decode(), "body: is not UTF-8", id="not UTF-8"),
        pytest.param(b64encode(b"x" * 65_537).decode(), "body: expected at most 65536 bytes, found 65537", id="too large"),
    ],
)
def test_a_body_in_base64_that_cannot_be_read_is_refused(body: str, error: str) -> None:
    event = {"httpMethod": "POST", "path": "/items", "body": body, "isBase64Encoded": True}
    assert Running().answers(event)[:2] == (400, {"errors": [error]})


def test_a_body_is_measured_in_bytes() -> None:
    body = json.dumps({"name": "ä" * 32_768, "quantity": 1}, ensure_ascii=False)
    assert len(body) < proxy.LARGEST_BODY
    assert Running().errors(body) == [f"body: expected at most 65536 bytes, found {len(body.encode())}"]


def test_a_body_of_exactly_the_largest_size_is_read() -> None:
    body = json.dumps(GOOD)
    assert Running().post(body + " " * (proxy.LARGEST_BODY - len(body)))[0] == 201


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
IDS = st.from_regex(items.ID, fullmatch=True)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(id=IDS, name=NAMES, quantity=st.integers(0, 1_000_000))
def test_every_right_item_is_accepted_and_read_back(id: str, name: str, quantity: int) -> None:
    running = Running()
    status, written, _ = running.post({"id": id, "name": name, "quantity": quantity})
    assert (status, written["id"], written["name"], written["quantity"]) == (201, id, name, quantity)
    assert running.get(f"/items/{id}")[1] == written


@given(body=st.dictionaries(st.sampled_from(["id", "name", "quantity", "more"]), JSON))
def test_whatever_fields_hold_a_write_is_made_whole_or_refused_with_reasons(body: dict[str, object]) -> None:
    running = Running()
    status, answer, _ = running.post(body)
    right = (
        set(body) <= set(items.FIELDS)
        and isinstance(body.get("name"), str)
        and 1 <= len(str(body["name"])) <= 200
        and not any(0xD800 <= ord(sign) <= 0xDFFF for sign in str(body["name"]))
        and type(body.get("quantity")) is int
        and 0 <= int(str(body["quantity"])) <= 1_000_000
        and ("id" not in body or (isinstance(body["id"], str) and bool(items.ID.fullmatch(body["id"]))))
    )
    assert status == (201 if right else 400)
    assert right or answer["errors"]
    assert bool(running.table.rows) == bool(running.objects.bodies) == right


@given(body=st.one_of(st.text(), st.none(), st.integers(), JSON.map(json.dumps)), encoded=st.booleans())
def test_no_body_fails_the_function(body: object, encoded: bool) -> None:
    event = {"httpMethod": "POST", "path": "/items", "body": body, "isBase64Encoded": encoded}
    assert Running().answers(event)[0] == 400


@given(event=st.dictionaries(st.sampled_from(["httpMethod", "path", "resource", "pathParameters", "queryStringParameters", "body"]), JSON))
def test_no_event_fails_the_function(event: dict[str, object]) -> None:
    assert Running().answers(event)[0] in (400, 404, 405)
