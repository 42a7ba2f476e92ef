"""Buckets block all public access."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

SWITCHES = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def check(view: View) -> Iterator[Violation]:
    for flat_id, bucket in view.of_type("AWS::S3::Bucket"):
        blocks = bucket.get("PublicAccessBlockConfiguration", {})
        for switch in SWITCHES:
            if blocks.get(switch) is not True:
                yield Violation(flat_id, f"does not set {switch}", "PublicAccessBlockConfiguration")
        if "WebsiteConfiguration" in bucket:
            yield Violation(flat_id, "is a website, which S3 serves to everybody and without TLS", "WebsiteConfiguration")


RULE = Rule(
    id="TAP002",
    title="Buckets block all public access",
    reason="One of four switches left open is enough for an object to become public",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    check=check,
)
