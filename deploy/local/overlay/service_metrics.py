"""Metrics that services report of themselves: functions by alias, APIs by stage, queues by depth and age.

Models the Lambda developer guide's "Using CloudWatch metrics with Lambda" (dimension Resource: FunctionName:alias), the API
Gateway developer guide's "Amazon API Gateway dimensions and metrics" and the SQS developer guide's "Available CloudWatch
metrics for Amazon SQS". No metric is invented: each comes from a call that was made or a message that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from . import alarms, health_checks, replication
from .emulator import apigateway, app, cloudwatch, functions, sqs
from .settings import EVALUATION_SECONDS, MINUTE_SECONDS

_execute_function = functions._execute_function
_record_for_qualifier = functions._effective_func_record_for_qualifier
_handle_execute = apigateway.handle_execute
_lifespan = app._handle_lifespan


def record_for_qualifier(function: dict[str, Any] | None, qualifier: str | None) -> tuple[Any, Any]:
    """MiniStack's own, with what it loses of the call: the alias, and the concurrency that all versions share."""
    record, config = _record_for_qualifier(function, qualifier)
    if function is None or record is None or qualifier in (None, "$LATEST"):
        return record, config
    config = {**config, "FunctionArn": f"{function['config']['FunctionArn']}:{qualifier}"}
    return {**record, "config": config, "concurrency": function.get("concurrency")}, config


def execute_function(function: dict[str, Any], event: Any) -> Any:
    """MiniStack's own, which every way of calling a function goes through, with the metrics of the call."""
    config = function.get("config") or function
    if functions._function_config_scope_mismatch(config):
        # MiniStack enters the owner's account and region and comes back here.
        return _execute_function(function, event)
    base = functions._functions.get(config.get("FunctionName")) or {}
    began = time.time()
    result = _execute_function({**function, "concurrency": base.get("concurrency", function.get("concurrency"))}, event)
    _record_call(config, result, (time.time() - began) * 1000)
    return result


def _record_call(config: dict[str, Any], result: dict[str, Any], milliseconds: float) -> None:
    throttled = bool(result.get("throttle"))
    name = config.get("FunctionName", "unknown")
    qualifier = str(config.get("FunctionArn", "")).partition(f":function:{name}:")[2]
    scopes = [{"FunctionName": name}]
    if qualifier:
        scopes.append({"FunctionName": name, "Resource": f"{name}:{qualifier}"})
    for dimensions in scopes:
        cloudwatch.record_metric("AWS/Lambda", "Throttles", float(throttled), "Count", dimensions)
        if not throttled:
            cloudwatch.record_metric("AWS/Lambda", "Invocations", 1, "Count", dimensions)
            cloudwatch.record_metric("AWS/Lambda", "Errors", float(bool(result.get("error"))), "Count", dimensions)
            cloudwatch.record_metric("AWS/Lambda", "Duration", milliseconds, "Milliseconds", dimensions)


def _nothing(*_: Any, **__: Any) -> None:
    """MiniStack's own metrics of API calls, which are counted above with all others."""


async def handle_execute(api_id: str, stage: str, *request: Any) -> Any:
    """MiniStack's own, with the metrics of the request."""
    began = time.time()
    answer = await _handle_execute(api_id, stage, *request)
    if scope := apigateway.find_api_scope(api_id):
        with alarms.as_owner(*scope):
            _record_request(api_id, stage, int(answer[0]), (time.time() - began) * 1000)
    return answer


def _record_request(api_id: str, stage: str, status: int, milliseconds: float) -> None:
    name = (apigateway._rest_apis.get(api_id) or {}).get("name", api_id)
    for dimensions in ({"ApiName": name}, {"ApiName": name, "Stage": stage}):
        cloudwatch.record_metric("AWS/ApiGateway", "Count", 1, "Count", dimensions)
        cloudwatch.record_metric("AWS/ApiGateway", "4XXError", float(400 <= status < 500), "Count", dimensions)
        cloudwatch.record_metric("AWS/ApiGateway", "5XXError", float(status >= 500), "Count", dimensions)
        cloudwatch.record_metric("AWS/ApiGateway", "Latency", milliseconds, "Milliseconds", dimensions)


async def keep_measuring_queues() -> None:
    """Report depth and age of every queue, again and again."""
    while True:
        await asyncio.sleep(EVALUATION_SECONDS)
        for (account_id, region_name, _), queue in list(sqs._queues._data.items()):
            with alarms.as_owner(account_id, region_name), contextlib.suppress(Exception):
                _record_queue(queue)


def _record_queue(queue: dict[str, Any]) -> None:
    """A message ages as minutes pass here. An empty queue is said to be empty once, and then has nothing to report."""
    now = time.time()
    visible = sum(message.get("visible_at", 0) <= now for message in queue["messages"])
    oldest = min((message.get("sent_at", now) for message in queue["messages"]), default=now)
    if not queue["messages"] and not queue.get("_reported"):
        return
    queue["_reported"] = bool(queue["messages"])
    dimensions = {"QueueName": queue["name"]}
    cloudwatch.record_metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", visible, "Count", dimensions)
    age = (now - oldest) * 60 / MINUTE_SECONDS
    cloudwatch.record_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", age, "Seconds", dimensions)


async def lifespan(*asgi: Any) -> None:
    """MiniStack's own, with the clocks of alarms, queues, health checks and copies running as long as it does."""
    all_of_them = (keep_measuring_queues(), alarms.keep_evaluating(), health_checks.keep_asking(), replication.keep_copying())
    clocks = [asyncio.ensure_future(clock) for clock in all_of_them]
    try:
        await _lifespan(*asgi)
    finally:
        for clock in clocks:
            clock.cancel()


def install() -> None:
    functions._effective_func_record_for_qualifier = record_for_qualifier
    functions._execute_function = execute_function
    functions._emit_lambda_metrics = _nothing
    apigateway.handle_execute = handle_execute
    app._handle_lifespan = lifespan
