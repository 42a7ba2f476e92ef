"""A VPC over three zones: public and private subnets, the ways out that the environment pays for, and flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import logs
from awacs.aws import ArnLike
from troposphere import GetAtt, GetAZs, Join, Ref, Select, Tags, ec2

from resources import endpoints, statements
from resources.logs import log_group
from resources.naming import log_group_name, name
from resources.roles import role_with_policy
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

ZONES = ("A", "B", "C")
ANYWHERE = "0.0.0.0/0"


def build(env: Environment) -> Service:
    service = Service("network", env, "VPC, subnets, ways out, endpoints and flow logs")
    vpc = service.add(ec2.VPC("Vpc", CidrBlock=env.network.cidr, EnableDnsSupport=True, EnableDnsHostnames=True, Tags=_named(env, "vpc")))
    public = _subnets(service, vpc, "Public", env.network.public)
    private = _subnets(service, vpc, "Private", env.network.private)
    _internet(service, vpc, public)
    tables = [_private_route_table(service, vpc, zone, subnet) for zone, subnet in zip(ZONES, private, strict=True)]
    _nat_gateways(service, public, tables)
    functions = _function_security_group(service, vpc)
    _endpoints(service, vpc, private, tables, functions)
    _flow_logs(service, vpc)
    service.gives("VpcId", Ref(vpc), "Id of the VPC")
    service.gives("PrivateSubnetIds", Join(",", [Ref(subnet) for subnet in private]), "Ids of the private subnets, by zone")
    service.gives("FunctionSecurityGroupId", GetAtt(functions, "GroupId"), "Security group of all functions")
    return service


def _named(env: Environment, thing: str) -> Tags:
    return Tags(Name=name(env, thing, "tag"))


def _subnets(service: Service, vpc: ec2.VPC, tier: str, blocks: tuple[str, ...]) -> list[ec2.Subnet]:
    return [
        service.add(
            ec2.Subnet(
                f"{tier}Subnet{zone}",
                VpcId=Ref(vpc),
                CidrBlock=block,
                AvailabilityZone=Select(index, GetAZs("")),
                MapPublicIpOnLaunch=False,
                Tags=_named(service.env, f"{tier.lower()}-{zone.lower()}"),
            )
        )
        for index, (zone, block) in enumerate(zip(ZONES, blocks, strict=True))
    ]


def _internet(service: Service, vpc: ec2.VPC, public: list[ec2.Subnet]) -> None:
    """The public side. The route waits for the attachment, which CloudFormation cannot see by itself."""
    gateway = service.add(ec2.InternetGateway("InternetGateway", Tags=_named(service.env, "internet")))
    attachment = service.add(ec2.VPCGatewayAttachment("InternetAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway)))
    table = service.add(ec2.RouteTable("PublicRoutes", VpcId=Ref(vpc), Tags=_named(service.env, "public")))
    service.add(
        ec2.Route(
            "PublicRoute",
            RouteTableId=Ref(table),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=Ref(gateway),
            DependsOn=attachment.title,
        )
    )
    for zone, subnet in zip(ZONES, public, strict=True):
        service.add(ec2.SubnetRouteTableAssociation(f"PublicRoutes{zone}", SubnetId=Ref(subnet), RouteTableId=Ref(table)))


def _private_route_table(service: Service, vpc: ec2.VPC, zone: str, subnet: ec2.Subnet) -> ec2.RouteTable:
    table = service.add(ec2.RouteTable(f"PrivateRoutes{zone}", VpcId=Ref(vpc), Tags=_named(service.env, f"private-{zone.lower()}")))
    service.add(ec2.SubnetRouteTableAssociation(f"PrivateRoutes{zone}Association", SubnetId=Ref(subnet), RouteTableId=Ref(table)))
    return table


def _nat_gateways(service: Service, public: list[ec2.Subnet], tables: list[ec2.RouteTable]) -> None:
    """As many as the environment says; with one, all zones share it."""
    gateways = []
    for zone, subnet in list(zip(ZONES, public, strict=True))[: service.env.network.nat_gateways]:
        address = service.add(
            ec2.EIP(f"NatAddress{zone}", Domain="vpc", DependsOn="InternetAttachment", Tags=_named(service.env, f"nat-{zone.lower()}"))
        )
        gateways.append(
            service.add(
                ec2.NatGateway(
                    f"NatGateway{zone}",
                    SubnetId=Ref(subnet),
                    AllocationId=GetAtt(address, "AllocationId"),
                    Tags=_named(service.env, f"nat-{zone.lower()}"),
                )
            )
        )
    for index, (zone, table) in enumerate(zip(ZONES, tables, strict=True)):
        if gateways:
            gateway = gateways[index % len(gateways)]
            service.add(ec2.Route(f"PrivateRoute{zone}", RouteTableId=Ref(table), DestinationCidrBlock=ANYWHERE, NatGatewayId=Ref(gateway)))


def _function_security_group(service: Service, vpc: ec2.VPC) -> ec2.SecurityGroup:
    """Functions take no connections and open only HTTPS: where it leads is decided by the routes of their subnet."""
    return service.add(
        ec2.SecurityGroup(
            "FunctionSecurityGroup",
            GroupName=name(service.env, "functions", "security group"),
            GroupDescription="Lambda functions: no way in, HTTPS out",
            VpcId=Ref(vpc),
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(
                    IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=ANYWHERE, Description="HTTPS to AWS, by endpoint or NAT gateway"
                )
            ],
            Tags=_named(service.env, "functions"),
        )
    )


def _endpoints(
    service: Service, vpc: ec2.VPC, private: list[ec2.Subnet], tables: list[ec2.RouteTable], functions: ec2.SecurityGroup
) -> None:
    """Gateway endpoints everywhere, since they cost nothing; interface endpoints where there is no NAT gateway."""
    for title, thing, policy in endpoints.gateways(service.env):
        service.add(endpoints.gateway_endpoint(title, thing, Ref(vpc), [Ref(table) for table in tables], policy))
    if service.env.network.nat_gateways:
        return
    group = service.add(
        ec2.SecurityGroup(
            "EndpointSecurityGroup",
            GroupName=name(service.env, "endpoints", "security group"),
            GroupDescription="Interface endpoints: HTTPS in from the functions",
            VpcId=Ref(vpc),
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(
                    IpProtocol="tcp",
                    FromPort=443,
                    ToPort=443,
                    SourceSecurityGroupId=GetAtt(functions, "GroupId"),
                    Description="HTTPS from the functions",
                )
            ],
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(
                    IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=service.env.network.cidr, Description="Nothing beyond the VPC"
                )
            ],
            Tags=_named(service.env, "endpoints"),
        )
    )
    for title, thing, policy in endpoints.interfaces(service.env):
        service.add(
            endpoints.interface_endpoint(title, thing, Ref(vpc), ([Ref(subnet) for subnet in private], GetAtt(group, "GroupId")), policy)
        )


def _flow_logs(service: Service, vpc: ec2.VPC) -> None:
    env = service.env
    group = service.add(
        log_group(
            "FlowLogGroup",
            log_group_name(env, "vpc", "flow"),
            retention_days=env.logs.retention_days,
            key_arn=service.needs("LogsKeyArn"),
        )
    )
    trust = statements.trust(
        "vpc-flow-logs.amazonaws.com", statements.THIS_ACCOUNT, ArnLike("aws:SourceArn", statements.arn("ec2:vpc-flow-log/*"))
    )
    permissions = [
        statements.allow(
            "Write",
            [logs.CreateLogStream, logs.DescribeLogStreams, logs.PutLogEvents],
            [GetAtt(group, "Arn")],
        )
    ]
    role, policy = role_with_policy(env, "FlowLogRole", "flow-log", trust, permissions)
    service.add(role, policy)
    service.add(
        ec2.FlowLog(
            "FlowLog",
            ResourceId=Ref(vpc),
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=GetAtt(role, "Arn"),
            MaxAggregationInterval=600,
            Tags=_named(env, "flow"),
        )
    )
