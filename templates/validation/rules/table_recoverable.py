"""Tables can be had back as of any moment where the environment says so."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

PATH = "PointInTimeRecoverySpecification"


def check(view: View) -> Iterator[Violation]:
    for flat_id, table in view.of_type("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"):
        settings = view.env.table
        for place in table.get("Replicas", [table]):
            recovery = place.get("PointInTimeRecoverySpecification", {})
            if recovery.get("PointInTimeRecoveryEnabled", False) is not settings.point_in_time_recovery:
                yield Violation(flat_id, "does not recover to a point in time as the environment says", PATH)
            elif settings.point_in_time_recovery and recovery.get("RecoveryPeriodInDays") != settings.recovery_days:
                yield Violation(flat_id, f"does not reach back the {settings.recovery_days} days that the environment says", PATH)


RULE = Rule(
    id="TAP066",
    title="Tables can be had back as of any moment where the environment says so",
    reason="A wrong write is undone only by recovery to the moment before it",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
    check=check,
)
