"""A message stays hidden six times as long as its function may run."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, source in view.of_type("AWS::Lambda::EventSourceMapping"):
        queue, function = view.target(source.get("EventSourceArn")), view.function(source.get("FunctionName"))
        if queue is None or function is None or view.resources[queue]["Type"] != "AWS::SQS::Queue":
            continue
        hidden, timeout = view.properties(queue).get("VisibilityTimeout", 30), view.properties(function).get("Timeout", 3)
        # A message is hidden while its batch is gathered, too.
        window = source.get("MaximumBatchingWindowInSeconds", 0)
        if hidden < 6 * timeout + window:
            message = f"hides a message for {hidden} s; {flat_id} needs 6 times {timeout} s and {window} s of gathering"
            yield Violation(queue, message, "VisibilityTimeout")


RULE = Rule(
    id="TAP013",
    title="A message stays hidden six times as long as its function may run",
    reason="A message that appears again while it is still worked on is worked on twice",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    check=check,
)
