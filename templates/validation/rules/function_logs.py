"""Functions log JSON into a group of the template."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    groups = {text(group.get("LogGroupName")) for _, group in view.of_type("AWS::Logs::LogGroup")}
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        logging = function.get("LoggingConfig", {})
        if logging.get("LogFormat") != "JSON":
            yield Violation(flat_id, "does not log JSON", "LoggingConfig")
        if text(logging.get("LogGroup")) not in groups:
            yield Violation(flat_id, "logs into a group that no template makes", "LoggingConfig")


RULE = Rule(
    id="TAP038",
    title="Functions log JSON into a group of the template",
    reason="The group that Lambda makes by itself has no end and no key",
    source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html",
    check=check,
)
