"""What a function cannot do is kept."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    caught = {
        view.function(config.get("FunctionName"))
        for _, config in view.of_type("AWS::Lambda::EventInvokeConfig")
        if "Destination" in config.get("DestinationConfig", {}).get("OnFailure", {})
    }
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        if "TargetArn" not in function.get("DeadLetterConfig", {}) and flat_id not in caught:
            yield Violation(flat_id, "has no failure destination", "DeadLetterConfig")


RULE = Rule(
    id="TAP033",
    title="What a function cannot do is kept",
    reason="An asynchronous event that failed three times is otherwise gone",
    source="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
    check=check,
)
