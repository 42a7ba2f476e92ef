"""Every method has its requests validated, every body by a model."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, validator in view.of_type("AWS::ApiGateway::RequestValidator"):
        for part in ("ValidateRequestBody", "ValidateRequestParameters"):
            if validator.get(part) is not True:
                yield Violation(flat_id, f"does not set {part}", part)
    for flat_id, method in view.of_type("AWS::ApiGateway::Method"):
        if "RequestValidatorId" not in method:
            yield Violation(flat_id, "has no request validator", "RequestValidatorId")
        if method.get("HttpMethod") in ("PATCH", "POST", "PUT") and not method.get("RequestModels"):
            yield Violation(flat_id, "takes a body without a model", "RequestModels")


RULE = Rule(
    id="TAP044",
    title="Every method has its requests validated, every body by a model",
    reason="What the API refuses never reaches the function",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html",
    check=check,
)
