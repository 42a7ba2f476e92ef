"""Topics are encrypted with a customer managed key."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key


def check(view: View) -> Iterator[Violation]:
    for flat_id, topic in view.of_type("AWS::SNS::Topic"):
        if not own_key(topic.get("KmsMasterKeyId")):
            yield Violation(flat_id, "has no customer managed key", "KmsMasterKeyId")


RULE = Rule(
    id="TAP017",
    title="Topics are encrypted with a customer managed key",
    reason="Alarms reach a topic with the key that AWS manages only if nobody else shall; CloudWatch cannot use that key",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
    check=check,
)
