"""Functions reserve their concurrency."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        reserved, most = function.get("ReservedConcurrentExecutions"), view.env.functions.reserved_concurrency
        if not reserved:
            yield Violation(flat_id, "reserves no concurrency", "ReservedConcurrentExecutions")
        elif reserved > most:
            yield Violation(flat_id, f"reserves {reserved}; the environment says {most}", "ReservedConcurrentExecutions")


RULE = Rule(
    id="TAP034",
    title="Functions reserve their concurrency",
    reason="One function that runs away takes the whole account's concurrency with it",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
    check=check,
)
