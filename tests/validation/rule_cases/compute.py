"""Functions."""

from __future__ import annotations

from typing import Any

from tests.validation.defects import drop, put
from tests.validation.rule_cases.case import KEY, Case, Resources, made, one

FUNCTION, PERMISSION = "AWS::Lambda::Function", "AWS::Lambda::Permission"
RULE = {"Fn::GetAtt": ["Rule", "Arn"]}
ON_FAILURE = {"OnFailure": {"Destination": {"Ref": "Topic"}}}


def _variables(**variables: str) -> Resources:
    return one(FUNCTION, Environment={"Variables": variables})


def _network() -> Resources:
    subnets: dict[str, Any] = {name: made("AWS::EC2::Subnet") for name in ("A", "B", "C", "Public")}
    return {
        **subnets,
        "It": made(FUNCTION, VpcConfig={"SecurityGroupIds": ["g"], "SubnetIds": [{"Ref": name} for name in "ABC"]}),
        "Gateway": made("AWS::EC2::InternetGateway"),
        "Table": made("AWS::EC2::RouteTable"),
        "Route": made("AWS::EC2::Route", RouteTableId={"Ref": "Table"}, GatewayId={"Ref": "Gateway"}),
        "Link": made("AWS::EC2::SubnetRouteTableAssociation", RouteTableId={"Ref": "Table"}, SubnetId={"Ref": "Public"}),
    }


CASES = (
    Case(
        rule="TAP032",
        good={
            "A": made(FUNCTION, Role={"Fn::GetAtt": ["RoleA", "Arn"]}),
            "B": made(FUNCTION, Role={"Fn::GetAtt": ["RoleB", "Arn"]}),
            "RoleA": made("AWS::IAM::Role"),
            "RoleB": made("AWS::IAM::Role"),
        },
        bad={
            "shared": ("B", put("Role", {"Fn::GetAtt": ["RoleA", "Arn"]})),
            "from elsewhere": ("B", put("Role", "arn:x:iam::x:role/r")),
        },
    ),
    Case(
        rule="TAP033",
        good=one(FUNCTION, DeadLetterConfig={"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}),
        bad={"lost": ("It", drop("DeadLetterConfig")), "nowhere": ("It", put("DeadLetterConfig", {}))},
    ),
    Case(
        rule="TAP033",
        good={
            "It": made(FUNCTION),
            "Config": made("AWS::Lambda::EventInvokeConfig", FunctionName={"Ref": "It"}, DestinationConfig=ON_FAILURE),
        },
        bad={"destination without a place": ("Config", put("DestinationConfig.OnFailure", {}))},
        blamed={"destination without a place": "It"},
    ),
    Case(
        rule="TAP034",
        good=one(FUNCTION, ReservedConcurrentExecutions=10),
        bad={
            "none": ("It", drop("ReservedConcurrentExecutions")),
            "more than said": ("It", put("ReservedConcurrentExecutions", 11)),
        },
    ),
    Case(
        rule="TAP035",
        good=one(FUNCTION, TracingConfig={"Mode": "Active"}),
        bad={"passed on": ("It", put("TracingConfig.Mode", "PassThrough")), "none": ("It", drop("TracingConfig"))},
    ),
    Case(
        rule="TAP036",
        good=one(FUNCTION, Environment={}, KmsKeyArn=KEY),
        bad={"none": ("It", drop("KmsKeyArn")), "the key of Lambda": ("It", put("KmsKeyArn", "alias/aws/lambda"))},
        also={"nothing to encrypt": one(FUNCTION)},
    ),
    Case(
        rule="TAP037",
        good=_network(),
        bad={
            "outside": ("It", drop("VpcConfig")),
            "two zones": ("It", put("VpcConfig.SubnetIds", [{"Ref": "A"}, {"Ref": "B"}, {"Ref": "A"}])),
            "no group": ("It", put("VpcConfig.SecurityGroupIds", [])),
            "a public subnet": ("It", put("VpcConfig.SubnetIds.2", {"Ref": "Public"})),
            "a subnet made public": ("Link", put("SubnetId", {"Ref": "A"})),
        },
        blamed={"a subnet made public": "It"},
    ),
    Case(
        rule="TAP038",
        good={
            "It": made(FUNCTION, LoggingConfig={"LogFormat": "JSON", "LogGroup": {"Ref": "Group"}}),
            "Group": made("AWS::Logs::LogGroup", LogGroupName={"Ref": "Group"}),
        },
        bad={"text": ("It", put("LoggingConfig.LogFormat", "Text")), "elsewhere": ("It", put("LoggingConfig.LogGroup", "/aws/lambda/x"))},
    ),
    Case(
        rule="TAP039",
        good=one(PERMISSION, Principal="events.amazonaws.com", SourceAccount={"Ref": "AWS::AccountId"}, SourceArn=RULE),
        bad={
            "any account": ("It", drop("SourceAccount")),
            "any resource": ("It", drop("SourceArn")),
            "whatever resource": ("It", put("SourceArn", "arn:*:*:*:*:*")),
            "everybody": ("It", put("Principal", "*")),
            "a stranger": ("It", put("Principal", "999999999999")),
            "by a URL": ("It", put("FunctionUrlAuthType", "NONE")),
        },
        also={"a stranger of the organization": one(PERMISSION, Principal="999999999999", PrincipalOrgID="o-1234567890")},
    ),
    Case(
        rule="TAP040",
        good=one("AWS::Lambda::Url", AuthType="AWS_IAM"),
        bad={"open": ("It", put("AuthType", "NONE"))},
    ),
    Case(
        rule="TAP041",
        good=_variables(TABLE="x", NEXT="y"),
        bad={
            **{
                f"variable {name}": ("It", put(f"Environment.Variables.{name}", "x"))
                for name in ("DB_PASSWORD", "ApiKey", "AWS_SECRET_ACCESS_KEY", "GitHubToken", "TOKEN", "PASSPHRASE")
            },
            "resolved": ("It", put("Environment.Variables.NEXT", "{{resolve:secretsmanager:x}}")),
            "written out": ("It", put("Description", "AKIA" + "Z" * 16)),
            "in the metadata": ("It", lambda resource: resource.update(Metadata={"by": "ASIA" + "Z" * 16})),
        },
        also={"where a secret lies": _variables(DB_SECRET_ARN="x", SecretName="y", SECRET_PATH="z")},
    ),
    Case(
        rule="TAP041",
        good=one("AWS::SSM::Parameter", Name="/tap/dev/x", Type="String", Value="x"),
        bad={"plain secret": ("It", put("Name", "/tap/dev/db-password"))},
    ),
    Case(
        rule="TAP069",
        good=one(FUNCTION, Runtime="python3.14", Architectures=["arm64"]),
        bad={"old": ("It", put("Runtime", "python3.9")), "another processor": ("It", drop("Architectures"))},
        also={"an image": one(FUNCTION, Code={"ImageUri": "x"})},
    ),
)
