"""Networks."""

from __future__ import annotations

from typing import Any

from tests.validation.defects import attribute, drop, put
from tests.validation.rule_cases.case import Case, made, one

GROUP = "AWS::EC2::SecurityGroup"


def _entry(**more: Any) -> dict[str, Any]:
    return {"Description": "HTTPS", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **more}


CASES = (
    Case(
        rule="TAP052",
        good=one("AWS::EC2::VPCEndpoint", PolicyDocument={"Statement": []}),
        bad={"no policy": ("It", drop("PolicyDocument"))},
    ),
    Case(
        rule="TAP053",
        good={
            "It": {**made("AWS::EC2::Route", GatewayId={"Ref": "Gateway"}), "DependsOn": ["Attachment"]},
            "Gateway": made("AWS::EC2::InternetGateway"),
            "Attachment": made("AWS::EC2::VPCGatewayAttachment"),
        },
        bad={"does not wait": ("It", attribute("DependsOn")), "waits for something else": ("It", attribute("DependsOn", "Gateway"))},
        also={"no way out": one("AWS::EC2::Route", NatGatewayId="x")},
    ),
    Case(
        rule="TAP054",
        good=one(GROUP, SecurityGroupEgress=[_entry(CidrIp="0.0.0.0/0")], SecurityGroupIngress=[_entry(CidrIp="10.0.0.0/8")]),
        bad={
            "everything out": ("It", drop("SecurityGroupEgress")),
            "no reason": ("It", drop("SecurityGroupEgress.0.Description")),
            "every protocol": ("It", put("SecurityGroupEgress.0.IpProtocol", "-1")),
            "every port": ("It", put("SecurityGroupEgress.0.ToPort", 65535)),
            "the internet comes in": ("It", put("SecurityGroupIngress.0.CidrIp", "0.0.0.0/0")),
            "half the internet comes in": ("It", put("SecurityGroupIngress.0.CidrIp", "128.0.0.0/1")),
            "the internet comes in by IPv6": ("It", put("SecurityGroupIngress.0.CidrIpv6", "::/0")),
        },
    ),
    Case(
        rule="TAP054",
        good=one("AWS::EC2::SecurityGroupIngress", **_entry(SourceSecurityGroupId="x")),
        bad={"the internet comes in beside the group": ("It", put("CidrIp", "0.0.0.0/0"))},
    ),
    Case(
        rule="TAP055",
        good={
            "It": made("AWS::EC2::VPC"),
            "Log": made("AWS::EC2::FlowLog", ResourceId={"Ref": "It"}, TrafficType="ALL"),
            "Subnet": made("AWS::EC2::Subnet", MapPublicIpOnLaunch=False),
        },
        bad={
            "refusals alone": ("Log", put("TrafficType", "REJECT")),
            "of another network": ("Log", put("ResourceId", "vpc-1")),
            "public addresses": ("Subnet", put("MapPublicIpOnLaunch", True)),
            "not said": ("Subnet", drop("MapPublicIpOnLaunch")),
        },
        blamed={"refusals alone": "It", "of another network": "It"},
    ),
)
