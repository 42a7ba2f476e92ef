"""Buckets end what nobody needs."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

FILTERS = {"ObjectSizeGreaterThan", "ObjectSizeLessThan", "Prefix", "TagFilters"}


def check(view: View) -> Iterator[Violation]:
    for flat_id, bucket in view.of_type("AWS::S3::Bucket"):
        rules = [rule for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", []) if rule.get("Status") == "Enabled"]
        for part in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
            # A rule with a filter leaves everything else as it is.
            if not any(part in rule and not FILTERS & rule.keys() for rule in rules):
                yield Violation(flat_id, f"has no rule with {part} for all objects", "LifecycleConfiguration")
        most = view.env.storage.incomplete_upload_days
        if any(rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 0) > most for rule in rules):
            yield Violation(flat_id, f"keeps incomplete uploads for more than {most} days", "LifecycleConfiguration")


RULE = Rule(
    id="TAP006",
    title="Buckets end what nobody needs",
    reason="Replaced versions and halves of uploads cost money for ever where no rule ends them",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html",
    check=check,
)
