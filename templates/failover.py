"""What moves the traffic between the regions of an environment that has two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref, cloudwatch

from resources.naming import name
from templates.service import Service

if TYPE_CHECKING:
    from env.model import AnyEnvironment, Environment

SWITCH = "switch"


def switch_namespace(env: AnyEnvironment) -> str:
    return f"{env.project}/{SWITCH}/{env.name}"


def build_standby(env: Environment) -> Service:
    """Of a second region: the switch, which must move also while the first one is out."""
    service = Service("failover", env, "The switch between the regions")
    alarm = service.add(_switch(env, service.needs("AlarmTopicArn")))
    service.gives("SwitchAlarmName", Ref(alarm), "Name of the alarm that moves the traffic")
    return service


def _switch(env: Environment, topic: Any) -> cloudwatch.Alarm:
    """In ALARM while the second region is to serve. It rings by a metric that the deployer writes, and missing data leave it as it is."""
    return cloudwatch.Alarm(
        "SwitchAlarm",
        AlarmName=name(env, SWITCH, "alarm"),
        AlarmDescription="In ALARM: the second region serves",
        Namespace=switch_namespace(env),
        MetricName="Standby",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=1,
        TreatMissingData="ignore",
        ActionsEnabled=True,
        AlarmActions=[topic],
        OKActions=[topic],
    )
