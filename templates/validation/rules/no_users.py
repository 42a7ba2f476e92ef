"""People and programs come through roles."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, _ in view.of_type("AWS::IAM::AccessKey", "AWS::IAM::Group", "AWS::IAM::User"):
        yield Violation(flat_id, "gives somebody credentials that never end: make a role")


RULE = Rule(
    id="TAP065",
    title="People and programs come through roles",
    reason="A user's access key never ends, and is found in places where nobody looks for it",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    check=check,
)
