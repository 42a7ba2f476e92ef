"""Permissions stand in managed policies of their own."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    for flat_id, role in view.of_type("AWS::IAM::Role"):
        if role.get("Policies"):
            yield Violation(flat_id, "has inline policies", "Policies")
        for policy in role.get("ManagedPolicyArns", []):
            if ":iam::aws:policy/" in text(policy):
                yield Violation(flat_id, f"has {text(policy).rsplit('/', 1)[-1]}, which AWS wrote for everybody", "ManagedPolicyArns")
    for flat_id, _ in view.of_type("AWS::IAM::GroupPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy"):
        yield Violation(flat_id, "is an inline policy", "")


RULE = Rule(
    id="TAP024",
    title="Permissions stand in managed policies of their own",
    reason="Inline policies and AWS's broad managed ones escape review and versions",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
    check=check,
)
