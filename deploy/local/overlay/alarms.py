"""Metric alarms are evaluated as time goes by: dimensions, periods, M of N, missing data, percentiles and simple metric math.

Models the CloudWatch user guide's "Alarm evaluation", "Configuring how CloudWatch alarms treat missing data" and "Using
math expressions with CloudWatch metrics". MiniStack evaluates only when a metric is put, over all dimensions at once. A
period lasts as long as minutes do here (`TAPLINE_MINUTE_SECONDS`), counted back from now rather than from the full minute,
so that nobody waits for one. A state that was set by hand lasts for a minute, as AWS says of SetAlarmState for metric alarms.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

from . import metric_math
from .emulator import cloudwatch, responses
from .settings import EVALUATION_SECONDS, MINUTE_SECONDS

Alarm = dict[str, Any]
Datapoint = float | None

_LATENESS = 60.0
"""Seconds by which a point may be older than one that was put before it."""

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "GreaterThanThreshold": float.__gt__,
    "LessThanThreshold": float.__lt__,
    "LessThanOrEqualToThreshold": float.__le__,
}
_set_alarm_state = cloudwatch._set_alarm_state
_held: dict[str, float] = {}
"""Alarm ARN -> until when the state that was set by hand stays."""


def evaluate(alarm: Alarm) -> None:
    """Look at an alarm's last periods and move it where they say."""
    if _held.get(alarm["AlarmArn"], 0) > time.time() or not (alarm.get("MetricName") or alarm.get("Metrics")):
        return
    values = _datapoints(alarm)
    state = _state(alarm, values)
    if state and state != alarm["StateValue"]:
        _move(alarm, state, _reason(alarm, values))


def _datapoints(alarm: Alarm) -> list[Datapoint]:
    """One for each of the alarm's periods, newest first, None where there is no data."""
    count = int(alarm.get("EvaluationPeriods", 1))
    if not alarm.get("Metrics"):
        statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
        return _series(alarm, statistic, float(alarm.get("Period") or 60), count)
    series: dict[str, list[Datapoint]] = {}
    for query in alarm["Metrics"]:
        if stat := query.get("MetricStat"):
            series[query["Id"]] = _series(stat["Metric"], stat["Stat"], float(stat["Period"]), count)
    result = next(query for query in alarm["Metrics"] if str(query.get("ReturnData", True)).lower() == "true")
    if "Expression" not in result:
        return series[result["Id"]]
    periods = [{name: points[index] for name, points in series.items()} for index in range(count)]
    return [metric_math.value(result["Expression"], values) for values in periods]


def _series(metric: dict[str, Any], statistic: str, period: float, count: int) -> list[Datapoint]:
    """A statistic over the last periods of exactly this metric: other dimensions are another metric."""
    now, length = time.time(), period * MINUTE_SECONDS / 60
    dimensions = {given["Name"]: given["Value"] for given in metric.get("Dimensions") or []}
    key = (metric["Namespace"], metric["MetricName"], cloudwatch._dims_key(dimensions))
    buckets: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    # Newest first, and no further back than counts: points are many, and late ones are rare.
    for point in reversed(cloudwatch._metrics.get(key) or []):
        age = now - point["Timestamp"]
        if age > length * count + _LATENESS:
            break
        if 0 <= age < length * count:
            buckets[int(age / length)].append(point)
    return [_value(points, statistic) for points in buckets]


def _value(points: list[dict[str, Any]], statistic: str) -> Datapoint:
    if not points:
        return None
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    return None if value is None else float(value)


def _state(alarm: Alarm, values: list[Datapoint]) -> str | None:
    """The state that M of N datapoints ask for, None to stay; ``values`` newest first, None for missing data."""
    needed = alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods", 1)
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    marks = [None if value is None else breaches(value, float(alarm["Threshold"])) for value in values]
    treatment = alarm.get("TreatMissingData") or "missing"
    if treatment in ("breaching", "notBreaching"):
        marks = [(treatment == "breaching") if mark is None else mark for mark in marks]
    if sum(mark is True for mark in marks) >= needed:
        return "ALARM"
    if all(mark is None for mark in marks):
        return None if treatment == "ignore" else "INSUFFICIENT_DATA"
    if treatment == "ignore" and sum(mark is None for mark in marks) + sum(mark is True for mark in marks) >= needed:
        return None
    return "OK"


def _reason(alarm: Alarm, values: list[Datapoint]) -> str:
    shown = ", ".join("missing" if value is None else f"{value:g}" for value in values)
    return f"Threshold Crossed: datapoints [{shown}] against {alarm['ComparisonOperator']} {alarm['Threshold']}"


def _move(alarm: Alarm, state: str, reason: str) -> None:
    former = alarm["StateValue"]
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], former, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, former, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def set_alarm_state(params: Any, given: Any, *protocol: bool) -> Any:
    """MiniStack's own; the next evaluation comes after a minute."""
    answer = _set_alarm_state(params, given, *protocol)
    name = (given or {}).get("AlarmName") or cloudwatch._p(params, "AlarmName")
    if answer[0] == 200 and name in cloudwatch._alarms:
        _held[cloudwatch._alarms[name]["AlarmArn"]] = time.time() + max(MINUTE_SECONDS, 2 * EVALUATION_SECONDS)
    return answer


def forget_all() -> None:
    _held.clear()


async def keep_evaluating() -> None:
    """Evaluate every alarm of every account and region, again and again."""
    while True:
        await asyncio.sleep(EVALUATION_SECONDS)
        for (account_id, region_name, _), alarm in list(cloudwatch._alarms._data.items()):
            with as_owner(account_id, region_name), contextlib.suppress(Exception):
                evaluate(alarm)


@contextlib.contextmanager
def as_owner(account_id: str, region_name: str) -> Iterator[None]:
    """Run as a request of this account and region would."""
    account_token = responses._request_account_id.set(account_id)
    region_token = responses._request_region.set(region_name)
    try:
        yield
    finally:
        responses._request_region.reset(region_token)
        responses._request_account_id.reset(account_token)


def install() -> None:
    cloudwatch._evaluate_alarm = evaluate
    cloudwatch._set_alarm_state = set_alarm_state
