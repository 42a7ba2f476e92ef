"""Exposure: what can be reached by more than before, by network rules and by switches that open to the public."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deploy.review.expressions import scalar, text
from deploy.review.view import Entry
from deploy.structure import function

EVERYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Rule:
    """One network rule: who (an address block, a group, a list), by which protocol (``-1`` is all), through which ports."""

    way: str
    peer: str
    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        ports = (
            "all ports"
            if (self.first, self.last) == (0, 65535)
            else f"port {self.first}" + (f"-{self.last}" if self.last != self.first else "")
        )
        return f"{self.way} {'from' if self.way == 'ingress' else 'to'} {self.peer}, {_protocol(self.protocol)}, {ports}"


@dataclass(frozen=True)
class Switch:
    """A property that opens a resource. ``open``: of its value, None where it is absent; ``absent``: a new one without it is open."""

    kind: str
    property: str
    open: Callable[[Any], bool]
    says: str
    absent: bool = False


def _is(*values: str) -> Callable[[Any], bool]:
    return lambda value: value is not None and scalar(value).lower() in values


def _not(*values: str) -> Callable[[Any], bool]:
    return lambda value: value is None or not isinstance(value, (str, bool, int)) or scalar(value).lower() not in values


_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")

# Sources: the types' pages in the CloudFormation template reference.
SWITCHES = (
    *(Switch("AWS::S3::Bucket", f"PublicAccessBlockConfiguration/{name}", _not("true"), f"{name} is off") for name in _BLOCKS),
    *(Switch("AWS::S3::AccessPoint", f"PublicAccessBlockConfiguration/{name}", _not("true"), f"{name} is off") for name in _BLOCKS),
    *(
        Switch("AWS::S3::Bucket", "AccessControl", _is(name), f"its ACL is {name}")
        for name in ("publicread", "publicreadwrite", "authenticatedread")
    ),
    Switch("AWS::S3::Bucket", "OwnershipControls/Rules/0/ObjectOwnership", _is("objectwriter", "bucketownerpreferred"), "ACLs count again"),
    Switch("AWS::RDS::DBInstance", "PubliclyAccessible", _is("true"), "the database has a public address"),
    Switch("AWS::RDS::DBCluster", "PubliclyAccessible", _is("true"), "the database has a public address"),
    Switch("AWS::Redshift::Cluster", "PubliclyAccessible", _is("true"), "the cluster has a public address"),
    Switch("AWS::RedshiftServerless::Workgroup", "PubliclyAccessible", _is("true"), "the workgroup has a public address"),
    Switch("AWS::DMS::ReplicationInstance", "PubliclyAccessible", _is("true"), "the instance has a public address"),
    Switch("AWS::AmazonMQ::Broker", "PubliclyAccessible", _is("true"), "the broker has a public address"),
    Switch("AWS::EC2::Subnet", "MapPublicIpOnLaunch", _is("true"), "instances in it get public addresses"),
    Switch("AWS::EC2::Instance", "MetadataOptions/HttpTokens", _is("optional"), "metadata without a token"),
    Switch("AWS::EKS::Cluster", "ResourcesVpcConfig/EndpointPublicAccess", _is("true"), "its endpoint is public"),
    Switch("AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme", _is("internet-facing"), "it faces the internet"),
    Switch("AWS::ElasticLoadBalancing::LoadBalancer", "Scheme", _is("internet-facing"), "it faces the internet"),
    Switch("AWS::Lambda::Url", "AuthType", _is("none"), "anybody may call it"),
    Switch("AWS::ApiGateway::Method", "AuthorizationType", _is("none"), "anybody may call it"),
    Switch("AWS::ApiGatewayV2::Route", "AuthorizationType", _not("aws_iam", "jwt", "custom"), "anybody may call it", absent=True),
    Switch("AWS::ApiGateway::RestApi", "DisableExecuteApiEndpoint", _not("true"), "its default address answers"),
    Switch("AWS::AppSync::GraphQLApi", "AuthenticationType", _is("api_key"), "anybody with its key may call it"),
    Switch("AWS::Cognito::IdentityPool", "AllowUnauthenticatedIdentities", _is("true"), "it gives credentials to anybody"),
    Switch("AWS::Cognito::UserPool", "AdminCreateUserConfig/AllowAdminCreateUserOnly", _not("true"), "anybody may sign up"),
    Switch("AWS::EC2::VPCEndpointService", "AcceptanceRequired", _is("false"), "anybody permitted may connect unasked"),
    Switch("AWS::RAM::ResourceShare", "AllowExternalPrincipals", _is("true"), "it is shared outside the organization"),
    Switch("AWS::SageMaker::NotebookInstance", "DirectInternetAccess", _not("disabled"), "it has direct internet access"),
    Switch(
        "AWS::MSK::Cluster",
        "BrokerNodeGroupInfo/ConnectivityInfo/PublicAccess/Type",
        _is("service_provided_eips"),
        "its brokers are public",
    ),
    Switch("AWS::CodeBuild::Project", "Visibility", _is("public_read"), "its builds are public"),
    Switch("AWS::CodeBuild::Project", "Environment/PrivilegedMode", _is("true"), "its builds are privileged"),
)
# Of these a new resource is worth no word: the default is what most have.
_QUIET_WHEN_NEW = ("AWS::ApiGateway::RestApi", "AWS::Cognito::UserPool", "AWS::S3::AccessPoint")


def lines(entry: Entry) -> Iterator[str]:
    """What a changed or new resource lets in, or out, that it did not."""
    if entry.verdict in ("unchanged", "remove", "import") or entry.after is None:
        return
    yield from _rules_lines(entry)
    yield from _reach(entry)
    yield from (switch.says for switch in SWITCHES if fnmatchcase(entry.type, switch.kind) and _opened(entry, switch))


def _opened(entry: Entry, switch: Switch) -> bool:
    after = _at(entry.after, switch.property)
    if not switch.open(after):
        return False
    if entry.before is not None:
        return not switch.open(_at(entry.before, switch.property))
    return entry.type not in _QUIET_WHEN_NEW and (after is not None or switch.absent)


def public(entry: Entry) -> Iterator[str]:
    """What is open to everybody in a new stack."""
    yield from (
        line
        for line in lines(entry)
        if not line.startswith("egress") and (not line.startswith("ingress") or any(f" {one}," in line for one in EVERYWHERE))
    )


def rules(kind: str, definition: Mapping[str, Any] | None) -> tuple[Rule, ...]:
    """The network rules of a resource."""
    properties = (definition or {}).get("Properties")
    if not isinstance(properties, Mapping):
        return ()
    if kind == "AWS::EC2::SecurityGroup":
        return (*_side(properties, "ingress", "SecurityGroupIngress"), *_side(properties, "egress", "SecurityGroupEgress"))
    if kind in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
        return tuple(_rule(kind.removeprefix("AWS::EC2::SecurityGroup").lower(), properties))
    if kind == "AWS::EC2::NetworkAclEntry" and text(properties.get("RuleAction", "")).lower() == "allow":
        ports = properties.get("PortRange")
        ports = ports if isinstance(ports, Mapping) else {}
        shaped = {**properties, "IpProtocol": properties.get("Protocol"), "FromPort": ports.get("From"), "ToPort": ports.get("To")}
        cidrs = {"CidrIp": properties.get("CidrBlock"), "CidrIpv6": properties.get("Ipv6CidrBlock")}
        way = "egress" if properties.get("Egress") in (True, "true") else "ingress"
        return tuple(_rule(way, {**shaped, **{key: value for key, value in cidrs.items() if value is not None}}))
    return ()


def covered(rule: Rule, given: tuple[Rule, ...]) -> bool:
    """True where one rule of ``given`` lets through all that this one does."""
    return any(
        one.way == rule.way
        and (one.protocol in (rule.protocol, "-1"))
        and (one.protocol == "-1" or (one.first <= rule.first and rule.last <= one.last))
        and _within(rule.peer, one.peer)
        for one in given
    )


def _rules_lines(entry: Entry) -> Iterator[str]:
    before, after = rules(entry.type, entry.before), rules(entry.type, entry.after)
    yield from (str(rule) for rule in sorted(after, key=str) if not covered(rule, before))


def _side(properties: Mapping[str, Any], way: str, name: str) -> Iterator[Rule]:
    """A group without rules for what leaves it lets everything out (template reference, AWS::EC2::SecurityGroup)."""
    found = properties.get(name)
    if found is None or found == []:
        if way == "egress":
            yield from (Rule(way, peer, "-1", 0, 65535) for peer in EVERYWHERE)
        return
    for one in found if isinstance(found, list) else [found]:
        yield from _rule(way, one if isinstance(one, Mapping) and not function(one) else {"CidrIp": one, "IpProtocol": "-1"})


def _rule(way: str, one: Mapping[str, Any]) -> Iterator[Rule]:
    protocol = _PROTOCOLS.get(text(one.get("IpProtocol", "-1")).lower(), text(one.get("IpProtocol", "-1")).lower())
    first, last = _port(one.get("FromPort"), 0), _port(one.get("ToPort"), 65535)
    if protocol == "-1" or (protocol in ("6", "17") and first == -1):
        first, last = 0, 65535
    for name in _PEERS:
        if name in one:
            yield Rule(way, text(one[name]), protocol, first, last)


_PROTOCOLS = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58", "all": "-1", "none": "-1"}
_PEERS = (
    "CidrIp",
    "CidrIpv6",
    "SourceSecurityGroupId",
    "SourceSecurityGroupName",
    "SourcePrefixListId",
    "DestinationSecurityGroupId",
    "DestinationPrefixListId",
)


def _port(value: Any, default: int) -> int:
    """A port that a function gives may be any."""
    written = text(value) if value is not None else ""
    return int(written) if written.lstrip("-").isdigit() else default


def _protocol(number: str) -> str:
    return {"-1": "all protocols", **{value: key for key, value in _PROTOCOLS.items() if value != "-1"}}.get(number, f"protocol {number}")


def _within(peer: str, around: str) -> bool:
    if peer == around:
        return True
    try:
        one, other = ipaddress.ip_network(peer, strict=False), ipaddress.ip_network(around, strict=False)
    except ValueError:
        return False
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]  # of one version, as just compared


def _reach(entry: Entry) -> Iterator[str]:
    """An API that was private and is no more; a way to the internet that was not there."""
    before, after = (_at(side, "EndpointConfiguration/Types") for side in (entry.before, entry.after))
    if entry.type == "AWS::ApiGateway::RestApi" and before == ["PRIVATE"] and after != ["PRIVATE"]:
        yield "it is no longer private"
    if entry.type == "AWS::EC2::Route" and _public(entry.after) and not _public(entry.before):
        yield "its subnets reach, and are reached from, the internet"


def _public(definition: Mapping[str, Any] | None) -> bool:
    everywhere = {_at(definition, "DestinationCidrBlock"), _at(definition, "DestinationIpv6CidrBlock")} & set(EVERYWHERE)
    return bool(everywhere) and _at(definition, "GatewayId") is not None


def _at(definition: Mapping[str, Any] | None, path: str) -> Any:
    value: Any = (definition or {}).get("Properties")
    for part in path.split("/"):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value
