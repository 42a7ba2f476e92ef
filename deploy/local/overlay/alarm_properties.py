"""Alarms on metric math, which MiniStack refuses in templates.

Models the user guide's AWS::CloudWatch::Alarm, property Metrics.
"""

from __future__ import annotations

from typing import Any

from .emulator import provisioners

_record = provisioners._cw_metric_alarm_record


def record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """MiniStack's own for an alarm on one metric; one on an expression is the same with its queries in the metric's place."""
    if not properties.get("Metrics"):
        made: dict[str, Any] = _record(name, properties)
        return made
    plain = {key: value for key, value in properties.items() if key != "Metrics"}
    made = _record(name, {**plain, "MetricName": "expression", "Namespace": "expression"})
    for key in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period"):
        made.pop(key, None)
    return {**made, "Metrics": properties["Metrics"], "Dimensions": []}


def install() -> None:
    provisioners._cw_metric_alarm_record = record
