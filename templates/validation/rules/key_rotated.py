"""Keys rotate, and wait thirty days before they go."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, key in view.of_type("AWS::KMS::Key"):
        if key.get("EnableKeyRotation") is not True:
            yield Violation(flat_id, "does not rotate", "EnableKeyRotation")
        if key.get("PendingWindowInDays") != 30:
            yield Violation(flat_id, "does not wait 30 days before it is deleted", "PendingWindowInDays")


RULE = Rule(
    id="TAP030",
    title="Keys rotate, and wait thirty days before they go",
    reason="A key that is deleted takes everything with it that it ever encrypted",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    check=check,
)
