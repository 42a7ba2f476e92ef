"""CloudWatch alarms: what state those are in that watch a deployment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deploy.aws.api import Api
from deploy.model import Alarm

_TYPES = {"MetricAlarms": "AWS::CloudWatch::Alarm", "CompositeAlarms": "AWS::CloudWatch::CompositeAlarm"}


@dataclass(frozen=True, kw_only=True)
class Alarms:
    api: Api

    def named(self, names: Iterable[str]) -> tuple[Alarm, ...]:
        """Those that exist in this account and region; DescribeAlarms takes 100 names, and answers 50 unless told otherwise."""
        wanted = sorted(set(names))
        found: list[Alarm] = []
        for start in range(0, len(wanted), 50):
            answer = self.api("describe_alarms", AlarmNames=wanted[start : start + 50], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
            for key, kind in _TYPES.items():
                found += [
                    Alarm(
                        name=one["AlarmName"],
                        arn=one["AlarmArn"],
                        type=kind,
                        state=one["StateValue"],
                        reason=one.get("StateReason") or "",
                        since=one.get("StateUpdatedTimestamp"),
                    )
                    for one in answer.get(key) or ()
                ]
        return tuple(sorted(found, key=lambda alarm: alarm.name))

    def set_state(self, name: str, state: str, reason: str) -> None:
        self.api("set_alarm_state", AlarmName=name, StateValue=state, StateReason=reason)
