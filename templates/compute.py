"""The two functions: `api` answers HTTP, `worker` takes jobs from the queue; each with a role, a version and an alias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import dynamodb, kms, s3, sqs, ssm
from awacs.aws import ForAnyValueStringEquals, Statement, StringEquals, StringLike
from troposphere import GetAtt, Join, Ref, Sub
from troposphere import awslambda as lambda_

from env import settings
from resources import statements
from resources.assets import package
from resources.functions import Surroundings, Work, function, queue_source, running_permissions, version_and_alias
from resources.logs import log_group
from resources.naming import log_group_name, parameter_path
from resources.roles import role_with_policy
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment


def build(env: Environment) -> Service:
    service = Service("compute", env, "Functions: the API's and the worker's")
    api = Work(
        thing="api",
        asset=package("api"),
        timeout=env.functions.api_timeout,
        concurrency=env.functions.reserved_concurrency,
        variables={
            "BUCKET_NAME": service.needs("DataBucketName"),
            "QUEUE_URL": service.needs("JobsQueueUrl"),
            "TABLE_NAME": service.needs("TableName"),
            **configuration(env),
        },
    )
    worker = Work(
        thing="worker",
        asset=package("worker"),
        timeout=env.functions.worker_timeout,
        concurrency=env.functions.reserved_concurrency,
        variables={"TABLE_NAME": service.needs("TableName"), **configuration(env)},
    )
    add_function(service, "Api", api, _api_permissions(service))
    alias = add_function(service, "Worker", worker, _worker_permissions(service))
    service.add(queue_source("WorkerJobs", service.needs("JobsQueueArn"), alias, env.queue))
    return service


def configuration(env: Environment) -> dict[str, Any]:
    """What every function needs to find its runtime configuration (R25) and to say where it runs."""
    return {
        "CONFIG_CACHE_SECONDS": str(env.runtime.cache_seconds),
        "CONFIG_PATH": parameter_path(env, "config"),
        "CONFIG_SETTINGS": settings.encoded(env.runtime),
        "ENVIRONMENT": env.name,
        "LOG_LEVEL": env.functions.log_level,
    }


def add_function(service: Service, title: str, work: Work, permissions: list[Statement]) -> lambda_.Alias:
    """A function with all that belongs to it: log group, role, version, alias, outputs. Returns the alias."""
    env, failures = service.env, service.needs("FailuresQueueArn")
    group = log_group(
        f"{title}LogGroup",
        log_group_name(env, "lambda", work.thing),
        retention_days=env.logs.retention_days,
        key_arn=service.needs("LogsKeyArn"),
    )
    keys = [service.needs("DataKeyArn"), service.needs("MessagingKeyArn")]
    role, policy = role_with_policy(
        env,
        f"{title}Role",
        work.thing,
        statements.trust("lambda.amazonaws.com"),
        [*running_permissions(env, work.thing, failures), *_configuration_permissions(env), _keys(keys), *permissions],
    )
    around = Surroundings(
        env=env,
        subnets=service.needs("PrivateSubnetIds", type="CommaDelimitedList"),
        security_group=service.needs("FunctionSecurityGroupId"),
        key_arn=service.needs("DataKeyArn"),
        failures_arn=failures,
        role_arn=GetAtt(role, "Arn"),
    )
    made = function(f"{title}Function", work, around)
    # Lambda makes the group by itself at the first call, without key and end, unless it is there before.
    made.DependsOn = group.title
    version, alias = version_and_alias(made, work)
    service.add(group, policy, role, made, version, alias)
    service.gives(f"{title}FunctionName", Ref(made), f"Name of the function {work.thing}")
    service.gives(f"{title}FunctionArn", GetAtt(made, "Arn"), f"ARN of the function {work.thing}")
    service.gives(f"{title}FunctionAliasArn", Ref(alias), f"ARN of the alias that callers of {work.thing} use")
    return alias


def _configuration_permissions(env: Environment) -> list[Statement]:
    path = statements.arn(f"ssm:parameter{parameter_path(env, 'config')}")
    allowed = [statements.allow("Configuration", [ssm.GetParametersByPath], [path])]
    if any(setting.type == "secret" for setting in env.runtime.settings.values()):
        # Parameter Store decrypts for whoever reads, with the account's own key, and says for which parameter.
        key = ForAnyValueStringEquals("kms:ResourceAliases", "alias/aws/ssm")
        via = StringEquals("kms:ViaService", Sub("ssm.${AWS::Region}.${AWS::URLSuffix}"))
        what = StringLike("kms:EncryptionContext:PARAMETER_ARN", Join("", [path, "/set/*"]))
        allowed.append(statements.allow("Secrets", [kms.Decrypt], [statements.arn("kms:key/*")], key, via, what))
    return allowed


def _keys(keys: list[Any]) -> Statement:
    """Keys are used through the services that hold the data, never by the function itself."""
    via = [Sub(f"{name}.${{AWS::Region}}.${{AWS::URLSuffix}}") for name in ("dynamodb", "lambda", "s3", "sns", "sqs")]
    return statements.allow("Keys", [kms.Decrypt, kms.GenerateDataKey], keys, StringEquals("kms:ViaService", via))


def _api_permissions(service: Service) -> list[Statement]:
    table = service.needs("TableArn")
    return [
        statements.allow("Items", [dynamodb.GetItem, dynamodb.PutItem], [table]),
        statements.allow("Newest", [dynamodb.Query], [Join("/", [table, "index", "by-created"])]),
        statements.allow("Objects", [s3.PutObject], [Join("/", [service.needs("DataBucketArn"), "items", "*"])]),
        statements.allow("Jobs", [sqs.SendMessage], [service.needs("JobsQueueArn")]),
    ]


def _worker_permissions(service: Service) -> list[Statement]:
    return [
        statements.allow("Items", [dynamodb.UpdateItem], [service.needs("TableArn")]),
        statements.allow(
            "Jobs",
            [sqs.ChangeMessageVisibility, sqs.DeleteMessage, sqs.GetQueueAttributes, sqs.ReceiveMessage],
            [service.needs("JobsQueueArn")],
        ),
    ]
