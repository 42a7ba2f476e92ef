"""Nobody is let in without a condition on who it is."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import RESOURCE_POLICIES, View

BOUNDS = ("aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:SourceAccount", "kms:CallerAccount")


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements(*RESOURCE_POLICIES, "endpoint", "trust"):
        if statement.allows and statement.everybody and not statement.conditioned(*BOUNDS):
            yield Violation(statement.flat_id, "lets everybody in", statement.path)


RULE = Rule(
    id="TAP019",
    title="Nobody is let in without a condition on who it is",
    reason="A policy with Principal * is open to everybody on the internet",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    check=check,
)
