"""The queue of jobs with its dead-letter queue, the queue of failed invocations, the topics of alarms and of drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Ref

from resources.naming import name
from resources.queues import alarms_may_publish, failure_queue, queue_policy, queue_with_dead_letters, topic, topic_policy
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

# A message must stay hidden while its consumer may still work on it, retries included (Lambda's guide for SQS: six times).
VISIBILITY_PER_TIMEOUT = 6


def build(env: Environment) -> Service:
    service = Service("messaging", env, "Queue of jobs, topics of alarms and drift")
    key = service.needs("MessagingKeyArn")
    queue_key = key if env.queue.customer_managed_key else None
    jobs, dead_letters = queue_with_dead_letters(
        "JobsQueue",
        name(env, "jobs", "queue"),
        name(env, "jobs-dead-letters", "queue"),
        env.queue,
        visibility_seconds=VISIBILITY_PER_TIMEOUT * env.functions.worker_timeout,
        key_arn=queue_key,
    )
    failures = failure_queue("FailuresQueue", name(env, "failures", "queue"), key_arn=queue_key)
    for queue in (jobs, dead_letters, failures):
        service.add(queue, queue_policy(queue))
        service.gives(f"{queue.title}Url", Ref(queue), f"URL of the queue {queue.title}")
        service.gives(f"{queue.title}Arn", GetAtt(queue, "Arn"), f"ARN of the queue {queue.title}")
        service.gives(f"{queue.title}Name", GetAtt(queue, "QueueName"), f"Name of the queue {queue.title}")
    for title, thing in (("AlarmTopic", "alarms"), ("DriftTopic", "drift")):
        made = topic(title, name(env, thing, "topic"), key_arn=key)
        service.add(made, topic_policy(made, alarms_may_publish(made)))
        service.gives(f"{title}Arn", Ref(made), f"ARN of the topic of {thing}")
    return service
