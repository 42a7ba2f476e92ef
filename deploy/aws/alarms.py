"""CloudWatch alarms: what state those are in that watch a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from deploy.aws.api import Api
from deploy.aws.metrics import Metric
from deploy.model import Alarm
from deploy.noun import Noun

_TYPES = {"MetricAlarms": "AWS::CloudWatch::Alarm", "CompositeAlarms": "AWS::CloudWatch::CompositeAlarm"}
_MEMBER = re.compile(r"""ALARM\(\s*["']?([^"')]+?)["']?\s*\)""")


class Rung(Noun, frozen=True, kw_only=True):
    """An alarm that rings at a threshold of one metric."""

    metric: Metric
    threshold: float
    state: str


@dataclass(frozen=True, kw_only=True)
class Alarms:
    api: Api

    def named(self, names: Iterable[str]) -> tuple[Alarm, ...]:
        """Those that exist in this account and region; DescribeAlarms takes 100 names, and answers 50 unless told otherwise."""
        wanted = sorted(set(names))
        found: list[Alarm] = []
        for start in range(0, len(wanted), 50):
            answer = self.api("describe_alarms", AlarmNames=wanted[start : start + 50], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
            found += _alarms(answer)
        return tuple(sorted(found, key=lambda alarm: alarm.name))

    def within(self, prefix: str, suffix: str) -> tuple[Alarm, ...]:
        """All whose names begin and end so."""
        found: list[Alarm] = []
        token: dict[str, str] = {}
        while True:
            answer = self.api("describe_alarms", AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"], **token)
            found += [alarm for alarm in _alarms(answer) if alarm.name.endswith(suffix)]
            if not answer.get("NextToken"):
                return tuple(sorted(found, key=lambda alarm: alarm.name))
            token = {"NextToken": answer["NextToken"]}

    def members(self, name: str) -> frozenset[str]:
        """The names of the alarms that a composite alarm speaks of; empty where there is no such alarm.

        Its rule names each as ``ALARM("name or ARN")`` (CloudWatch's API reference, PutCompositeAlarm, AlarmRule).
        """
        found = self.api("describe_alarms", AlarmNames=[name], AlarmTypes=["CompositeAlarm"]).get("CompositeAlarms") or ()
        named = [each for one in found for each in _MEMBER.findall(one.get("AlarmRule") or "")]
        return frozenset(each.rsplit(":alarm:", 1)[-1] for each in named)

    def metric(self, name: str) -> Rung | None:
        """What a metric alarm rings by; None where there is no such alarm."""
        found = self.api("describe_alarms", AlarmNames=[name], AlarmTypes=["MetricAlarm"]).get("MetricAlarms") or ()
        for one in found:
            dimensions = tuple((each["Name"], each["Value"]) for each in one.get("Dimensions") or ())
            metric = Metric(namespace=one["Namespace"], name=one["MetricName"], dimensions=dimensions)
            return Rung(metric=metric, threshold=float(one["Threshold"]), state=one["StateValue"])
        return None

    def set_state(self, name: str, state: str, reason: str) -> None:
        self.api("set_alarm_state", AlarmName=name, StateValue=state, StateReason=reason)


def _alarms(answer: dict[str, Any]) -> list[Alarm]:
    """Of one answer of DescribeAlarms, both types."""
    return [
        Alarm(
            name=one["AlarmName"],
            arn=one["AlarmArn"],
            type=kind,
            state=one["StateValue"],
            reason=one.get("StateReason") or "",
            since=one.get("StateUpdatedTimestamp"),
        )
        for key, kind in _TYPES.items()
        for one in answer.get(key) or ()
    ]
