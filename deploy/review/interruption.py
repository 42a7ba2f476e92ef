"""Interruption: what stops, stalls or slows down for somebody while the change is made, or after it.

Sources of the table: "Update requires" and the property descriptions of the CloudFormation template reference; Lambda, SQS, VPC and
API Gateway developer guides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.changes import Finding
from deploy.model import NESTED
from deploy.review.expressions import scalar
from deploy.review.items import snapshot
from deploy.review.view import SNAPSHOTS, Entry, View
from deploy.review.watch import Watch, lower, off, seen
from deploy.stateful import STATEFUL


def _becomes(*values: Any) -> Any:
    return lambda before, after: after is not None and scalar(after).lower() in values


def _limited(before: Any, after: Any) -> bool:
    """A number that is lower, or that is a limit where there was none."""
    return after is not None and (before is None or lower(before, after))


# What a changed property does to those who use the resource, while the resource stays.
STALLS = (
    Watch("AWS::ApiGateway::Method", "/Integration/Uri", seen, "the method calls something else"),
    Watch("AWS::ApiGateway::Method", "/HttpMethod", seen, "requests by the old method are refused"),
    Watch("AWS::ApiGateway::Stage", "/MethodSettings/*/ThrottlingRateLimit", _limited, "requests over the lower rate get 429"),
    Watch("AWS::ApiGateway::Stage", "/MethodSettings/*/ThrottlingBurstLimit", _limited, "bursts over the lower limit get 429"),
    Watch("AWS::ApiGateway::UsagePlan", "/Throttle/*", _limited, "requests over the lower limit get 429"),
    Watch("AWS::ApiGateway::UsagePlan", "/Quota/Limit", _limited, "requests over the lower quota get 429"),
    Watch("AWS::AutoScaling::AutoScalingGroup", "/MaxSize", lower, "fewer instances at most"),
    Watch("AWS::AutoScaling::AutoScalingGroup", "/MinSize", lower, "fewer instances at least"),
    Watch("AWS::CloudFront::Distribution", "/DistributionConfig/Enabled", off, "the distribution stops answering"),
    Watch("AWS::DynamoDB::*", "/BillingMode", _becomes("provisioned"), "requests over what is provisioned are throttled"),
    Watch("AWS::DynamoDB::Table", "/ProvisionedThroughput/*", lower, "requests over what is provisioned are throttled"),
    Watch("AWS::DynamoDB::*", "/StreamSpecification/StreamViewType", seen, "the stream is another one: its readers begin anew"),
    Watch("AWS::EC2::Instance", "/InstanceType", seen, "the instance stops and starts"),
    Watch("AWS::EC2::VPC", "/EnableDnsSupport", off, "names are not resolved in the VPC"),
    Watch("AWS::EC2::VPCEndpoint", "/PrivateDnsEnabled", off, "the service's own name leads out of the VPC again"),
    Watch("AWS::ECS::Service", "/DesiredCount", lower, "fewer tasks run"),
    Watch("AWS::Events::Rule", "/State", off, "the rule fires no more"),
    Watch("AWS::Scheduler::Schedule", "/State", off, "the schedule fires no more"),
    Watch("AWS::KMS::Key", "/Enabled", off, "nothing that it encrypted can be read"),
    Watch("AWS::Lambda::Alias", "/RoutingConfig/**", seen, "another share of the calls goes to another version"),
    Watch("AWS::Lambda::EventSourceMapping", "/Enabled", off, "nothing is taken from the source"),
    Watch("AWS::Lambda::EventSourceMapping", "/ScalingConfig/MaximumConcurrency", _limited, "fewer batches are worked on at once"),
    Watch("AWS::Lambda::Function", "/ReservedConcurrentExecutions", _limited, "calls over the lower limit are throttled"),
    Watch("AWS::Lambda::Function", "/Timeout", lower, "calls that take longer now fail"),
    Watch("AWS::Lambda::Function", "/MemorySize", lower, "less memory, and with it less processor time"),
    Watch("AWS::Lambda::Function", "/VpcConfig/**", seen, "new network interfaces: calls fail where the new way leads nowhere"),
    Watch("AWS::Lambda::Function", "/Architectures/*", seen, "the code runs on another processor: native parts must be built for it"),
    Watch("AWS::Lambda::Function", "/Runtime", seen, "the code runs on another runtime"),
    Watch("AWS::Lambda::Function", "/Handler", seen, "another function of the code is called"),
    Watch("AWS::RDS::DBInstance", "/DBInstanceClass", seen, "the database restarts on another machine"),
    Watch("AWS::RDS::DBInstance", "/EngineVersion", seen, "the database is down while it is upgraded"),
    Watch("AWS::RDS::DBCluster", "/EngineVersion", seen, "the database is down while it is upgraded"),
    Watch("AWS::RDS::DBInstance", "/MultiAZ", off, "no standby takes over"),
    Watch("AWS::ElastiCache::ReplicationGroup", "/CacheNodeType", seen, "the nodes are replaced one after another"),
    Watch("AWS::OpenSearchService::Domain", "/ClusterConfig/**", seen, "a blue/green deployment that can take hours"),
    Watch("AWS::SQS::Queue", "/VisibilityTimeout", lower, "messages in work may be delivered a second time", default=30),
    Watch("AWS::SQS::Queue", "/MaximumMessageSize", lower, "larger messages are refused", default=262_144),
    Watch("AWS::SQS::Queue", "/DelaySeconds", lambda before, after: before != after, "messages wait for another time"),
    Watch("AWS::SQS::Queue", "/RedrivePolicy/maxReceiveCount", lower, "messages go to the dead letters after fewer attempts"),
    Watch("AWS::SNS::Subscription", "/FilterPolicy/**", seen, "other messages are delivered"),
    Watch("AWS::StepFunctions::StateMachine", "/DefinitionString", seen, "executions from now on go the new way"),
    Watch("AWS::WAFv2::WebACL", "/DefaultAction/Block", lambda before, after: after is not None, "what no rule allows is refused"),
)

# What those see who use a resource that is replaced, beside its new name.
REPLACED = {
    "AWS::ApiGateway::DomainName": "its name leads nowhere until DNS follows",
    "AWS::ApiGateway::Method": "requests get 403 until the new deployment is live",
    "AWS::ApiGateway::Resource": "requests below it get 403 until the new deployment is live",
    "AWS::ApiGateway::RestApi": "the API gets another URL: every client must follow",
    "AWS::ApiGateway::Stage": "the stage is gone for a moment, and its URL with it",
    "AWS::ApiGatewayV2::Api": "the API gets another URL: every client must follow",
    "AWS::CloudFront::Distribution": "the distribution gets another name: every client must follow",
    "AWS::EC2::EIP": "the address is another one: whoever allows it by address must follow",
    "AWS::EC2::Instance": "the instance is another one, with another address",
    "AWS::EC2::NatGateway": "connections through it break, and its address is another one",
    "AWS::EC2::SecurityGroup": "all that is in the group is moved to another one",
    "AWS::EC2::Subnet": "all that stands in the subnet is moved, with new addresses",
    "AWS::EC2::VPC": "everything in the VPC is made anew",
    "AWS::EC2::VPCEndpoint": "connections through it break",
    "AWS::ECS::Service": "tasks stop and start",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "the balancer gets another name: every client must follow",
    "AWS::IAM::Role": "calls fail until the new role is known everywhere",
    "AWS::Lambda::Alias": "calls by the alias's ARN fail until callers follow",
    "AWS::Lambda::EventSourceMapping": "nothing is taken from the source until the new one is enabled",
    "AWS::Lambda::Function": "the function gets another ARN: every caller must follow",
    "AWS::Lambda::Permission": "calls are refused for a moment",
    "AWS::SNS::Topic": "publishers and subscribers outside the stack lose it",
    "AWS::SSM::Parameter": "readers of the old name find nothing",
}

# What those lose who use a resource that is removed; what is not here is missed by nobody, or is a finding of another kind.
REMOVED = {
    "AWS::ApiGateway::DomainName": "its name leads nowhere",
    "AWS::ApiGateway::Method": "its requests get 403",
    "AWS::ApiGateway::Resource": "requests below it get 403",
    "AWS::ApiGateway::RestApi": "its URL answers no more",
    "AWS::ApiGateway::Stage": "its URL answers no more",
    "AWS::ApiGateway::UsagePlan": "its keys are refused",
    "AWS::ApiGatewayV2::Api": "its URL answers no more",
    "AWS::ApiGatewayV2::Route": "its requests get 404",
    "AWS::CloudFront::Distribution": "its name answers no more",
    "AWS::EC2::NatGateway": "what went out through it does not",
    "AWS::EC2::Route": "what went that way does not",
    "AWS::EC2::SubnetRouteTableAssociation": "the subnet follows the VPC's main route table",
    "AWS::EC2::VPCEndpoint": "calls to its service need another way out",
    "AWS::ECS::Service": "its tasks stop",
    "AWS::ElasticLoadBalancingV2::Listener": "its port answers no more",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "its name answers no more",
    "AWS::Events::Rule": "it fires no more",
    "AWS::IAM::Role": "whoever takes it on is refused",
    "AWS::KMS::Alias": "callers by the alias find no key",
    "AWS::Lambda::Alias": "calls by the alias fail",
    "AWS::Lambda::EventSourceMapping": "nothing is taken from the source",
    "AWS::Lambda::Function": "calls to it fail",
    "AWS::Lambda::Permission": "the calls that it allows are refused",
    "AWS::Lambda::Url": "its URL answers no more",
    "AWS::Route53::RecordSet": "its name is not resolved",
    "AWS::Scheduler::Schedule": "it fires no more",
    "AWS::SNS::Subscription": "nothing is delivered by it",
    "AWS::SNS::Topic": "publishers and subscribers outside the stack lose it",
    "AWS::SSM::Parameter": "readers of its name find nothing",
    "AWS::StepFunctions::StateMachine": "its executions end",
}


def findings(view: View) -> Iterator[Finding]:
    """What is replaced first, then what is removed, then what stays and stalls."""
    if view.subject.creates:
        return
    yield from (_replaced(entry) for entry in view.entries if entry.verdict == "replace" and _plain(entry))
    for entry in view.entries:
        if entry.verdict == "remove" and entry.type in REMOVED and not entry.policy_action.endswith("Retain") and not snapshot(view, entry):
            yield _finding(entry, "is removed", (REMOVED[entry.type],), "move whoever uses it first")
    for entry in view.entries:
        hits = [hit for watch in STALLS for hit in watch.hits(entry)]
        for says in dict.fromkeys(hit.says for hit in hits):
            yield _finding(entry, f": {says}", tuple(hit.words for hit in hits if hit.says == says), "")


def _plain(entry: Entry) -> bool:
    return entry.type not in STATEFUL and entry.type not in SNAPSHOTS and entry.type != NESTED


def _replaced(entry: Entry) -> Finding:
    says = REPLACED.get(entry.type, "whoever wrote down its name or id must follow")
    moved = tuple(_renamed(entry.before, entry.after))
    why = (f"because {entry.fate.why}",) if entry.fate.why else ()
    return _finding(entry, "is replaced", (says, *moved, *why), "leave what replaces it as it is, or make the new one beside it first")


def _renamed(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[str]:
    """A replacement that keeps its custom name fails: the old one still has it (template reference, "Name type")."""
    both = [(side or {}).get("Properties") or {} for side in (before, after)]
    for name in sorted(both[0].keys() & both[1].keys()):
        if name.endswith("Name") and both[0][name] == both[1][name] and isinstance(both[1][name], str) and "/" not in name:
            yield f"its {name} stays {both[1][name]!r}: where that is its own name, CloudFormation refuses to replace it"
            return


def _finding(entry: Entry, title: str, detail: tuple[str, ...], remedy: str) -> Finding:
    joint = "" if title.startswith(":") else " "
    return Finding(kind="interruption", path=entry.path, title=f"{entry.path}{joint}{title}", detail=detail, remedy=remedy)
