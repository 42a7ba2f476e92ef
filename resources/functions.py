"""Lambda functions: in the VPC, traced, logging JSON, with a failure destination, a version and an alias to speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from awacs import ec2, logs, sqs, xray
from awacs.aws import Statement
from troposphere import GetAtt, Ref
from troposphere import awslambda as lambda_

from resources import statements
from resources.assets import Asset, asset_key, snapshot
from resources.naming import bucket_name, log_group_name, name

if TYPE_CHECKING:
    from env.model import Environment, Queue

ALIAS = "live"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all functions of an environment share: where they run, what encrypts them, where failures go."""

    env: Environment
    subnets: Any
    security_group: Any
    key_arn: Any
    failures_arn: Any
    role_arn: Any


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one function does: its thing in names, its code, its time in seconds, how many at once, what it is told."""

    thing: str
    asset: Asset
    timeout: int
    concurrency: int
    variables: dict[str, Any]


def function(title: str, work: Work, around: Surroundings) -> lambda_.Function:
    """The function; its log group carries :func:`resources.naming.log_group_name`."""
    env = around.env
    made = lambda_.Function(
        title,
        FunctionName=name(env, work.thing, "function"),
        Runtime=env.functions.runtime,
        Architectures=[env.functions.architecture],
        Handler="handler.handler",
        Code=lambda_.Code(S3Bucket=bucket_name(env, "artifacts"), S3Key=asset_key(work.asset.sha256)),
        MemorySize=env.functions.memory,
        Timeout=work.timeout,
        ReservedConcurrentExecutions=work.concurrency,
        Role=around.role_arn,
        KmsKeyArn=around.key_arn,
        TracingConfig=lambda_.TracingConfig(Mode="Active"),
        DeadLetterConfig=lambda_.DeadLetterConfig(TargetArn=around.failures_arn),
        VpcConfig=lambda_.VPCConfig(SubnetIds=around.subnets, SecurityGroupIds=[around.security_group]),
        Environment=lambda_.Environment(Variables=dict(sorted(work.variables.items()))),
    )
    # Lambda filters JSON lines by their level too, at INFO unless told: the functions' own setting is to decide (R25).
    logging = {"ApplicationLogLevel": "DEBUG", "LogFormat": "JSON", "LogGroup": log_group_name(env, "lambda", work.thing)}
    return set_plain(made, "LoggingConfig", logging)


def queue_source(title: str, queue_arn: Any, alias: lambda_.Alias, settings: Queue) -> lambda_.EventSourceMapping:
    """A queue feeds a function; a message that fails returns alone, the rest of its batch is done."""
    source = lambda_.EventSourceMapping(
        title,
        EventSourceArn=queue_arn,
        FunctionName=Ref(alias),
        BatchSize=settings.batch_size,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    return set_plain(source, "ScalingConfig", {"MaximumConcurrency": settings.maximum_concurrency})


Made = TypeVar("Made", lambda_.Function, lambda_.EventSourceMapping)


def set_plain(resource: Made, name: str, value: dict[str, Any]) -> Made:
    """Set a property as a plain dict.

    troposphere 4.11.1 gives ``awslambda.LoggingConfig`` and ``awslambda.ScalingConfig`` other resources' classes of
    the same names, which do not know the properties needed here. A test fails as soon as that is mended.
    """
    resource.properties[name] = value
    return resource


def version_and_alias(made: lambda_.Function, work: Work) -> tuple[lambda_.Version, lambda_.Alias]:
    """A version of exactly this code and configuration, and the alias that all callers and alarms speak of.

    AWS::Lambda::Version is a snapshot: with an unchanged logical id CloudFormation would never publish a second one.
    """
    digest = snapshot(work.asset, *_configuration(made))
    version = lambda_.Version(f"{made.title}Version{digest}", FunctionName=Ref(made), DeletionPolicy="Delete", UpdateReplacePolicy="Delete")
    alias = lambda_.Alias(f"{made.title}Alias", Name=ALIAS, FunctionName=Ref(made), FunctionVersion=GetAtt(version, "Version"))
    return version, alias


def running_permissions(env: Environment, work_thing: str, failures_arn: Any) -> list[Statement]:
    """What every function needs to run at all: its log group, traces, a network interface, the failure queue."""
    group = statements.arn(f"logs:log-group:{log_group_name(env, 'lambda', work_thing)}:*")
    interfaces = [statements.arn(f"ec2:{kind}/*") for kind in ("network-interface", "security-group", "subnet")]
    return [
        statements.allow("Logs", [logs.CreateLogStream, logs.PutLogEvents], [group]),
        statements.allow("Failures", [sqs.SendMessage], [failures_arn]),
        statements.allow(
            "Interfaces",
            [ec2.AssignPrivateIpAddresses, ec2.CreateNetworkInterface, ec2.DeleteNetworkInterface, ec2.UnassignPrivateIpAddresses],
            interfaces,
        ),
        statements.allow_everywhere("Network", [ec2.DescribeNetworkInterfaces, ec2.DescribeSubnets]),
        statements.allow_everywhere("Traces", [xray.PutTelemetryRecords, xray.PutTraceSegments]),
    ]


def _configuration(made: lambda_.Function) -> list[str]:
    """Everything of the function that a published version freezes, as text: all properties but the tags added later."""
    import json

    from troposphere import encode_to_dict

    return [json.dumps(encode_to_dict(made.properties), sort_keys=True)]
