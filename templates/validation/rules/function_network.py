"""Functions run in the VPC over three zones."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, as_list, text


def _public_subnets(view: View) -> Iterator[str | None]:
    gateways = {flat_id for flat_id, _ in view.of_type("AWS::EC2::InternetGateway")}
    open_tables = {
        view.target(route.get("RouteTableId"))
        for _, route in view.of_type("AWS::EC2::Route")
        if view.target(route.get("GatewayId")) in gateways
    }
    for _, link in view.of_type("AWS::EC2::SubnetRouteTableAssociation"):
        if view.target(link.get("RouteTableId")) in open_tables:
            yield view.target(link.get("SubnetId"))


def check(view: View) -> Iterator[Violation]:
    public = set(_public_subnets(view))
    for flat_id, function in view.of_type("AWS::Lambda::Function"):
        network = function.get("VpcConfig", {})
        subnets = network.get("SubnetIds", [])
        if not network.get("SecurityGroupIds") or (isinstance(subnets, list) and len({text(subnet) for subnet in subnets}) < 3):
            yield Violation(flat_id, "does not run in three subnets with a security group", "VpcConfig")
        if {view.target(subnet) for subnet in as_list(subnets)} & public:
            yield Violation(flat_id, "runs in a subnet with a route to the internet gateway", "VpcConfig")


RULE = Rule(
    id="TAP037",
    title="Functions run in the VPC over three zones",
    reason="A function outside the VPC reaches the internet past every rule",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    check=check,
)
