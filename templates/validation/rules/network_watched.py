"""VPCs have flow logs, subnets give no public addresses."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View


def check(view: View) -> Iterator[Violation]:
    watched = {view.target(log.get("ResourceId")) for _, log in view.of_type("AWS::EC2::FlowLog") if log.get("TrafficType") == "ALL"}
    for flat_id, _ in view.of_type("AWS::EC2::VPC"):
        if flat_id not in watched:
            yield Violation(flat_id, "has no flow log of all traffic")
    for flat_id, subnet in view.of_type("AWS::EC2::Subnet"):
        if subnet.get("MapPublicIpOnLaunch") is not False:
            yield Violation(flat_id, "gives public addresses", "MapPublicIpOnLaunch")


RULE = Rule(
    id="TAP055",
    title="VPCs have flow logs, subnets give no public addresses",
    reason="Without flow logs nobody can say afterwards who talked to whom",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
    check=check,
)
