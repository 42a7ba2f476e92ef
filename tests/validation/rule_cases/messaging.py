"""Queues, topics, and what takes messages from them."""

from __future__ import annotations

from typing import Any

from tests.validation.defects import drop, put
from tests.validation.rule_cases.case import KEY, Case, Resource, Resources, made, one

QUEUE, TOPIC, SUBSCRIPTION = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::SNS::Subscription"
DENY = "PolicyDocument.Statement.0"
TWO_WEEKS = 14 * 24 * 3600


def _arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def _denied(action: str, *resources: Any) -> dict[str, Any]:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": [action], "Resource": list(resources), "Condition": condition}]}


def _source(**queue: Any) -> Resources:
    """A function that takes from a queue by an alias."""
    return {
        "It": made(
            "AWS::Lambda::EventSourceMapping",
            EventSourceArn=_arn("Queue"),
            FunctionName={"Ref": "Live"},
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": 10},
        ),
        "Live": made("AWS::Lambda::Alias", FunctionName={"Ref": "Worker"}, FunctionVersion="1"),
        "Worker": made("AWS::Lambda::Function", Timeout=10, ReservedConcurrentExecutions=10),
        "Queue": made(QUEUE, **{"VisibilityTimeout": 60, **queue}),
    }


def _by_text() -> Resources:
    found = _source()
    found["It"]["Properties"] |= {"EventSourceArn": {"Fn::Sub": "${Queue.Arn}"}, "FunctionName": {"Fn::Sub": "${Worker}:live"}}
    return found


def _window(resource: Resource) -> None:
    resource["Properties"]["MaximumBatchingWindowInSeconds"] = 1


BUCKETS = {
    "It": made("AWS::S3::Bucket"),
    "Guard": made(
        "AWS::S3::BucketPolicy",
        Bucket={"Ref": "It"},
        PolicyDocument=_denied("s3:*", _arn("It"), {"Fn::Join": ["", [_arn("It"), "/*"]]}),
    ),
}
TOPICS = {
    "It": made(TOPIC),
    "Guard": made(
        "AWS::SNS::TopicPolicy",
        Topics=[{"Ref": "It"}],
        PolicyDocument={"Statement": [{**_denied("x", {"Ref": "It"})["Statement"][0], "Action": ["sns:Publish", "sns:Subscribe"]}]},
    ),
}
QUEUES = {
    "One": made(QUEUE),
    "It": made(QUEUE),
    "Guard": made(
        "AWS::SQS::QueuePolicy",
        Queues=[{"Ref": "One"}, {"Ref": "It"}],
        PolicyDocument=_denied("sqs:*", _arn("One"), _arn("It")),
    ),
}
INLINE = {"It": made(QUEUE), "Guard": made("AWS::SQS::QueueInlinePolicy", Queue={"Ref": "It"}, PolicyDocument=_denied("sqs:*", "*"))}
CASES = (
    Case(
        rule="TAP009",
        good=QUEUES,
        bad={
            "reading alone": ("Guard", put(f"{DENY}.Action", ["sqs:ReceiveMessage"])),
            "another queue alone": ("Guard", put(f"{DENY}.Resource", [_arn("One")])),
            "one condition more": ("Guard", put(f"{DENY}.Condition.StringEquals", {"aws:SourceVpc": "v"})),
            "one role alone": ("Guard", put(f"{DENY}.Principal", {"AWS": "x"})),
            "allowed": ("Guard", put(f"{DENY}.Effect", "Allow")),
            "of another queue": ("Guard", put("Queues", [{"Ref": "One"}])),
        },
        blamed={
            **dict.fromkeys(("reading alone", "one condition more", "one role alone", "allowed"), "It One"),
            "another queue alone": "It",
            "of another queue": "It",
        },
        also={"queue by a policy of its own": INLINE, "bucket": BUCKETS, "topic": TOPICS},
    ),
    Case(
        rule="TAP009",
        good=BUCKETS,
        bad={"objects left out": ("Guard", put(f"{DENY}.Resource", [_arn("It")]))},
        blamed={"objects left out": "It"},
    ),
    Case(
        rule="TAP009",
        good=one(SUBSCRIPTION, Protocol="https", TopicArn="x"),
        bad={"plain": ("It", put("Protocol", "http"))},
    ),
    Case(
        rule="TAP012",
        good={
            "Queue": made(QUEUE, RedrivePolicy={"deadLetterTargetArn": _arn("It"), "maxReceiveCount": 5}),
            "It": made(QUEUE, RedriveAllowPolicy={"redrivePermission": "byQueue"}, MessageRetentionPeriod=TWO_WEEKS),
        },
        bad={
            "no dead letters": ("Queue", drop("RedrivePolicy")),
            "of any queue": ("It", put("RedriveAllowPolicy.redrivePermission", "allowAll")),
            "for four days": ("It", drop("MessageRetentionPeriod")),
        },
        # A queue that takes nobody's dead letters needs some itself.
        blamed={"no dead letters": "It Queue"},
    ),
    Case(
        rule="TAP012",
        good={
            "Worker": made("AWS::Lambda::Function", DeadLetterConfig={"TargetArn": _arn("It")}),
            "It": made(QUEUE, MessageRetentionPeriod=TWO_WEEKS),
        },
        bad={"what a function failed at, for a day": ("It", put("MessageRetentionPeriod", 86_400))},
    ),
    Case(
        rule="TAP012",
        good={
            "Config": made("AWS::Lambda::EventInvokeConfig", DestinationConfig={"OnFailure": {"Destination": _arn("It")}}),
            "Rule": made("AWS::Events::Rule", Targets=[{"DeadLetterConfig": {"Arn": _arn("Other")}}]),
            "It": made(QUEUE, MessageRetentionPeriod=TWO_WEEKS),
            "Other": made(QUEUE, MessageRetentionPeriod=TWO_WEEKS),
        },
        bad={
            "what failed by a destination, for a day": ("It", put("MessageRetentionPeriod", 86_400)),
            "what a schedule failed at, for a day": ("Other", put("MessageRetentionPeriod", 86_400)),
        },
    ),
    Case(
        rule="TAP013",
        good=_source(),
        bad={
            "too short": ("Queue", put("VisibilityTimeout", 59)),
            "the default": ("Queue", drop("VisibilityTimeout")),
            "slower function": ("Worker", put("Timeout", 11)),
            "time to gather": ("It", _window),
        },
        blamed={"slower function": "Queue", "time to gather": "Queue"},
        also={"no queue": {**_source(VisibilityTimeout=1), "Queue": made("AWS::Kinesis::Stream")}},
    ),
    Case(
        rule="TAP013",
        good=_by_text(),
        bad={"function and queue named in texts": ("Queue", put("VisibilityTimeout", 59))},
    ),
    Case(
        rule="TAP014",
        good=_source(),
        bad={"whole batches": ("It", drop("FunctionResponseTypes"))},
    ),
    Case(
        rule="TAP015",
        good=_source(),
        bad={
            "more than reserved": ("It", put("ScalingConfig.MaximumConcurrency", 11)),
            "no maximum": ("It", drop("ScalingConfig")),
            "no reserve": ("Worker", drop("ReservedConcurrentExecutions")),
        },
        blamed={"no reserve": "It"},
    ),
    Case(
        rule="TAP016",
        good=one(QUEUE, KmsMasterKeyId=KEY),
        bad={
            "in the clear": ("It", drop("KmsMasterKeyId")),
            "the key of SQS": ("It", put("KmsMasterKeyId", "alias/aws/sqs")),
        },
    ),
    Case(
        rule="TAP017",
        good=one(TOPIC, KmsMasterKeyId=KEY),
        bad={"in the clear": ("It", drop("KmsMasterKeyId")), "the key of SNS": ("It", put("KmsMasterKeyId", "alias/aws/sns"))},
    ),
)
