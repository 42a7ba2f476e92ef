"""CloudWatch metrics: the newest value of one, and one that is written for an alarm to ring by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.aws.api import Api
from deploy.noun import Noun

PERIOD_SECONDS = 60


class Metric(Noun, frozen=True, kw_only=True):
    """One metric: its namespace, its name, and its dimensions in any order."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


class Point(Noun, frozen=True, kw_only=True):
    value: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Metrics:
    api: Api

    def newest(self, asked: Iterable[Metric], now: datetime, back: timedelta) -> tuple[Point | None, ...]:
        """Of each metric the newest maximum of a minute, as far back as is told; None where there is none (GetMetricData)."""
        metrics = list(asked)
        queries = [
            {
                "Id": f"m{index}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric.namespace,
                        "MetricName": metric.name,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
                    },
                    "Period": PERIOD_SECONDS,
                    "Stat": "Maximum",
                },
            }
            for index, metric in enumerate(metrics)
        ]
        found: dict[str, Point] = {}
        token: dict[str, Any] = {}
        while queries:
            answer = self.api(
                "get_metric_data", MetricDataQueries=queries, StartTime=now - back, EndTime=now, ScanBy="TimestampDescending", **token
            )
            for one in answer["MetricDataResults"]:
                if one["Timestamps"] and one["Id"] not in found:
                    found[one["Id"]] = max(
                        (Point(value=value, at=at) for at, value in zip(one["Timestamps"], one["Values"], strict=True)),
                        key=lambda point: point.at,
                    )
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
        return tuple(found.get(f"m{index}") for index in range(len(metrics)))

    def write(self, metric: Metric, value: float) -> None:
        """One point, of now."""
        dimensions = [{"Name": name, "Value": said} for name, said in metric.dimensions]
        data: dict[str, Any] = {"MetricName": metric.name, "Value": value, "Unit": "None"}
        self.api("put_metric_data", Namespace=metric.namespace, MetricData=[data | ({"Dimensions": dimensions} if dimensions else {})])
