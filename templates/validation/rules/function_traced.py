"""Functions are traced."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        if function.get("TracingConfig", {}).get("Mode") != "Active":
            yield Violation(flat_id, "is not traced", "TracingConfig")


RULE = Rule(
    id="TAP035",
    title="Functions are traced",
    reason="A slow request can be followed only through traces",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    check=check,
)
