"""Every method but the health check wants authorization."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import Properties, View, text


def _is_health(resource: Properties) -> bool:
    """``/health`` itself: below another path it is somebody's data."""
    return resource.get("PathPart") == "health" and "RootResourceId" in text(resource.get("ParentId"))


def check(view: View) -> Iterator[Violation]:
    for flat_id, method in view.of_type("AWS::ApiGateway::Method"):
        path = view.target(method.get("ResourceId"))
        health = path is not None and _is_health(view.properties(path)) and method.get("HttpMethod") == "GET"
        if method.get("AuthorizationType", "NONE") == "NONE" and not health:
            yield Violation(flat_id, "wants no authorization", "AuthorizationType")
    for flat_id, route in view.of_type("AWS::ApiGatewayV2::Route"):
        if route.get("AuthorizationType", "NONE") == "NONE":
            yield Violation(flat_id, "wants no authorization", "AuthorizationType")
    for flat_id, api in view.of_type("AWS::ApiGateway::RestApi"):
        for part in ("Body", "BodyS3Location"):
            if part in api:
                yield Violation(flat_id, f"has methods in {part}, where no rule sees them", part)


RULE = Rule(
    id="TAP043",
    title="Every method but the health check wants authorization",
    reason="A method without authorization is open to the internet",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html",
    check=check,
)
