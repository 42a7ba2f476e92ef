"""Functions run in the VPC over three zones."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text


def check(view: View) -> Iterator[Violation]:
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        network = function.get("VpcConfig", {})
        subnets = network.get("SubnetIds", [])
        if not network.get("SecurityGroupIds") or (isinstance(subnets, list) and len({text(subnet) for subnet in subnets}) < 3):
            yield Violation(flat_id, "does not run in three subnets with a security group", "VpcConfig")


RULE = Rule(
    id="TAP037",
    title="Functions run in the VPC over three zones",
    reason="A function outside the VPC reaches the internet past every rule",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    check=check,
)
