"""Messages that fail go to a dead-letter queue that takes them from this queue alone."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

FOURTEEN_DAYS = 14 * 24 * 3600


def check(view: View) -> Iterator[Violation]:
    sources = {view.target(source.get("EventSourceArn")) for _, source in view.of_type("AWS::Lambda::EventSourceMapping")}
    for flat_id, queue in view.of_type("AWS::SQS::Queue"):
        if flat_id in sources and "RedrivePolicy" not in queue:
            yield Violation(flat_id, "feeds a function but has no dead-letter queue", "RedrivePolicy")
        dead_letters = view.target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        if dead_letters is None:
            continue
        target = view.properties(dead_letters)
        if target.get("RedriveAllowPolicy", {}).get("redrivePermission") != "byQueue":
            yield Violation(dead_letters, "takes dead letters of any queue of the account", "RedriveAllowPolicy")
        if target.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield Violation(dead_letters, "keeps dead letters for less than 14 days", "MessageRetentionPeriod")


RULE = Rule(
    id="TAP012",
    title="Messages that fail go to a dead-letter queue that takes them from this queue alone",
    reason="Without one a poisoned message returns for days, or is lost",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    check=check,
)
