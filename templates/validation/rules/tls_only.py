"""Buckets, queues and topics take requests over TLS only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Statement, View, as_list, text

# policy type -> the property that names what it is for
POLICIES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueueInlinePolicy": "Queue",
    "AWS::SQS::QueuePolicy": "Queues",
}


def _denies(statement: Statement) -> bool:
    """Denied to everybody, on nothing but the transport: one more condition would leave a way open."""
    return not statement.allows and statement.everybody and statement.conditions == (("Bool", "aws:SecureTransport", "false"),)


def _whole(statement: Statement) -> bool:
    """Every action; for a topic its two, since SNS takes no wildcard there. A bucket's own ARN says nothing of its objects."""
    if statement.kind == "topic":
        return len(statement.does("sns:Publish", "sns:Subscribe")) == 2
    if statement.kind == "bucket":
        objects = [resource for resource in statement.resources if text(resource).endswith("/*")]
        return bool(statement.does("s3:*")) and bool(objects) and len(objects) < len(statement.resources)
    return bool(statement.does("sqs:*"))


def _covers(view: View, statement: Statement, subject: Any) -> bool:
    """One policy may be for several queues; a statement is for those that it names."""
    return statement.kind == "bucket" or any(
        text(resource) == "*" or view.target(resource) == view.target(subject) for resource in statement.resources
    )


def check(view: View) -> Iterator[Violation]:
    denied = {
        view.target(subject)
        for flat_id, properties in view.of_type(*POLICIES)
        for subject in as_list(properties.get(POLICIES[view.resources[flat_id]["Type"]]))
        if any(
            _denies(statement) and _whole(statement) and _covers(view, statement, subject)
            for statement in view.statements("bucket", "queue", "topic")
            if statement.flat_id == flat_id
        )
    }
    for flat_id, _ in view.of_type("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"):
        if flat_id not in denied:
            yield Violation(flat_id, 'has no policy that denies requests with "aws:SecureTransport": "false"')
    for flat_id, subscription in view.of_type("AWS::SNS::Subscription"):
        if subscription.get("Protocol") == "http":
            yield Violation(flat_id, "sends messages over plain HTTP", "Protocol")


RULE = Rule(
    id="TAP009",
    title="Buckets, queues and topics take requests over TLS only",
    reason="A request over plain HTTP can be read and changed on its way",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
    check=check,
)
