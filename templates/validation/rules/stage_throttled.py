"""Stages are throttled as the environment says."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Properties, View


def _within(settings: Properties, view: View) -> bool:
    """A limit below zero is none."""
    rate, burst = settings.get("ThrottlingRateLimit", 0), settings.get("ThrottlingBurstLimit", 0)
    return bool(0 <= rate <= view.env.api.throttle_rate and 0 <= burst <= view.env.api.throttle_burst)


def check(view: View) -> Iterator[Violation]:
    for flat_id, stage in view.of_type("AWS::ApiGateway::Stage"):
        every = [
            settings
            for settings in stage.get("MethodSettings", [])
            if (settings.get("HttpMethod"), settings.get("ResourcePath")) == ("*", "/*")
        ]
        limits = [(settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")) for settings in every]
        if limits != [(view.env.api.throttle_rate, view.env.api.throttle_burst)]:
            yield Violation(flat_id, "is not throttled for all methods as the environment says", "MethodSettings")
        own = [settings for settings in stage.get("MethodSettings", []) if settings not in every]
        if any(not _within(settings, view) for settings in own):
            yield Violation(flat_id, "lets a method take more than the environment says", "MethodSettings")


RULE = Rule(
    id="TAP046",
    title="Stages are throttled as the environment says",
    reason="Without a limit of its own, one API takes the whole account's",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
    check=check,
)
