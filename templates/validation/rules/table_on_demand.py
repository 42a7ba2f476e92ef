"""Tables are paid by the request."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, table in view.of_type("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"):
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield Violation(flat_id, "has a provisioned capacity", "BillingMode")


RULE = Rule(
    id="TAP070",
    title="Tables are paid by the request",
    reason="A provisioned table refuses requests above its capacity and costs the same at night",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html",
    check=check,
)
