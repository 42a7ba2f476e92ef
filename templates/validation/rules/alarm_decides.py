"""Alarms say what missing data means and how many datapoints decide."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, alarm in view.of_type("AWS::CloudWatch::Alarm"):
        for part in ("TreatMissingData", "DatapointsToAlarm"):
            if part not in alarm:
                yield Violation(flat_id, f"does not say {part}", part)


RULE = Rule(
    id="TAP051",
    title="Alarms say what missing data means and how many datapoints decide",
    reason="The default keeps a silent alarm in the state that it last had",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
    check=check,
)
