"""Buckets know no access control lists."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, bucket in view.of_type("AWS::S3::Bucket"):
        rules = bucket.get("OwnershipControls", {}).get("Rules", [])
        if [rule.get("ObjectOwnership") for rule in rules] != ["BucketOwnerEnforced"]:
            yield Violation(flat_id, "does not enforce the bucket owner", "OwnershipControls")
        if "AccessControl" in bucket:
            yield Violation(flat_id, "has an access control list", "AccessControl")


RULE = Rule(
    id="TAP005",
    title="Buckets know no access control lists",
    reason="Lists give away objects beside the policy; BucketOwnerEnforced turns them off",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    check=check,
)
