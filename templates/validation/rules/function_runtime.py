"""Functions run on the environment's runtime."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        wanted = (view.env.functions.runtime, [view.env.functions.architecture])
        if "ImageUri" not in function.get("Code", {}) and (function.get("Runtime"), function.get("Architectures")) != wanted:
            yield Violation(flat_id, f"does not run on {wanted[0]}, {wanted[1][0]} as the environment says", "Runtime")


RULE = Rule(
    id="TAP069",
    title="Functions run on the environment's runtime",
    reason="One runtime everywhere is one that is moved in time, before AWS ends it",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    check=check,
)
