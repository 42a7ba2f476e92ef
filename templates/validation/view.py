"""One environment as rules look at it: the flat copy, its resources by type, every statement of every policy in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from env.model import Environment
    from templates.build import Built

Properties = dict[str, Any]

# resource type -> (property with a policy document, what kind of policy it is)
_DOCUMENTS = {
    "AWS::ApiGateway::RestApi": ("Policy", "api"),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument", "endpoint"),
    "AWS::ECR::Repository": ("RepositoryPolicyText", "repository"),
    "AWS::Events::EventBusPolicy": ("Statement", "bus"),
    "AWS::IAM::GroupPolicy": ("PolicyDocument", "identity"),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", "identity"),
    "AWS::IAM::Policy": ("PolicyDocument", "identity"),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "trust"),
    "AWS::IAM::RolePolicy": ("PolicyDocument", "identity"),
    "AWS::IAM::UserPolicy": ("PolicyDocument", "identity"),
    "AWS::KMS::Key": ("KeyPolicy", "key"),
    "AWS::KMS::ReplicaKey": ("KeyPolicy", "key"),
    "AWS::S3::AccessPoint": ("Policy", "bucket"),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "bucket"),
    "AWS::SNS::TopicInlinePolicy": ("PolicyDocument", "topic"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "topic"),
    "AWS::SQS::QueueInlinePolicy": ("PolicyDocument", "queue"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "queue"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "secret"),
}
# Policies on a resource: they say who may come, and not what their holder may do.
RESOURCE_POLICIES = ("api", "bucket", "bus", "key", "queue", "repository", "secret", "topic")
# Operators that hold only where the key is present and has the value: not ...Not..., ...IfExists, ForAllValues or Null.
_BINDING = re.compile(r"^(ForAnyValue:)?(Arn(Equals|Like)|String(Equals(IgnoreCase)?|Like))$")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement, its parts as lists. ``principals`` are (kind, value) pairs; ``conditions`` are (operator, key, value)."""

    flat_id: str
    path: str
    kind: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    principals: tuple[tuple[str, Any], ...]
    conditions: tuple[tuple[str, str, Any], ...]
    keys: frozenset[str]

    def conditioned(self, *names: str) -> bool:
        """Whether a condition binds one of these keys: it fails where the key is absent, and does not take every value."""
        wanted = {name.lower() for name in names}
        return any(
            key.lower() in wanted and _BINDING.match(operator) is not None and not any(map(_anything, as_list(value)))
            for operator, key, value in self.conditions
        )

    def does(self, *names: str) -> tuple[str, ...]:
        """Which of these actions it speaks of, by name or pattern, without regard to case, as IAM compares them."""
        patterns = [action.lower() for action in self.actions]
        return tuple(name for name in names if any(fnmatchcase(name.lower(), pattern) for pattern in patterns))

    @property
    def everybody(self) -> bool:
        """Whether it is for anyone at all, known or not."""
        return any(text(value) == "*" for _, value in self.principals)

    @property
    def services(self) -> list[str]:
        """Service principals, as text."""
        return [text(value) for kind, value in self.principals if kind == "Service"]


@dataclass(frozen=True, kw_only=True)
class View:
    """``resources``: flat logical id -> resource, the root's own included; ``parameters``: (service, name) -> declaration in the nested templates."""

    env: Environment
    resources: dict[str, dict[str, Any]]
    parameters: dict[tuple[str, str], dict[str, Any]]

    @staticmethod
    def of(built: Built) -> View:
        parameters = {
            (service, name): declaration
            for service, document in built.templates.items()
            for name, declaration in document.get("Parameters", {}).items()
        }
        return View(env=built.env, resources={**built.templates["root"]["Resources"], **built.flat["Resources"]}, parameters=parameters)

    def of_type(self, *types: str) -> Iterator[tuple[str, Properties]]:
        """(flat logical id, properties) of every resource of these types."""
        for flat_id, resource in self.resources.items():
            if resource["Type"] in types:
                yield flat_id, resource.get("Properties", {})

    def properties(self, flat_id: str) -> Properties:
        properties: Properties = self.resources[flat_id].get("Properties", {})
        return properties

    def statements(self, *kinds: str) -> Iterator[Statement]:
        """Every policy statement, or those of some kinds: identity, trust, endpoint, or one of ``RESOURCE_POLICIES``."""
        for flat_id, resource in self.resources.items():
            properties = resource.get("Properties", {})
            found = _DOCUMENTS.get(resource["Type"])
            if found and found[0] in properties and (not kinds or found[1] in kinds):
                yield from _statements(flat_id, found[0], found[1], properties[found[0]])
            if resource["Type"] == "AWS::IAM::Role" and (not kinds or "identity" in kinds):
                for index, policy in enumerate(properties.get("Policies", [])):
                    yield from _statements(flat_id, f"Policies.{index}.PolicyDocument", "identity", policy["PolicyDocument"])

    def target(self, value: Any) -> str | None:
        """The flat logical id that a Ref or GetAtt leads to, through an alias or a version to the function behind it."""
        found = _direct(value)
        return found if found in self.resources else None

    def function(self, value: Any) -> str | None:
        """The function that a reference to it, to its version or to its alias means."""
        target = self.target(value)
        while target and self.resources[target]["Type"] in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            target = self.target(self.properties(target).get("FunctionName"))
        return target if target and self.resources[target]["Type"] == "AWS::Lambda::Function" else None


def text(value: Any) -> str:
    """A value as text: literals, the text of a Sub or Join, ``${Id}`` for a reference."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Fn::Sub":
            return argument if isinstance(argument, str) else str(argument[0])
        if name == "Fn::Join":
            return str(argument[0]).join(text(part) for part in argument[1])
        if name == "Ref":
            return f"${{{argument}}}"
        if name == "Fn::GetAtt":
            return f"${{{'.'.join(argument) if isinstance(argument, list) else argument}}}"
    return str(value)


def own_key(value: Any) -> bool:
    """Whether a property names a customer managed key, and not the one that AWS manages for the service."""
    return bool(value) and isinstance(value, (dict, str)) and "alias/aws/" not in text(value)


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, text) of every literal text below a value, keys left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}.{index}")
    elif isinstance(value, str):
        yield path, value


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _anything(value: Any) -> bool:
    """``*``, or an ARN of nothing but wildcards."""
    return isinstance(value, str) and not value.lower().removeprefix("arn:").strip("*?:")


def _direct(value: Any) -> str | None:
    if isinstance(value, dict) and "Ref" in value:
        return str(value["Ref"])
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        argument = value["Fn::GetAtt"]
        return str(argument.split(".")[0] if isinstance(argument, str) else argument[0])
    return None


def _statements(flat_id: str, path: str, kind: str, document: Any) -> Iterator[Statement]:
    # AWS::Events::EventBusPolicy holds one statement and no document around it.
    for index, raw in enumerate(as_list(document.get("Statement", document))):
        principal = raw.get("Principal", {})
        pairs = (
            [("AWS", principal)]
            if isinstance(principal, str)
            else [(key, item) for key, items in principal.items() for item in as_list(items)]
        )
        conditions = [(operator, key, value) for operator, keys in raw.get("Condition", {}).items() for key, value in keys.items()]
        yield Statement(
            flat_id=flat_id,
            path=f"{path}.Statement.{index}",
            kind=kind,
            allows=raw.get("Effect") == "Allow",
            actions=tuple(map(text, as_list(raw.get("Action")))),
            resources=tuple(as_list(raw.get("Resource"))),
            principals=tuple(pairs),
            conditions=tuple(conditions),
            keys=frozenset(raw),
        )
