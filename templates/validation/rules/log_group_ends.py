"""Log groups end and are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, group in view.of_type("AWS::Logs::LogGroup"):
        for part in ("KmsKeyId", "RetentionInDays"):
            if part not in group:
                yield Violation(flat_id, f"has no {part}", part)


RULE = Rule(
    id="TAP049",
    title="Log groups end and are encrypted",
    reason="Logs without an end cost money for ever and keep what should be forgotten",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    check=check,
)
