"""Queues are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key


def check(view: View) -> Iterator[Violation]:
    for flat_id, queue in view.of_type("AWS::SQS::Queue"):
        if "KmsMasterKeyId" not in queue and queue.get("SqsManagedSseEnabled") is not True:
            yield Violation(flat_id, "is not encrypted", "KmsMasterKeyId")
        elif view.env.queue.customer_managed_key and not own_key(queue.get("KmsMasterKeyId")):
            yield Violation(flat_id, "is not encrypted with the customer managed key that the environment asks for", "KmsMasterKeyId")


RULE = Rule(
    id="TAP016",
    title="Queues are encrypted",
    reason="Messages lie on disks for days",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
    check=check,
)
