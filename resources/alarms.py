"""Alarms: M of N datapoints, missing data written out, somebody told when they come and when they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Sub, cloudwatch

from resources.naming import name

if TYPE_CHECKING:
    from env.model import AnyEnvironment, Environment


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One CloudWatch metric. ``statistic`` is Sum, Maximum, Average or a percentile such as p99."""

    namespace: str
    name: str
    dimensions: dict[str, Any]
    statistic: str


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What an alarm is for: its thing in the name, a sentence for whoever is woken, and the value that is too much."""

    thing: str
    description: str
    threshold: Any


def latch(title: str, **own: Any) -> cloudwatch.Alarm:
    """An alarm that stays as the deployer leaves it: one datapoint of 1 rings, one of 0 ends it, and missing data change nothing."""
    return cloudwatch.Alarm(
        title,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=1,
        TreatMissingData="ignore",
        ActionsEnabled=True,
        **own,
    )


def alarm(title: str, env: Environment, watch: Watch, metric: Metric, topic: Any) -> cloudwatch.Alarm:
    """An alarm on one metric: quiet where nothing happens."""
    return cloudwatch.Alarm(
        title,
        Namespace=metric.namespace,
        MetricName=metric.name,
        Dimensions=_dimensions(metric),
        Period=env.alarms.period_seconds,
        **_statistic(metric),
        **_common(env, watch, topic),
    )


def single_alarm(title: str, env: AnyEnvironment, watch: Watch, metric: Metric, topic: Any) -> cloudwatch.Alarm:
    """The same for what one look of five minutes is enough for. ``watch.threshold`` may be a parameter."""
    return cloudwatch.Alarm(
        title,
        Namespace=metric.namespace,
        MetricName=metric.name,
        Dimensions=_dimensions(metric),
        Period=300,
        **_statistic(metric),
        **_watched(env, watch, topic, periods=1, datapoints=1),
    )


def rate_alarm(title: str, env: Environment, watch: Watch, parts: tuple[Metric, Metric], topic: Any) -> cloudwatch.Alarm:
    """An alarm on the first metric in percent of the second: one error of two requests is not one of a thousand."""
    part, whole = parts
    return cloudwatch.Alarm(
        title,
        Metrics=[
            _query("part", part, env),
            _query("whole", whole, env),
            cloudwatch.MetricDataQuery(Id="rate", Expression="IF(whole > 0, 100 * part / whole, 0)", Label="percent", ReturnData=True),
        ],
        **_common(env, watch, topic),
    )


def composite_alarm(title: str, env: Environment, thing: str, alarms: list[cloudwatch.Alarm], topic: Any) -> cloudwatch.CompositeAlarm:
    """In ALARM when any of ``alarms`` is: the one rollback trigger of an environment."""
    rule = " OR ".join(f'ALARM("${{{member.title}}}")' for member in alarms)
    return cloudwatch.CompositeAlarm(
        title,
        AlarmName=name(env, thing, "alarm"),
        AlarmDescription=f"Any alarm of {env.project} {env.name} that a release can cause: rolls a deployment back",
        AlarmRule=Sub(rule),
        ActionsEnabled=True,
        AlarmActions=[topic],
        OKActions=[topic],
    )


def _common(env: Environment, watch: Watch, topic: Any) -> dict[str, Any]:
    return _watched(env, watch, topic, periods=env.alarms.evaluation_periods, datapoints=env.alarms.datapoints_to_alarm)


def _watched(env: AnyEnvironment, watch: Watch, topic: Any, *, periods: int, datapoints: int) -> dict[str, Any]:
    return {
        "AlarmName": name(env, watch.thing, "alarm"),
        "AlarmDescription": watch.description,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": watch.threshold,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": datapoints,
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": True,
        "AlarmActions": [topic],
        "OKActions": [topic],
    }


def _statistic(metric: Metric) -> dict[str, Any]:
    return {"ExtendedStatistic" if metric.statistic.startswith("p") else "Statistic": metric.statistic}


def _dimensions(metric: Metric) -> list[cloudwatch.MetricDimension]:
    return [cloudwatch.MetricDimension(Name=key, Value=value) for key, value in sorted(metric.dimensions.items())]


def _query(identifier: str, metric: Metric, env: Environment) -> cloudwatch.MetricDataQuery:
    return cloudwatch.MetricDataQuery(
        Id=identifier,
        ReturnData=False,
        MetricStat=cloudwatch.MetricStat(
            Metric=cloudwatch.Metric(Namespace=metric.namespace, MetricName=metric.name, Dimensions=_dimensions(metric)),
            Period=env.alarms.period_seconds,
            Stat=metric.statistic,
        ),
    )
