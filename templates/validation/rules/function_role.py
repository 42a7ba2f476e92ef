"""Each function has a role of its own."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    owners: dict[str, str] = {}
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        role = view.target(function.get("Role"))
        if role is None:
            yield Violation(flat_id, "has a role from outside these templates", "Role")
        elif role in owners:
            yield Violation(flat_id, f"shares its role with {owners[role]}", "Role")
        else:
            owners[role] = flat_id


RULE = Rule(
    id="TAP032",
    title="Each function has a role of its own",
    reason="A shared role gives each function the permissions of all",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    check=check,
)
