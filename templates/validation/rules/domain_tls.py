"""Custom domains want TLS 1.2 or newer."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, domain in view.of_type("AWS::ApiGateway::DomainName"):
        if domain.get("SecurityPolicy") not in ("TLS_1_2", "TLS_1_3"):
            yield Violation(flat_id, "takes versions of TLS before 1.2", "SecurityPolicy")


RULE = Rule(
    id="TAP048",
    title="Custom domains want TLS 1.2 or newer",
    reason="Older versions are broken",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html",
    check=check,
)
