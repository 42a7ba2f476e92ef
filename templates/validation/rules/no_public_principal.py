"""Nobody is let in without a condition on who it is."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

BOUNDS = ("aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:SourceAccount", "kms:CallerAccount")


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("bucket", "queue", "topic", "key", "secret", "endpoint", "trust"):
        everybody = any(value == "*" for kind, value in statement.principals if kind == "AWS")
        if statement.allows and everybody and not statement.conditioned(*BOUNDS):
            yield Violation(statement.flat_id, "lets everybody in", statement.path)


RULE = Rule(
    id="TAP019",
    title="Nobody is let in without a condition on who it is",
    reason="A policy with Principal * is open to everybody on the internet",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    check=check,
)
