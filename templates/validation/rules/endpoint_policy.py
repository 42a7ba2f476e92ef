"""VPC endpoints have a policy."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    for flat_id, endpoint in view.of_type("AWS::EC2::VPCEndpoint"):
        if "PolicyDocument" not in endpoint:
            yield Violation(flat_id, "has no policy", "PolicyDocument")


RULE = Rule(
    id="TAP052",
    title="VPC endpoints have a policy",
    reason="Without one an endpoint is a way to every account's resources",
    source="https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
    check=check,
)
