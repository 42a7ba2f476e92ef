"""APIs."""

from __future__ import annotations

from typing import Any

from tests.validation.defects import drop, put
from tests.validation.rule_cases.case import Case, Resources, made, one

API, METHOD, STAGE = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Method", "AWS::ApiGateway::Stage"
DOMAIN, DOMAIN_2 = "AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName"
REGIONAL = {"Types": ["REGIONAL"]}


def _every(**settings: Any) -> dict[str, Any]:
    return {"HttpMethod": "*", "ResourcePath": "/*", **settings}


def _health() -> Resources:
    return {
        "It": made(METHOD, HttpMethod="GET", ResourceId={"Ref": "Path"}, AuthorizationType="NONE"),
        "Path": made("AWS::ApiGateway::Resource", PathPart="health", ParentId={"Fn::GetAtt": ["Api", "RootResourceId"]}),
        "Api": made(API),
    }


def _setting(**more: Any) -> dict[str, Any]:
    return {"HttpMethod": "GET", "ResourcePath": "/items", **more}


LIMITED = _every(ThrottlingRateLimit=100, ThrottlingBurstLimit=200)
WATCHED = {"DataTraceEnabled": False, "LoggingLevel": "ERROR"}
CASES = (
    Case(
        rule="TAP042",
        good=one(API, EndpointConfiguration=REGIONAL),
        bad={"edge": ("It", put("EndpointConfiguration.Types", ["EDGE"])), "the default": ("It", drop("EndpointConfiguration"))},
        also={"a name": one(DOMAIN, EndpointConfiguration=REGIONAL)},
    ),
    Case(
        rule="TAP042",
        good=one(DOMAIN, EndpointConfiguration=REGIONAL),
        bad={"a name by default": ("It", drop("EndpointConfiguration"))},
    ),
    Case(
        rule="TAP043",
        good=_health(),
        bad={
            "open, and no reading": ("It", put("HttpMethod", "POST")),
            "open, and no health": ("Path", put("PathPart", "items")),
            "health of something": ("Path", put("ParentId", {"Ref": "Other"})),
            "methods in a text": ("Api", put("Body", {})),
        },
        blamed={"open, and no health": "It", "health of something": "It"},
        also={"authorized": one(METHOD, HttpMethod="POST", AuthorizationType="AWS_IAM")},
    ),
    Case(
        rule="TAP043",
        good=one("AWS::ApiGatewayV2::Route", AuthorizationType="AWS_IAM"),
        bad={"open route": ("It", drop("AuthorizationType"))},
    ),
    Case(
        rule="TAP044",
        good=one(METHOD, HttpMethod="POST", RequestValidatorId={"Ref": "V"}, RequestModels={"application/json": {"Ref": "M"}}),
        bad={"nothing checked": ("It", drop("RequestValidatorId")), "no model": ("It", drop("RequestModels"))},
    ),
    Case(
        rule="TAP044",
        good=one("AWS::ApiGateway::RequestValidator", ValidateRequestBody=True, ValidateRequestParameters=True),
        bad={"bodies": ("It", put("ValidateRequestBody", False)), "parameters": ("It", drop("ValidateRequestParameters"))},
    ),
    Case(
        rule="TAP045",
        good=one(
            STAGE,
            AccessLogSetting={"DestinationArn": "x", "Format": '{"id":"$context.requestId"}'},
            TracingEnabled=True,
            MethodSettings=[_every(**WATCHED)],
        ),
        bad={
            "no access log": ("It", drop("AccessLogSetting")),
            "no request id": ("It", put("AccessLogSetting.Format", "{}")),
            "no traces": ("It", drop("TracingEnabled")),
            "bodies": ("It", put("MethodSettings.0.DataTraceEnabled", True)),
            "no errors": ("It", put("MethodSettings.0.LoggingLevel", "OFF")),
            "no settings": ("It", put("MethodSettings", [])),
        },
    ),
    Case(
        rule="TAP046",
        good=one(STAGE, MethodSettings=[LIMITED, _setting(ThrottlingRateLimit=10, ThrottlingBurstLimit=20)]),
        bad={
            "none": ("It", drop("MethodSettings")),
            "for one method": ("It", put("MethodSettings.0.HttpMethod", "GET")),
            "higher": ("It", put("MethodSettings.0.ThrottlingRateLimit", 101)),
            "one method's rate": ("It", put("MethodSettings.1.ThrottlingRateLimit", 101)),
            "one method's burst": ("It", put("MethodSettings.1.ThrottlingBurstLimit", 201)),
            "one method without": ("It", put("MethodSettings.1.ThrottlingRateLimit", -1)),
        },
    ),
    Case(
        rule="TAP047",
        good={
            "It": made(STAGE),
            "Acl": made("AWS::WAFv2::WebACL", Rules=[{"OverrideAction": {"None": {}}}]),
            "Log": made("AWS::WAFv2::LoggingConfiguration", ResourceArn={"Fn::GetAtt": ["Acl", "Arn"]}),
            "Link": made("AWS::WAFv2::WebACLAssociation", ResourceArn={"Fn::Sub": "arn:${AWS::Partition}:x/restapis/${Api}/stages/${It}"}),
        },
        bad={
            "not attached": ("Link", put("ResourceArn", "x")),
            "no log": ("Log", put("ResourceArn", "x")),
            "counts": ("Acl", put("Rules.0.OverrideAction", {"Count": {}})),
            "no rules": ("Acl", put("Rules", [])),
        },
        blamed={"not attached": "It", "no log": "Acl"},
    ),
    Case(
        rule="TAP048",
        good=one(DOMAIN, SecurityPolicy="TLS_1_2"),
        bad={"old": ("It", put("SecurityPolicy", "TLS_1_0")), "the default": ("It", drop("SecurityPolicy"))},
        also={"new": one(DOMAIN, SecurityPolicy="SecurityPolicy_TLS13_1_3_2025_09")},
    ),
    Case(
        rule="TAP048",
        good=one(DOMAIN_2, DomainNameConfigurations=[{"SecurityPolicy": "TLS_1_2"}]),
        bad={"old": ("It", put("DomainNameConfigurations.0.SecurityPolicy", "TLS_1_0"))},
    ),
)
