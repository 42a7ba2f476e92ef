"""A route to an internet gateway waits for the gateway's attachment."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, as_list


def check(view: View) -> Iterator[Violation]:
    attachments = {flat_id for flat_id, _ in view.of_type("AWS::EC2::VPCGatewayAttachment")}
    for flat_id, route in view.of_type("AWS::EC2::Route"):
        target = view.target(route.get("GatewayId"))
        to_internet = target is not None and view.resources[target]["Type"] == "AWS::EC2::InternetGateway"
        if to_internet and not attachments & set(as_list(view.resources[flat_id].get("DependsOn"))):
            yield Violation(flat_id, "does not wait for the attachment: add DependsOn", "DependsOn")


RULE = Rule(
    id="TAP053",
    title="A route to an internet gateway waits for the gateway's attachment",
    reason="CloudFormation sees no dependency there, and the first create fails at random",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html",
    check=check,
)
