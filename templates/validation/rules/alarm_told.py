"""Alarms tell somebody when they come and when they go."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, alarm in view.of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for part in ("AlarmActions", "OKActions"):
            if not alarm.get(part):
                yield Violation(flat_id, f"has no {part}", part)
        if alarm.get("ActionsEnabled") is False:
            yield Violation(flat_id, "has its actions off", "ActionsEnabled")


RULE = Rule(
    id="TAP050",
    title="Alarms tell somebody when they come and when they go",
    reason="An alarm without an action rings in an empty house",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
    check=check,
)
