"""APIs are regional."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, api in view.of_type("AWS::ApiGateway::RestApi"):
        if api.get("EndpointConfiguration", {}).get("Types") != ["REGIONAL"]:
            yield Violation(flat_id, "is not regional", "EndpointConfiguration")
    for flat_id, domain in view.of_type("AWS::ApiGateway::DomainName"):
        if domain.get("EndpointConfiguration", {}).get("Types") != ["REGIONAL"]:
            yield Violation(flat_id, "is a name at the edge", "EndpointConfiguration")


RULE = Rule(
    id="TAP042",
    title="APIs are regional",
    reason="An edge endpoint lies in front of the web ACL and outside the region",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-endpoint-types.html",
    check=check,
)
