"""Roles are created only within the boundary."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("identity"):
        makes = sorted({"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:CreateUser"} & set(statement.actions))
        if statement.allows and makes and not statement.conditioned("iam:PermissionsBoundary"):
            yield Violation(statement.flat_id, f"allows {', '.join(makes)} without a condition on iam:PermissionsBoundary", statement.path)


RULE = Rule(
    id="TAP025",
    title="Roles are created only within the boundary",
    reason="A role created without a boundary can do more than its maker",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    check=check,
)
