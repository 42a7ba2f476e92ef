"""Buckets are encrypted with a customer managed key."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key


def check(view: View) -> Iterator[Violation]:
    log_buckets = {
        view.target(bucket.get("LoggingConfiguration", {}).get("DestinationBucketName")) for _, bucket in view.of_type("AWS::S3::Bucket")
    }
    for flat_id, bucket in view.of_type("AWS::S3::Bucket"):
        rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        defaults = [rule.get("ServerSideEncryptionByDefault", {}) for rule in rules]
        wanted = "AES256" if flat_id in log_buckets else "aws:kms"
        if not any(default.get("SSEAlgorithm") == wanted for default in defaults):
            yield Violation(flat_id, f"is not encrypted by {wanted}", "BucketEncryption")
        elif wanted == "aws:kms" and not all(own_key(default.get("KMSMasterKeyID")) for default in defaults):
            yield Violation(flat_id, "names no key of its own", "BucketEncryption")
        elif wanted == "aws:kms" and not all(rule.get("BucketKeyEnabled") for rule in rules):
            yield Violation(flat_id, "has no bucket key: each object would cost a call of KMS", "BucketEncryption")


RULE = Rule(
    id="TAP003",
    title="Buckets are encrypted with a customer managed key",
    reason="A key of one's own can be audited and taken away; log buckets cannot have one, since S3 delivers logs to SSE-S3 only",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    check=check,
)
