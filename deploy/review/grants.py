"""Where policies stand: in any property of any type that looks like a policy, and in the types that are one in other words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.review.expressions import canonical, text
from deploy.review.policies import Statement, statement, statements
from deploy.structure import function

# (type, property) -> what its statements are for. Whatever else looks like a policy is one as well.
FLAVOURS = {
    ("AWS::ApiGateway::RestApi", "Policy"): "resource policy",
    ("AWS::EC2::VPCEndpoint", "PolicyDocument"): "endpoint policy",
    ("AWS::ECR::Repository", "RepositoryPolicyText"): "resource policy",
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"): "trust",
    ("AWS::KMS::Key", "KeyPolicy"): "key policy",
    ("AWS::KMS::ReplicaKey", "KeyPolicy"): "key policy",
    ("AWS::Lambda::Permission", ""): "permission",
    ("AWS::Lambda::LayerVersionPermission", ""): "permission",
    ("AWS::Events::EventBusPolicy", "Statement"): "resource policy",
    ("AWS::Organizations::Policy", "Content"): "organization policy",
    ("AWS::S3::BucketPolicy", "PolicyDocument"): "resource policy",
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"): "resource policy",
    ("AWS::SNS::TopicPolicy", "PolicyDocument"): "resource policy",
    ("AWS::SQS::QueuePolicy", "PolicyDocument"): "resource policy",
    ("AWS::Logs::ResourcePolicy", "PolicyDocument"): "resource policy",
}

# Policies that hang on other resources of the template: with these gone, what they denied is gone as well.
HOLDERS = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
    "AWS::Lambda::Permission": "FunctionName",
}

# Lists of policies by ARN, and what limits what a role may do, wherever it stands.
ATTACHED = ("ManagedPolicyArns", "ManagedPolicies", "CustomerManagedPolicyReferences")
BOUNDARY = "PermissionsBoundary"

# Whom a policy, or a membership, is for; and the role that a resource works as, wherever it stands.
FOR_WHOM = {
    "AWS::IAM::InstanceProfile": ("Roles",),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::User": ("Groups",),
    "AWS::IAM::UserToGroupAddition": ("Users", "GroupName"),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SNS::TopicPolicy": ("Topics",),
    "AWS::SQS::QueuePolicy": ("Queues",),
}
WORKS_AS = ("Role", "RoleArn", "RoleARN", "TaskRoleArn", "ExecutionRoleArn", "ExecutionRole", "ServiceRole", "IamInstanceProfile")

# Without a policy of their own these let everything through (VPC and API Gateway user guides).
OPEN_WITHOUT = ("AWS::EC2::VPCEndpoint", "AWS::ApiGateway::RestApi")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One policy in one resource. ``where``: a JSON pointer below the resource, or a name where policies have one."""

    where: str
    flavour: str
    statements: tuple[Statement, ...]


def policies(kind: str, definition: Mapping[str, Any] | None) -> tuple[Policy, ...]:
    """All policies of a resource that is written out."""
    properties = (definition or {}).get("Properties")
    if not isinstance(properties, Mapping):
        return ()
    if kind in ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission"):
        return (Policy(where="", flavour="permission", statements=(_permission(properties),)),)
    if kind == "AWS::Events::EventBusPolicy" and "Statement" in properties:
        return (Policy(where="/Statement", flavour="resource policy", statements=statements({"Statement": properties["Statement"]})),)
    return tuple(_found(kind, properties, ""))


def attached(definition: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Names of the managed policies of a role, user, group or permission set."""
    return _texts(definition, ATTACHED)


def for_whom(kind: str, definition: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Names of those whom a policy or a membership is for."""
    return _texts(definition, FOR_WHOM.get(kind, ()))


def works_as(definition: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Names of the roles that a resource works as."""
    return _texts(definition, WORKS_AS)


def _texts(definition: Mapping[str, Any] | None, names: Iterable[str]) -> tuple[str, ...]:
    properties = (definition or {}).get("Properties")
    found = [properties.get(name) for name in names] if isinstance(properties, Mapping) else []
    return tuple(text(item) for value in found for item in (value if isinstance(value, list) else [value]) if item is not None)


def boundary(definition: Mapping[str, Any] | None) -> str:
    properties = (definition or {}).get("Properties")
    value = properties.get(BOUNDARY) if isinstance(properties, Mapping) else None
    return "" if value is None else text(value)


def _found(kind: str, value: Any, where: str) -> Iterator[Policy]:
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, Mapping):
        if _looks_like_policy(value):
            top = where.split("/")[1] if where else ""
            yield Policy(where=where, flavour=FLAVOURS.get((kind, top), "policy"), statements=statements(value))
            return
        if function(value):
            # Both sides of a choice may come true; each is told apart by where it stands.
            value = dict(enumerate(value["Fn::If"][1:])) if "Fn::If" in value and isinstance(value["Fn::If"], list) else {}
        for key in sorted(value, key=str):
            yield from _found(kind, value[key], f"{where}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            name = text(item["PolicyName"]) if isinstance(item, Mapping) and "PolicyName" in item else str(index)
            yield from _found(kind, item, f"{where}/{name}")


def _looks_like_policy(value: Mapping[str, Any]) -> bool:
    found = value.get("Statement")
    many = found if isinstance(found, list) else [found]
    shaped = any(isinstance(one, Mapping) and ("Effect" in one or bool(function(one))) for one in many)
    return "Statement" in value and (shaped or isinstance(value.get("Version"), str))


def _parsed(value: str) -> Any:
    """A policy that stands in a text (CloudWatch Logs, Organizations, ECR) is one all the same."""
    if '"Statement"' not in value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        return {"Statement": [{"Fn::Text": canonical(value)}]}


def _permission(properties: Mapping[str, Any]) -> Statement:
    """A permission to call a function, as the statement that Lambda makes of it (API reference, AddPermission)."""
    principal = properties.get("Principal", "*")
    named = text(principal)
    kind = "Service" if named.endswith((".amazonaws.com", ".amazonaws.com.cn")) else "AWS"
    conditions: dict[str, dict[str, Any]] = {}
    for name, operator, key in _PERMISSION_CONDITIONS:
        if name in properties:
            conditions.setdefault(operator, {})[key] = properties[name]
    return statement(
        {
            "Effect": "Allow",
            "Principal": "*" if named == "*" else {kind: principal},
            "Action": properties.get("Action", "*"),
            "Resource": properties.get("FunctionName", properties.get("LayerVersionArn", "*")),
            **({"Condition": conditions} if conditions else {}),
        }
    )


_PERMISSION_CONDITIONS = (
    ("SourceArn", "ArnLike", "aws:SourceArn"),
    ("SourceAccount", "StringEquals", "aws:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("OrganizationId", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)
