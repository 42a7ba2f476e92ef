"""Data buckets log who reads them."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    log_buckets = {
        view.target(bucket.get("LoggingConfiguration", {}).get("DestinationBucketName")) for _, bucket in view.of_type("AWS::S3::Bucket")
    }
    for flat_id, bucket in view.of_type("AWS::S3::Bucket"):
        logging = bucket.get("LoggingConfiguration", {})
        if flat_id not in log_buckets and "DestinationBucketName" not in logging:
            yield Violation(flat_id, "writes no access log", "LoggingConfiguration")
        elif view.target(logging.get("DestinationBucketName")) == flat_id:
            yield Violation(flat_id, "logs into itself, and each log is logged again", "LoggingConfiguration")


RULE = Rule(
    id="TAP008",
    title="Data buckets log who reads them",
    reason="Without access logs nobody can say afterwards who read an object",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html",
    check=check,
)
