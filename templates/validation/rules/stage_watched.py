"""Stages are logged and traced, and never log bodies."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    for flat_id, stage in view.of_type("AWS::ApiGateway::Stage"):
        if not {"DestinationArn", "Format"} <= stage.get("AccessLogSetting", {}).keys():
            yield Violation(flat_id, "has no access log", "AccessLogSetting")
        elif "$context.requestId" not in text(stage["AccessLogSetting"]["Format"]):
            yield Violation(flat_id, "logs no request id", "AccessLogSetting")
        if stage.get("TracingEnabled") is not True:
            yield Violation(flat_id, "is not traced", "TracingEnabled")
        for settings in stage.get("MethodSettings") or [{}]:
            if settings.get("DataTraceEnabled") is not False:
                yield Violation(flat_id, "may log whole requests", "MethodSettings")
            if settings.get("LoggingLevel") != "ERROR":
                yield Violation(flat_id, "does not log its own errors", "MethodSettings")


RULE = Rule(
    id="TAP045",
    title="Stages are logged and traced, and never log bodies",
    reason="Bodies hold personal data; without an access log nobody knows who called",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
    check=check,
)
