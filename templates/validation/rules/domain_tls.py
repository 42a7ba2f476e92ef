"""Custom domains want TLS 1.2 or newer."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

# API Gateway's enhanced policies name the oldest version that they take first: SecurityPolicy_TLS13_1_2_2021_06.
NEW = ("TLS_1_2", "TLS_1_3", "SecurityPolicy_TLS12_", "SecurityPolicy_TLS13_")


def check(view: View) -> Iterator[Violation]:
    for flat_id, domain in view.of_type("AWS::ApiGateway::DomainName"):
        if not domain.get("SecurityPolicy", "").startswith(NEW):
            yield Violation(flat_id, "takes versions of TLS before 1.2", "SecurityPolicy")
    for flat_id, domain in view.of_type("AWS::ApiGatewayV2::DomainName"):
        for index, place in enumerate(domain.get("DomainNameConfigurations", [])):
            if not place.get("SecurityPolicy", "").startswith(NEW):
                yield Violation(flat_id, "takes versions of TLS before 1.2", f"DomainNameConfigurations.{index}")


RULE = Rule(
    id="TAP048",
    title="Custom domains want TLS 1.2 or newer",
    reason="Older versions are broken",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html",
    check=check,
)
