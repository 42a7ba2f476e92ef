"""Parts of a REST API: models, methods that call a function, a stage that is throttled, logged and traced, a web ACL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Ref, Sub, apigateway, encode_to_dict, wafv2

if TYPE_CHECKING:
    from env.model import Environment

STAGE = "live"

ITEM_SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "NewItem",
    "type": "object",
    "required": ["name", "quantity"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "quantity": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
    },
}

# One JSON object a request; no header and no body, which may hold personal data.
ACCESS_LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "caller": "$context.identity.caller",
        "user": "$context.identity.userArn",
        "time": "$context.requestTime",
        "method": "$context.httpMethod",
        "path": "$context.resourcePath",
        "status": "$context.status",
        "bytes": "$context.responseLength",
        "latency": "$context.responseLatency",
        "integrationLatency": "$context.integration.latency",
        "error": "$context.error.message",
        "trace": "$context.xrayTraceId",
        "waf": "$context.waf.status",
    }
)


# "None" is no name that Python can write.
_NO_OVERRIDE: dict[str, Any] = {"None": {}}


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path: its title, whom it lets in, and what its request must look like."""

    title: str
    method: str
    resource: Any
    authorization: dict[str, Any]
    request: dict[str, Any]


def regional_api(title: str, name: str, description: str) -> apigateway.RestApi:
    return apigateway.RestApi(
        title,
        Name=name,
        Description=description,
        EndpointConfiguration=apigateway.EndpointConfiguration(Types=["REGIONAL"]),
    )


def method(route: Route, api: apigateway.RestApi, function_arn: Any) -> apigateway.Method:
    """A method that hands the whole request to a function."""
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations"
    return apigateway.Method(
        route.title,
        RestApiId=Ref(api),
        ResourceId=route.resource,
        HttpMethod=route.method,
        Integration=apigateway.Integration(Type="AWS_PROXY", IntegrationHttpMethod="POST", Uri=Sub(uri, Function=function_arn)),
        **route.authorization,
        **route.request,
    )


def deployment(api: apigateway.RestApi, parts: list[Any]) -> apigateway.Deployment:
    """A snapshot of the API's parts.

    With an unchanged logical id the old methods would stay live, so the id ends in a hash of what it snapshots.
    """
    from hashlib import sha256

    text = json.dumps({part.title: encode_to_dict(part.properties) for part in [api, *parts]}, sort_keys=True)
    return apigateway.Deployment(
        f"Deployment{sha256(text.encode()).hexdigest()[:8]}",
        RestApiId=Ref(api),
        Description="The methods and models of this template",
        DependsOn=sorted(part.title for part in parts if isinstance(part, apigateway.Method)),
    )


def stage(env: Environment, title: str, api: apigateway.RestApi, snapshot: apigateway.Deployment, access_log_arn: Any) -> apigateway.Stage:
    """Throttled as the environment says; bodies are never logged (DataTraceEnabled off)."""
    return apigateway.Stage(
        title,
        RestApiId=Ref(api),
        DeploymentId=Ref(snapshot),
        StageName=STAGE,
        TracingEnabled=True,
        AccessLogSetting=apigateway.AccessLogSetting(DestinationArn=access_log_arn, Format=ACCESS_LOG_FORMAT),
        MethodSettings=[
            apigateway.MethodSetting(
                ResourcePath="/*",
                HttpMethod="*",
                ThrottlingRateLimit=env.api.throttle_rate,
                ThrottlingBurstLimit=env.api.throttle_burst,
                LoggingLevel="ERROR",
                DataTraceEnabled=False,
                MetricsEnabled=True,
            )
        ],
    )


def web_acl(title: str, name: str, rate_limit: int, *, behind_edge: bool = False) -> wafv2.WebACL:
    """AWS's managed rules against known bad input and reputation, and a limit for one address.

    ``behind_edge``: requests come from CloudFront's addresses, and say in a header whose they are.
    """
    counted: dict[str, Any] = {"AggregateKeyType": "IP"}
    if behind_edge:
        header = wafv2.ForwardedIPConfiguration(HeaderName="X-Forwarded-For", FallbackBehavior="MATCH")
        counted = {"AggregateKeyType": "FORWARDED_IP", "ForwardedIPConfig": header}
    managed = ("AmazonIpReputationList", "CommonRuleSet", "KnownBadInputsRuleSet")
    rules = [
        wafv2.WebACLRule(
            Name=group,
            Priority=priority,
            OverrideAction=wafv2.OverrideAction(**_NO_OVERRIDE),
            Statement=wafv2.Statement(
                ManagedRuleGroupStatement=wafv2.ManagedRuleGroupStatement(VendorName="AWS", Name=f"AWSManagedRules{group}")
            ),
            VisibilityConfig=_visible(f"{name}-{group}"),
        )
        for priority, group in enumerate(managed)
    ]
    rate = wafv2.WebACLRule(
        Name="RateOfOneAddress",
        Priority=len(managed),
        Action=wafv2.RuleAction(Block=wafv2.BlockAction()),
        Statement=wafv2.Statement(RateBasedStatement=wafv2.RateBasedStatement(Limit=rate_limit, **counted)),
        VisibilityConfig=_visible(f"{name}-rate"),
    )
    return wafv2.WebACL(
        title,
        Name=name,
        Scope="REGIONAL",
        DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
        Rules=[*rules, rate],
        VisibilityConfig=_visible(name),
    )


def _visible(metric: str) -> wafv2.VisibilityConfig:
    return wafv2.VisibilityConfig(CloudWatchMetricsEnabled=True, SampledRequestsEnabled=True, MetricName=metric)
