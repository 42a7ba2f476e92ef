"""Functions have no public URL."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, url in view.of_type("AWS::Lambda::Url"):
        if url.get("AuthType") != "AWS_IAM":
            yield Violation(flat_id, "needs no authorization", "AuthType")


RULE = Rule(
    id="TAP040",
    title="Functions have no public URL",
    reason="A URL without authorization is open to everybody and past the API's limits",
    source="https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    check=check,
)
