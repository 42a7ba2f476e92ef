"""Log groups end and are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key


def check(view: View) -> Iterator[Violation]:
    for flat_id, group in view.of_type("AWS::Logs::LogGroup"):
        if not own_key(group.get("KmsKeyId")):
            yield Violation(flat_id, "is not encrypted with a customer managed key", "KmsKeyId")
        days = view.env.logs.retention_days
        if group.get("RetentionInDays") != days:
            yield Violation(flat_id, f"does not keep its events for the {days} days that the environment says", "RetentionInDays")


RULE = Rule(
    id="TAP049",
    title="Log groups end and are encrypted",
    reason="Logs without an end cost money for ever and keep what should be forgotten",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    check=check,
)
