"""Buckets keep versions."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, bucket in view.of_type("AWS::S3::Bucket"):
        if bucket.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield Violation(flat_id, "keeps no versions", "VersioningConfiguration")


RULE = Rule(
    id="TAP004",
    title="Buckets keep versions",
    reason="An overwritten or deleted object can be had back only where versions are kept",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    check=check,
)
