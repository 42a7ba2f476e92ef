"""Messages that fail go to a dead-letter queue that takes them from this queue alone."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

FOURTEEN_DAYS = 14 * 24 * 3600


def _last_resorts(view: View) -> Iterator[str | None]:
    """Queues that take what failed elsewhere, and so need no dead-letter queue of their own."""
    for _, queue in view.of_type("AWS::SQS::Queue"):
        yield view.target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
    for _, function in view.of_type("AWS::Lambda::Function"):
        yield view.target(function.get("DeadLetterConfig", {}).get("TargetArn"))
    for _, config in view.of_type("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"):
        yield view.target(config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"))
    for _, rule in view.of_type("AWS::Events::Rule"):
        for target in rule.get("Targets", []):
            yield view.target(target.get("DeadLetterConfig", {}).get("Arn"))


def check(view: View) -> Iterator[Violation]:
    last = set(_last_resorts(view))
    for flat_id, queue in view.of_type("AWS::SQS::Queue"):
        if flat_id not in last and "RedrivePolicy" not in queue:
            yield Violation(flat_id, "has no dead-letter queue", "RedrivePolicy")
        if flat_id in last and queue.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield Violation(flat_id, "keeps what failed for less than 14 days", "MessageRetentionPeriod")
        dead_letters = view.target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        if dead_letters is None:
            continue
        target = view.properties(dead_letters)
        if target.get("RedriveAllowPolicy", {}).get("redrivePermission") != "byQueue":
            yield Violation(dead_letters, "takes dead letters of any queue of the account", "RedriveAllowPolicy")


RULE = Rule(
    id="TAP012",
    title="Messages that fail go to a dead-letter queue that takes them from this queue alone",
    reason="Without one a poisoned message returns for days, or is lost",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    check=check,
)
