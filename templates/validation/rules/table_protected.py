"""Tables cannot be deleted where it matters."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    if not view.env.termination_protection:
        return
    for flat_id, table in view.of_type("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"):
        for place in table.get("Replicas", [table]):
            if place.get("DeletionProtectionEnabled") is not True:
                yield Violation(flat_id, "has no deletion protection, although the environment is protected", "DeletionProtectionEnabled")


RULE = Rule(
    id="TAP010",
    title="Tables cannot be deleted where it matters",
    reason="DeletionPolicy protects a table from its stack; only deletion protection protects it from people",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html",
    check=check,
)
