"""The API's function: what it answers to which request, and what it leaves behind."""

from __future__ import annotations

import json

import pytest
from api import handler as api
from shared import items

from .fakes import refusal
from .running_api import GOOD, Running

VARIABLES = {
    "TABLE_NAME": "t",
    "BUCKET_NAME": "b",
    "QUEUE_URL": "q",
    "CONFIG_PATH": "/tap/dev/config",
    "CONFIG_SETTINGS": "{}",
    "CONFIG_CACHE_SECONDS": "30",
    "ENVIRONMENT": "dev",
    "LOG_LEVEL": "WARN",
    "AWS_LAMBDA_FUNCTION_VERSION": "12",
}


def test_health_says_which_version_runs_and_where() -> None:
    assert Running().get("/health")[:2] == (200, {"status": "ok", "version": "7", "region": "us-west-2"})


def test_health_needs_neither_configuration_nor_any_client() -> None:
    running = Running(log_level="LOUD")
    assert running.get("/health")[0] == 200
    assert not running.lines.counted("BadValues")
    assert not running.table.calls


def test_a_new_item_is_answered_with_itself_and_its_place() -> None:
    status, body, headers = Running().post({"id": "lamp-1", **GOOD})
    assert (status, headers["Location"]) == (201, "/items/lamp-1")
    assert body == {"id": "lamp-1", "name": "a lamp", "quantity": 3, "status": "new", "created_at": "2026-01-02T12:00:00.000000Z"}


def test_the_place_of_an_item_has_the_stage_that_the_caller_used() -> None:
    event = {
        "httpMethod": "POST",
        "resource": "/items",
        "path": "/items",
        "body": json.dumps(GOOD),
        "requestContext": {"path": "/live/items"},
    }
    assert Running().answers(event)[2]["Location"] == "/live/items/id-1"


@pytest.mark.parametrize("edge", [{"name": "x"}, {"name": "x" * 200}, {"quantity": 0}, {"quantity": 1_000_000}, {"id": "x" * 64}])
def test_the_edges_of_every_limit_are_within_it(edge: dict[str, object]) -> None:
    assert Running().post(GOOD | edge)[0] == 201


def test_a_new_item_is_a_row_an_object_and_a_job() -> None:
    running = Running()
    _, body, _ = running.post({"id": "lamp-1", **GOOD})
    assert running.table.rows["item#lamp-1"] == {
        "pk": {"S": "item#lamp-1"},
        "sk": {"S": "v0"},
        "kind": {"S": "item"},
        "id": {"S": "lamp-1"},
        "name": {"S": "a lamp"},
        "quantity": {"N": "3"},
        "status": {"S": "new"},
        "created_at": {"S": "2026-01-02T12:00:00.000000Z"},
        "written_by": {"S": "id-1"},
    }
    assert json.loads(running.objects.bodies["items/lamp-1.json"]) == body
    assert [json.loads(job["MessageBody"]) for job in running.queue.called("send_message")] == [{"id": "lamp-1"}]


def test_an_item_without_an_id_gets_one() -> None:
    running = Running()
    assert [running.post(GOOD)[1]["id"] for _ in range(2)] == ["id-1", "id-2"]


def test_ids_are_random_in_lambda() -> None:
    new_id = api.from_environment(VARIABLES).new_id
    made = {new_id() for _ in range(10)}
    assert len(made) == 10
    assert all(items.ID.fullmatch(identifier) for identifier in made)


def test_an_id_that_is_taken_is_a_conflict_and_changes_nothing() -> None:
    running = Running()
    running.post({"id": "lamp-1", **GOOD})
    status, body, _ = running.post({"id": "lamp-1", "name": "another", "quantity": 9})
    assert (status, body) == (409, {"errors": ["id: is taken by another item"]})
    assert running.table.rows["item#lamp-1"]["name"] == {"S": "a lamp"}
    assert (len(running.objects.calls), len(running.queue.calls)) == (1, 1)


def test_a_write_that_boto3_had_to_send_twice_is_no_conflict_with_itself() -> None:
    running = Running()
    running.table.deliveries = 2
    assert running.post({"id": "lamp-1", **GOOD})[0] == 201
    assert len(running.queue.calls) == 1


def test_writes_that_are_switched_off_are_answered_with_a_time_to_try_again() -> None:
    running = Running(accept_writes="off")
    status, body, headers = running.post(GOOD)
    assert (status, headers["Retry-After"]) == (503, "30")
    assert body["errors"] == ["writes are switched off: try again later"]
    assert not running.table.calls


def test_items_are_read_while_writes_are_switched_off() -> None:
    assert Running(accept_writes="off").get("/items")[0] == 200


def test_an_item_is_read_back_as_it_was_written() -> None:
    running = Running()
    written = running.post({"id": "lamp-1", **GOOD})[1]
    assert running.get("/items/lamp-1")[:2] == (200, written)
    assert running.table.called("get_item")[0]["ConsistentRead"] is True


def test_an_item_that_was_processed_says_when() -> None:
    running = Running()
    running.post({"id": "lamp-1", **GOOD})
    running.table.rows["item#lamp-1"]["processed_at"] = {"S": "2026-01-02T13:00:00.000000Z"}
    assert running.get("/items/lamp-1")[1]["processed_at"] == "2026-01-02T13:00:00.000000Z"


def test_an_item_that_is_not_there_is_not_found() -> None:
    assert Running().get("/items/lamp-1")[:2] == (404, {"errors": ["id: there is no such item"]})


def test_the_id_of_a_path_parameter_is_preferred_to_the_raw_path() -> None:
    running = Running()
    running.post({"id": "lamp-1", **GOOD})
    event = {"httpMethod": "GET", "resource": "/items/{id}", "path": "/shop/items/lamp-1", "pathParameters": {"id": "lamp-1"}}
    assert running.answers(event)[0] == 200


@pytest.mark.parametrize("identifier", ["a b", "a%2Fb", "x" * 65, "lamp-1\n", "ä", "{id}"])
def test_an_id_that_no_item_can_have_is_refused_before_the_table_is_asked(identifier: str) -> None:
    running = Running()
    status, body, _ = running.get(f"/items/{identifier}")
    assert status == 400
    assert body["errors"][0].startswith("id: expected 1 to 64 letters")
    assert not running.table.calls


def test_a_list_is_newest_first() -> None:
    running = Running()
    for number in range(3):
        running.post({"id": f"lamp-{number}", **GOOD})
    status, body, _ = running.get("/items")
    assert (status, body["more"]) == (200, False)
    assert [item["id"] for item in body["items"]] == ["lamp-2", "lamp-1", "lamp-0"]


def test_a_list_says_that_there_are_more() -> None:
    running = Running()
    for _ in range(3):
        running.post(GOOD)
    body = running.get("/items", limit="2")[1]
    assert (len(body["items"]), body["more"]) == (2, True)


@pytest.mark.parametrize(
    ("asked", "limit"), [({}, 20), ({"limit": "5"}, 5), ({"limit": "20"}, 20), ({"limit": "21"}, 20), ({"limit": "999999999"}, 20)]
)
def test_a_list_is_as_long_as_asked_up_to_what_operators_allow(asked: dict[str, str], limit: int) -> None:
    running = Running(page_limit="20")
    running.get("/items", **asked)
    assert running.table.called("query")[0]["Limit"] == limit


def test_a_list_holds_at_most_fifty_where_operators_say_nothing() -> None:
    running = Running()
    running.get("/items")
    assert running.table.called("query")[0]["Limit"] == 50


@pytest.mark.parametrize("limit", ["0", "-1", "ten", "", "1.5", "٣", "1" * 10, "²"])
def test_a_limit_that_is_no_number_from_one_on_is_refused(limit: str) -> None:
    running = Running()
    assert running.get("/items", limit=limit)[:2] == (400, {"errors": ["limit: expected a whole number from 1 on"]})
    assert not running.table.calls


@pytest.mark.parametrize("path", ["/", "/nothing", "/items/a/b", "/health/x", "/ITEMS"])
def test_a_route_that_does_not_exist_is_not_found(path: str) -> None:
    assert Running().get(path)[:2] == (404, {"errors": ["path: there is no such route"]})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/health", "GET"), ("DELETE", "/items", "GET, POST"), ("PUT", "/items/lamp-1", "GET"), ("HEAD", "/items", "GET, POST")],
)
def test_a_method_that_a_route_does_not_have_is_refused_with_those_it_has(method: str, path: str, allowed: str) -> None:
    status, body, headers = Running().answers({"httpMethod": method, "path": path})
    assert (status, headers["Allow"]) == (405, allowed)
    assert body["errors"] == [f"method: this route answers {allowed}"]


@pytest.mark.parametrize("event", [{}, None, [], {"httpMethod": "GET"}, {"path": "/health"}, {"httpMethod": 1, "path": 2}])
def test_an_event_that_is_no_http_request_is_refused_and_does_not_fail_the_function(event: object) -> None:
    assert Running().answers(event)[:2] == (
        400,
        {"errors": ["httpMethod, path: expected an event of API Gateway's proxy integration"]},
    )


@pytest.mark.parametrize("service", ["put_item", "put_object", "send_message"])
def test_what_nobody_expected_is_logged_with_its_stack_and_raised_for_lambdas_metrics(service: str) -> None:
    running = Running()
    for fake in (running.table, running.objects, running.queue):
        fake.failing = {service: [refusal("InternalError", "out of order")]}
    with pytest.raises(Exception, match="out of order"):
        running.post(GOOD)
    (line,) = [line for line in running.lines.objects if line["level"] == "ERROR"]
    assert (line["route"], line["error"]) == ("POST /items", "ClientError")
    assert "in respond" in line["stack"]


def test_every_answer_is_logged_with_its_route_its_status_and_its_time() -> None:
    running = Running()
    running.get("/items/lamp-1")
    (line,) = running.lines.objects
    assert (line["message"], line["route"], line["status"], line["milliseconds"]) == ("answered", "GET /items/{id}", 404, 0.0)


@pytest.mark.parametrize("body", [{"name": "private words", "quantity": 1}, {"name": "private words", "private words": 1}, "private words"])
def test_bodies_are_never_logged(body: object) -> None:
    running = Running(log_level="DEBUG")
    running.post(body)
    assert running.lines.texts
    assert "private words" not in "".join(running.lines.texts)


def test_answers_are_json_that_no_cache_keeps() -> None:
    headers = Running().get("/items")[2]
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")


def test_the_environment_variables_say_where_everything_is() -> None:
    around = api.from_environment(VARIABLES)
    assert (around.table, around.bucket, around.queue_url, around.version) == ("t", "b", "q", "12")
    assert (around.log.level, around.log.environment, around.settings.cache_seconds) == ("WARN", "dev", 30)
