"""Statements say what they allow, not what they leave out."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements():
        inverted = sorted(statement.keys & {"NotAction", "NotResource", "NotPrincipal"})
        if inverted:
            yield Violation(statement.flat_id, f"uses {', '.join(inverted)}", statement.path)


RULE = Rule(
    id="TAP029",
    title="Statements say what they allow, not what they leave out",
    reason="NotAction, NotResource and NotPrincipal allow everything that AWS will ever add",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
    check=check,
)
