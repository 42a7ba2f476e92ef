"""Every role has a permissions boundary."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    for flat_id, role in view.of_type("AWS::IAM::Role"):
        if "PermissionsBoundary" not in role:
            yield Violation(flat_id, "has no permissions boundary", "PermissionsBoundary")
        elif ":iam::aws:policy/" in text(role["PermissionsBoundary"]):
            yield Violation(
                flat_id, "has a policy of AWS as its boundary, which bounds little: name the environment's", "PermissionsBoundary"
            )


RULE = Rule(
    id="TAP023",
    title="Every role has a permissions boundary",
    reason="Without one, whoever may create roles may become anybody",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    check=check,
)
