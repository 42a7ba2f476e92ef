"""The API: items are written, read and listed over HTTP.

A write is three steps: the row (refused when the id is taken), the object, the job for the worker. They are not one
transaction: when the second or third fails, the caller hears 502, the row stays with status ``new``, and its id is taken.

What nobody expected is logged with its stack and raised again, never turned into an answer here: API Gateway answers
502 by itself, and Lambda's Errors metric, which the release alarm watches, sees it. Bodies are never logged.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from shared import clients, configuration, items, proxy
from shared.logs import Invocation, Log


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the API works with. ``region``: where it runs; ``client`` gives the boto3 client of a service, made at first use."""

    table: str
    bucket: str
    queue_url: str
    version: str
    region: str
    client: Callable[[str], Any]
    settings: configuration.Configuration
    log: Log
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_id: Callable[[], str] = lambda: str(uuid4())
    clock: Callable[[], float] = time.monotonic


Route = Callable[[proxy.Request, Surroundings], proxy.Answer]


def handler(event: dict[str, Any], context: Invocation) -> proxy.Answer:
    return respond(event, context, surroundings())


@cache
def surroundings() -> Surroundings:
    return from_environment(os.environ)


def from_environment(variables: Mapping[str, str]) -> Surroundings:
    log = Log(environment=variables["ENVIRONMENT"], level=variables["LOG_LEVEL"])
    return Surroundings(
        table=variables["TABLE_NAME"],
        bucket=variables["BUCKET_NAME"],
        queue_url=variables["QUEUE_URL"],
        version=variables.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        region=variables.get("AWS_REGION", ""),
        client=clients.client,
        settings=configuration.from_environment(variables, clients.client, log),
        log=log,
    )


def respond(event: object, context: Invocation, around: Surroundings) -> proxy.Answer:
    """Answer one request and log that it was, with its route, status and time."""
    started, log, route = around.clock(), around.log.of(context), "unreadable"
    try:
        request = proxy.read(event)
        route = request.route
        # Health reads no configuration and makes no client: it says that the code runs, quickly.
        log = log if request.path == HEALTH else around.settings.begin(log)
        answer = _dispatch(request, around)
    except proxy.Invalid as invalid:
        answer = proxy.refusal(400, invalid.problems)
    except Exception as error:
        log.error("the request failed", error=error, route=route)
        raise
    log.info("answered", route=route, status=answer["statusCode"], milliseconds=round((around.clock() - started) * 1000, 1))
    return answer


def _dispatch(request: proxy.Request, around: Surroundings) -> proxy.Answer:
    methods = ROUTES.get(request.path)
    if methods is None:
        return proxy.refusal(404, ["path: there is no such route"])
    if request.method not in methods:
        allowed = ", ".join(methods)
        return proxy.refusal(405, [f"method: this route answers {allowed}"], Allow=allowed)
    return methods[request.method](request, around)


def health(request: proxy.Request, around: Surroundings) -> proxy.Answer:
    """That the code runs, and where: a name in front of several regions does not tell which one answers."""
    return proxy.answer(200, {"status": "ok", "version": around.version, "region": around.region})


def create(request: proxy.Request, around: Surroundings) -> proxy.Answer:
    """Write a new item: 201 with it and where it is, 409 when its id is taken, 503 while writes are switched off."""
    if not around.settings.switch("accept-writes"):
        return proxy.refusal(503, ["writes are switched off: try again later"], Retry_After=str(round(around.settings.cache_seconds)))
    body: dict[str, Any] = proxy.json_object(request)
    problems = items.problems(body)
    if problems:
        raise proxy.Invalid(*problems)
    token = around.new_id()
    item = items.Item(
        id=body.get("id", token),
        name=body["name"],
        quantity=body["quantity"],
        status="new",
        created_at=around.now().isoformat(timespec="microseconds").replace("+00:00", "Z"),
    )
    if not _put_row(item, token, around):
        return proxy.refusal(409, ["id: is taken by another item"])
    _put_object(item, around)
    around.client("sqs").send_message(QueueUrl=around.queue_url, MessageBody=json.dumps({"id": item.id}))
    return proxy.answer(201, item.public(), Location=f"{request.location}/{item.id}")


def show(request: proxy.Request, around: Surroundings) -> proxy.Answer:
    """One item, as it is now: the read is consistent, so that a writer sees what it wrote."""
    problem = items.id_problem(request.id)
    if problem:
        raise proxy.Invalid(problem)
    found = around.client("dynamodb").get_item(TableName=around.table, Key=items.key(request.id), ConsistentRead=True)
    if "Item" not in found:
        return proxy.refusal(404, ["id: there is no such item"])
    return proxy.answer(200, items.from_row(found["Item"]).public())


def newest(request: proxy.Request, around: Surroundings) -> proxy.Answer:
    """The first page of items, newest first; ``more`` says whether there are others."""
    page = around.client("dynamodb").query(
        TableName=around.table,
        IndexName=items.INDEX,
        KeyConditionExpression="#kind = :kind",
        ExpressionAttributeNames={"#kind": "kind"},
        ExpressionAttributeValues={":kind": {"S": items.KIND}},
        ScanIndexForward=False,
        Limit=_limit(request, around.settings),
    )
    found = [items.from_row(row).public() for row in page["Items"]]
    return proxy.answer(200, {"items": found, "more": "LastEvaluatedKey" in page})


HEALTH = ("health",)
ROUTES: dict[tuple[str, ...], dict[str, Route]] = {
    HEALTH: {"GET": health},
    ("items",): {"GET": newest, "POST": create},
    ("items", "{id}"): {"GET": show},
}


def _limit(request: proxy.Request, settings: configuration.Configuration) -> int:
    """What the caller asks for, up to what the operators allow."""
    largest = settings.number("page-limit")
    asked = request.query.get("limit")
    if asked is None:
        return largest
    if not (isinstance(asked, str) and asked.isascii() and asked.isdigit() and len(asked) <= 9 and int(asked) >= 1):
        raise proxy.Invalid("limit: expected a whole number from 1 on")
    return min(int(asked), largest)


def _put_row(item: items.Item, token: str, around: Surroundings) -> bool:
    """Write the row unless there is one with its id; say whether it was written.

    boto3 sends a write again whose answer got lost. By the token the table knows that the row is this very write's.
    """
    try:
        around.client("dynamodb").put_item(
            TableName=around.table,
            Item=item.row() | {"written_by": {"S": token}},
            ConditionExpression="attribute_not_exists(pk) OR written_by = :token",
            ExpressionAttributeValues={":token": {"S": token}},
        )
    except clients.service_errors() as error:
        if clients.error_code(error) == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _put_object(item: items.Item, around: Surroundings) -> None:
    around.client("s3").put_object(
        Bucket=around.bucket,
        Key=f"items/{item.id}.json",
        Body=json.dumps(item.public()).encode(),
        ContentType="application/json",
    )
