"""Customer managed keys: data, logs and messaging, each with a policy that names its users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import kms
from awacs.aws import ArnLike, Bool, Statement, StringEquals
from troposphere import GetAtt, Sub

from resources import statements
from resources.deployment import checked_services
from resources.keys import USE, key_with_alias
from resources.naming import log_group_patterns
from resources.roles import role_arn
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment


def build(env: Environment) -> Service:
    service = Service("keys", env, "Customer managed keys for data, logs and messages")
    for title, thing, description, users in (
        ("DataKey", "data", "Objects, items and function environments", _data_users(env)),
        ("LogsKey", "logs", "Log groups", _logs_users(env)),
        ("MessagingKey", "messaging", "Queues and topics", _messaging_users(env)),
    ):
        key, alias = key_with_alias(env, title, thing, f"{description} of {env.project} {env.name}", users)
        service.add(key, alias)
        service.gives(f"{title}Arn", GetAtt(key, "Arn"), f"ARN of the key for {description.lower()}")
    return service


def _data_users(env: Environment) -> list[Statement]:
    functions = [role_arn(env, thing) for thing in ("api", "drift", "worker")]
    via = [Sub(f"{name}.${{AWS::Region}}.${{AWS::URLSuffix}}") for name in ("dynamodb", "lambda", "s3")]
    execution = [role_arn(env, "execution")]
    if env.disaster_recovery:
        # The first region's table makes its copy in the second one, with this role, and the key there.
        execution.append(role_arn(env, "execution", env.disaster_recovery.region))
    return [
        statements.allow_roles("Functions", functions, USE, StringEquals("kms:ViaService", via)),
        statements.allow_roles("Deployment", execution, USE, StringEquals("kms:ViaService", via)),
        statements.allow_roles("Grants", execution, [kms.CreateGrant], Bool("kms:GrantIsForAWSResource", "true")),
        *(_replication(env, env.disaster_recovery.region) if env.disaster_recovery else []),
        *_verification(env, "dynamodb", "s3"),
    ]


def _replication(env: Environment, other: str) -> list[Statement]:
    """S3 reads here with this region's role, and writes here with the other one's."""
    return [
        statements.allow_roles("Replication", [role_arn(env, "replication")], [kms.Decrypt]),
        statements.allow_roles("Replicas", [role_arn(env, "replication", other)], [kms.Encrypt]),
    ]


def _logs_users(env: Environment) -> list[Statement]:
    """CloudWatch Logs, for this environment's groups alone: it sends the group's ARN as the encryption context."""
    groups = [statements.arn(f"logs:log-group:{pattern}") for pattern in log_group_patterns(env)]
    return [
        statements.allow_service(
            "Logs",
            Sub("logs.${AWS::Region}.${AWS::URLSuffix}"),
            USE,
            ["*"],
            ArnLike("kms:EncryptionContext:aws:logs:arn", groups),
        )
    ]


def _messaging_users(env: Environment) -> list[Statement]:
    functions = [role_arn(env, thing) for thing in ("api", "drift", "worker")]
    via = [Sub(f"{name}.${{AWS::Region}}.${{AWS::URLSuffix}}") for name in ("sns", "sqs")]
    return [
        statements.allow_roles("Functions", functions, [kms.Decrypt, kms.GenerateDataKey], StringEquals("kms:ViaService", via)),
        statements.allow_service("Alarms", "cloudwatch.amazonaws.com", [kms.Decrypt, kms.GenerateDataKey], ["*"]),
        *_verification(env, "sqs"),
    ]


def _verification(env: Environment, *services: str) -> list[Statement]:
    """The deploy role, for the round trips of checks, and only where the environment has such checks (`resources/deployment.py`)."""
    via = [Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}") for service in services if service in checked_services(env)]
    use = [kms.Decrypt, kms.GenerateDataKey]
    return [statements.allow_roles("Verification", [role_arn(env, "deploy")], use, StringEquals("kms:ViaService", via))] if via else []
