"""Schedules are on."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, rule in view.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if rule.get("State", "ENABLED") != "ENABLED":
            yield Violation(flat_id, "is switched off", "State")


RULE = Rule(
    id="TAP071",
    title="Schedules are on",
    reason="A schedule that is off detects no drift, and nobody notices what does not happen",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html",
    check=check,
)
