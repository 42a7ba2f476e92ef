"""Queues and topics: encrypted, TLS only, and nothing lost without a dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import sns as topic_actions
from awacs.aws import ArnLike, Statement
from troposphere import GetAtt, Ref
from troposphere.sns import Topic, TopicPolicy
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from resources import statements

if TYPE_CHECKING:
    from env import model

FOURTEEN_DAYS = 14 * 24 * 3600
_DAY = 24 * 3600

# A queue may hold messages that nobody else has: it outlives its stack, as buckets and tables do.
_KEPT: dict[str, Any] = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def encryption(key_arn: Any | None) -> dict[str, Any]:
    """A queue's key: the customer's, or the one that SQS manages where there is none."""
    return {"KmsMasterKeyId": key_arn, "KmsDataKeyReusePeriodSeconds": 300} if key_arn else {"SqsManagedSseEnabled": True}


def queue_with_dead_letters(
    title: str, name: str, dead_letter_name: str, settings: model.Queue, *, visibility_seconds: int, key_arn: Any | None
) -> tuple[Queue, Queue]:
    """A queue and the queue of what it could not deliver, each naming the other.

    The dead-letter queue names its source by the ARN that the name gives: naming it by reference would be a circle.
    """
    dead_letters = Queue(
        f"{title.removesuffix('Queue')}DeadLetterQueue",
        QueueName=dead_letter_name,
        MessageRetentionPeriod=FOURTEEN_DAYS,
        RedriveAllowPolicy={"redrivePermission": "byQueue", "sourceQueueArns": [statements.arn(f"sqs:{name}")]},
        **encryption(key_arn),
        **_KEPT,
    )
    queue = Queue(
        title,
        QueueName=name,
        VisibilityTimeout=visibility_seconds,
        MessageRetentionPeriod=settings.retention_days * _DAY,
        ReceiveMessageWaitTimeSeconds=20,
        RedrivePolicy=RedrivePolicy(deadLetterTargetArn=GetAtt(dead_letters, "Arn"), maxReceiveCount=settings.max_receive_count),
        **encryption(key_arn),
        **_KEPT,
    )
    return queue, dead_letters


def failure_queue(title: str, name: str, *, key_arn: Any | None) -> Queue:
    """Where Lambda puts events of asynchronous calls that it gave up on."""
    return Queue(title, QueueName=name, MessageRetentionPeriod=FOURTEEN_DAYS, **encryption(key_arn), **_KEPT)


def queue_policy(queue: Queue) -> QueuePolicy:
    """TLS only; who may use the queue stands in the identities' own policies."""
    return QueuePolicy(
        f"{queue.title}Policy",
        Queues=[Ref(queue)],
        PolicyDocument=statements.document(statements.deny_insecure("sqs", [GetAtt(queue, "Arn")])),
    )


def topic(title: str, name: str, *, key_arn: Any) -> Topic:
    return Topic(title, TopicName=name, KmsMasterKeyId=key_arn)


def topic_policy(subject: Topic, *allowed: Statement) -> TopicPolicy:
    """TLS only, and the services that may publish. A topic's policy takes exact actions (SNS refuses ``sns:*``)."""
    return TopicPolicy(
        f"{subject.title}Policy",
        Topics=[Ref(subject)],
        PolicyDocument=statements.document(_deny_insecure_publish(subject), *allowed),
    )


def alarms_may_publish(subject: Topic) -> Statement:
    """CloudWatch alarms of this account and region."""
    return statements.allow_service(
        "Alarms",
        "cloudwatch.amazonaws.com",
        [topic_actions.Publish],
        [Ref(subject)],
        ArnLike("aws:SourceArn", statements.arn("cloudwatch:alarm:*")),
    )


def _deny_insecure_publish(subject: Topic) -> Statement:
    denial = statements.deny_insecure("sns", [Ref(subject)])
    denial.properties["Action"] = [topic_actions.Publish, topic_actions.Subscribe]
    return denial
