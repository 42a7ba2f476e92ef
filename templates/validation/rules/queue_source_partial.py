"""A queue's function says which messages failed."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, source in view.of_type("AWS::Lambda::EventSourceMapping"):
        queue = view.target(source.get("EventSourceArn"))
        from_queue = queue is not None and view.resources[queue]["Type"] == "AWS::SQS::Queue"
        if from_queue and "ReportBatchItemFailures" not in source.get("FunctionResponseTypes", []):
            yield Violation(flat_id, "does not ask for ReportBatchItemFailures", "FunctionResponseTypes")


RULE = Rule(
    id="TAP014",
    title="A queue's function says which messages failed",
    reason="Otherwise one bad message returns its whole batch, and the good ones are worked on again",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    check=check,
)
