"""A queue starts no more functions than are reserved."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, source in view.of_type("AWS::Lambda::EventSourceMapping"):
        queue, function = view.target(source.get("EventSourceArn")), view.function(source.get("FunctionName"))
        if queue is None or function is None or view.resources[queue]["Type"] != "AWS::SQS::Queue":
            continue
        most, reserved = (
            source.get("ScalingConfig", {}).get("MaximumConcurrency"),
            view.properties(function).get("ReservedConcurrentExecutions"),
        )
        if most is None or reserved is None or most > reserved:
            yield Violation(flat_id, f"starts up to {most} functions of {reserved} reserved", "ScalingConfig")


RULE = Rule(
    id="TAP015",
    title="A queue starts no more functions than are reserved",
    reason="What is started above that is throttled, and its messages end as dead letters",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
    check=check,
)
