"""The worker: takes jobs from the queue and marks their items done; a job that fails goes back to the queue alone.

SQS delivers at least once, so doing a job again changes nothing: the first time of processing stays.

A message ``{"verification": "..."}``, without an id, is no job: the deployer sends it to see whether messages are taken, and that they are
is all that it asks. It is acknowledged, and touches nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from shared import clients, configuration, items
from shared.logs import Invocation, Log

VERIFICATION = "verification"
"""The mark, as `deploy/verification/queue.py` sends it."""

BatchAnswer = dict[str, list[dict[str, str]]]


class BadJob(Exception):
    """The message names no item that can be marked: it ends in the dead-letter queue."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the worker works with. ``client`` gives the boto3 client of a service, made at first use."""

    table: str
    client: Callable[[str], Any]
    settings: configuration.Configuration
    log: Log
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def handler(event: dict[str, Any], context: Invocation) -> BatchAnswer:
    return work(event, context, surroundings())


@cache
def surroundings() -> Surroundings:
    return from_environment(os.environ)


def from_environment(variables: Mapping[str, str]) -> Surroundings:
    log = Log(environment=variables["ENVIRONMENT"], level=variables["LOG_LEVEL"])
    return Surroundings(
        table=variables["TABLE_NAME"],
        client=clients.client,
        settings=configuration.from_environment(variables, clients.client, log),
        log=log,
    )


def work(event: dict[str, Any], context: Invocation, around: Surroundings) -> BatchAnswer:
    """Do every job of a batch; the answer names the messages that failed.

    Raises:
        Exception: nothing of the batch could be done, and not for the messages' sake. For the queue that is the same
            as naming them all, but Lambda's Errors metric, which the release alarm watches, sees it.
    """
    log = around.settings.begin(around.log.of(context))
    records = event.get("Records", [])
    faults: dict[str, Exception | None] = {}
    for record in records:
        identifier = record["messageId"]
        try:
            body = _body(record)
            if _is_verification(body):
                log.info("a verification message is taken", message_id=identifier)
                continue
            _mark_done(_item_id(body), around)
        except BadJob as bad:
            faults[identifier] = None
            log.warn("the job is refused", message_id=identifier, reason=str(bad))
        except Exception as error:  # noqa: BLE001 - whatever went wrong with one job, the others are still done
            faults[identifier] = error
            log.error("the job failed", error=error, message_id=identifier)
    log.info("batch done", jobs=len(records), failed=len(faults))
    unexpected = [fault for fault in faults.values() if fault]
    if unexpected and len(faults) == len(records):
        raise unexpected[0]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in faults]}


def _body(record: Mapping[str, Any]) -> Any:
    try:
        return json.loads(record["body"])
    except (ValueError, RecursionError):
        raise BadJob("body: is not JSON") from None


def _is_verification(body: Any) -> bool:
    """The mark and nothing else: what names an item as well is a job."""
    return isinstance(body, dict) and body.keys() == {VERIFICATION} and isinstance(body[VERIFICATION], str)


def _item_id(body: Any) -> str:
    """The id in a message's body. Other fields are let through: a newer API may send them before the worker knows them."""
    identifier = body.get("id") if isinstance(body, dict) else None
    problem = items.id_problem(identifier)
    if problem:
        raise BadJob(problem)
    return str(identifier)


def _mark_done(identifier: str, around: Surroundings) -> None:
    now = around.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
    try:
        around.client("dynamodb").update_item(
            TableName=around.table,
            Key=items.key(identifier),
            UpdateExpression="SET #status = :done, processed_at = if_not_exists(processed_at, :now)",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":done": {"S": "done"}, ":now": {"S": now}},
        )
    except clients.service_errors() as error:
        if clients.error_code(error) == "ConditionalCheckFailedException":
            raise BadJob(f"id: there is no item {identifier}") from None
        raise
