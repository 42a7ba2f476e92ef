"""Roles are created only within the boundary."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

# Everything that gives an identity permissions, and takes the condition (Service Authorization Reference, IAM).
MAKING = (
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
)
# It takes a boundary away: no condition makes that right.
FREEING = ("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary")


def check(view: View) -> Iterator[Violation]:
    for statement in view.statements("identity"):
        makes = statement.does(*MAKING)
        if statement.allows and makes and not statement.conditioned("iam:PermissionsBoundary"):
            yield Violation(statement.flat_id, f"allows {', '.join(makes)} without a condition on iam:PermissionsBoundary", statement.path)
        frees = statement.does(*FREEING)
        if statement.allows and frees:
            yield Violation(statement.flat_id, f"allows {', '.join(frees)}", statement.path)


RULE = Rule(
    id="TAP025",
    title="Roles are created only within the boundary",
    reason="A role created without a boundary can do more than its maker",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    check=check,
)
