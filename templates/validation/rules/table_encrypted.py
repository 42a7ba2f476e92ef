"""Tables are encrypted with a customer managed key."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key


def check(view: View) -> Iterator[Violation]:
    for flat_id, table in view.of_type("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"):
        settings = table.get("SSESpecification", {})
        keys = [place.get("SSESpecification", {}).get("KMSMasterKeyId") for place in table.get("Replicas", [table])]
        if settings.get("SSEType") != "KMS" or settings.get("SSEEnabled") is not True or not all(map(own_key, keys)):
            yield Violation(flat_id, "is not encrypted with a customer managed key in every replica", "SSESpecification")


RULE = Rule(
    id="TAP011",
    title="Tables are encrypted with a customer managed key",
    reason="The key that DynamoDB owns cannot be audited and cannot be taken away",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html",
    check=check,
)
