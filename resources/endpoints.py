"""VPC endpoints whose policies let this account's identities do exactly what the functions do, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from awacs import cloudformation, cloudwatch, dynamodb, kms, logs, s3, sns, sqs, ssm, xray
from awacs.aws import Action, Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import AccountId, Sub, ec2

from resources import statements
from resources.naming import bucket_pattern, name

if TYPE_CHECKING:
    from env.model import Environment

Endpoint = tuple[str, str, PolicyDocument]


def gateways(env: Environment) -> Iterator[Endpoint]:
    """S3 and DynamoDB: title, service, policy."""
    buckets = [Sub(f"arn:${{AWS::Partition}}:s3:::{bucket_pattern(env, thing)}") for thing in ("data", "logs")]
    everything = buckets + [Sub(f"{bucket.data['Fn::Sub']}/*") for bucket in buckets]
    yield "S3Endpoint", "s3", _policy([s3.GetObject, s3.ListBucket, s3.PutObject], everything)
    table = f"dynamodb:table/{name(env, 'items', 'table')}"
    actions = [dynamodb.DescribeTable, dynamodb.GetItem, dynamodb.PutItem, dynamodb.Query, dynamodb.UpdateItem]
    yield "DynamodbEndpoint", "dynamodb", _policy(actions, [statements.arn(table), statements.arn(f"{table}/index/*")])


def interfaces(env: Environment) -> Iterator[Endpoint]:
    """Every other service that the functions call: title, service, policy."""
    own = f"{env.project}-*-{env.name}"
    parameters = statements.arn(f"ssm:parameter/{env.project}/{env.name}/*")
    stacks = statements.arn(f"cloudformation:stack/{env.project}-*")
    yield "CloudFormationEndpoint", "cloudformation", _policy(DRIFT_DETECTION, [stacks], status=DRIFT_STATUS)
    yield "KmsEndpoint", "kms", _policy([kms.Decrypt, kms.GenerateDataKey], [statements.arn("kms:key/*")])
    yield "LogsEndpoint", "logs", _policy([logs.CreateLogStream, logs.PutLogEvents], [statements.arn(f"logs:log-group:/aws/*/{own}:*")])
    yield "MonitoringEndpoint", "monitoring", _policy([cloudwatch.PutMetricData], ["*"])
    yield "SnsEndpoint", "sns", _policy([sns.GetTopicAttributes, sns.Publish], [statements.arn(f"sns:{own}")])
    yield "SqsEndpoint", "sqs", _policy([sqs.GetQueueAttributes, sqs.SendMessage], [statements.arn(f"sqs:{own}")])
    yield "SsmEndpoint", "ssm", _policy([ssm.GetParametersByPath], [parameters])
    yield "XrayEndpoint", "xray", _policy([xray.PutTelemetryRecords, xray.PutTraceSegments], ["*"])


# These know no resource (Service Authorization Reference, CloudFormation).
DRIFT_STATUS = [cloudformation.BatchDescribeTypeConfigurations, cloudformation.DescribeStackDriftDetectionStatus]
DRIFT_DETECTION = [
    cloudformation.DescribeStackResourceDrifts,
    cloudformation.DescribeStackResources,
    cloudformation.DescribeStacks,
    cloudformation.DetectStackDrift,
    cloudformation.DetectStackResourceDrift,
    cloudformation.GetTemplate,
    cloudformation.ListStackResources,
]


def gateway_endpoint(title: str, thing: str, vpc: Any, route_tables: list[Any], policy: PolicyDocument) -> ec2.VPCEndpoint:
    return ec2.VPCEndpoint(
        title,
        VpcId=vpc,
        VpcEndpointType="Gateway",
        ServiceName=_service_name(thing),
        RouteTableIds=route_tables,
        PolicyDocument=policy,
    )


def interface_endpoint(title: str, thing: str, vpc: Any, placement: tuple[list[Any], Any], policy: PolicyDocument) -> ec2.VPCEndpoint:
    """``placement``: the subnets, and the security group that lets the functions in."""
    subnets, security_group = placement
    return ec2.VPCEndpoint(
        title,
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName=_service_name(thing),
        SubnetIds=subnets,
        SecurityGroupIds=[security_group],
        PrivateDnsEnabled=True,
        PolicyDocument=policy,
    )


def _service_name(thing: str) -> Sub:
    return Sub(f"com.amazonaws.${{AWS::Region}}.{thing}")


def _policy(actions: Sequence[Action], resources: list[Any], status: Sequence[Action] = ()) -> PolicyDocument:
    """Any principal of this account: who may do what stands in the identities' policies, this is the outer wall.

    ``status``: actions that know no resource.
    """
    own = _of_this_account("ThisAccount", actions, resources)
    return statements.document(own, *([_of_this_account("Status", status, ["*"])] if status else []))


def _of_this_account(sid: str, actions: Sequence[Action], resources: list[Any]) -> Statement:
    return Statement(
        Sid=sid,
        Effect=Allow,
        Principal=Principal("*"),
        Action=list(actions),
        Resource=resources,
        Condition=Condition(StringEquals("aws:PrincipalAccount", AccountId)),
    )
