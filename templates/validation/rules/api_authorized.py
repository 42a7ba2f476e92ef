"""Every method but the health check wants authorization."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, method in view.of_type("AWS::ApiGateway::Method"):
        path = view.target(method.get("ResourceId"))
        health = path is not None and view.properties(path).get("PathPart") == "health" and method.get("HttpMethod") == "GET"
        if method.get("AuthorizationType", "NONE") == "NONE" and not health:
            yield Violation(flat_id, "wants no authorization", "AuthorizationType")


RULE = Rule(
    id="TAP043",
    title="Every method but the health check wants authorization",
    reason="A method without authorization is open to the internet",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html",
    check=check,
)
