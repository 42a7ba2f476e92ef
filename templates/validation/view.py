"""One environment as rules look at it: the flat copy, its resources by type, every statement of every policy in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from env.model import Environment
    from templates.build import AnyBuilt

Properties = dict[str, Any]

# resource type -> (property with a policy document, what kind of policy it is); ``*`` stands for every item of a list
_DOCUMENTS = {
    "AWS::ApiGateway::RestApi": ("Policy", "api"),
    "AWS::Backup::BackupVault": ("AccessPolicy", "vault"),
    "AWS::DynamoDB::GlobalTable": ("Replicas.*.ResourcePolicy.PolicyDocument", "table"),
    "AWS::DynamoDB::Table": ("ResourcePolicy.PolicyDocument", "table"),
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
    "AWS::Logs::ResourcePolicy": ("PolicyDocument", "logs"),
    "AWS::S3::AccessPoint": ("Policy", "bucket"),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "bucket"),
    "AWS::SNS::TopicInlinePolicy": ("PolicyDocument", "topic"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "topic"),
    "AWS::SQS::QueueInlinePolicy": ("PolicyDocument", "queue"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "queue"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "secret"),
}
# Policies on a resource: they say who may come, and not what their holder may do.
RESOURCE_POLICIES = ("api", "bucket", "bus", "key", "logs", "queue", "repository", "secret", "table", "topic", "vault")
# Templates that are made in another account than their environment's, or in another region of it.
ABROAD = ("artifacts", "target")
_WITH_INLINE = ("AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User")
# Operators that hold only where the key is present and has the value: not ...Not..., ...IfExists, ForAllValues or Null.
_BINDING = re.compile(r"^(ForAnyValue:)?(Arn(Equals|Like)|String(Equals(IgnoreCase)?|Like))$")
# What these keys name is one thing: with a wildcard in it, it is several that nobody thought of.
_EXACT = frozenset(
    {
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "iam:passedtoservice",
        "kms:calleraccount",
        "sts:externalid",
    }
)
# A reference, to a resource itself or to what is behind it: ``${Worker}``, ``${Worker.Arn}``, ``${Worker}:live``.
_REFERENCE = re.compile(r"^\$\{([A-Za-z0-9]+)(\.[A-Za-z.]+)?\}(:[A-Za-z0-9$_-]+)?$")
_ACCOUNT = re.compile(r"(^|:iam::)(\$\{AWS::AccountId\}|[0-9]{12})(:root)?$")
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


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
            key.lower() in wanted and _BINDING.match(operator) is not None and not any(anything(item, key) for item in as_list(value))
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
    def accounts(self) -> list[str]:
        """Accounts let in as a whole, by their id or their root: ``${AWS::AccountId}`` for the template's own."""
        found = (_ACCOUNT.search(text(value)) for kind, value in self.principals if kind == "AWS")
        return [match.group(2) for match in found if match]

    @property
    def services(self) -> list[str]:
        """Service principals, as text."""
        return [text(value) for kind, value in self.principals if kind == "Service"]


@dataclass(frozen=True, kw_only=True)
class View:
    """The resources of the flat copy, and what of the nested templates is not in it.

    ``resources``: flat logical id -> resource, the root's own included; ``parameters`` and ``outputs``: (service, name)
    -> declaration in the nested templates; ``abroad``: the flat logical ids of what is made in another account or region.
    """

    env: Environment
    resources: dict[str, dict[str, Any]]
    parameters: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    abroad: frozenset[str] = frozenset()
    outputs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @staticmethod
    def of(built: AnyBuilt) -> View:
        return View(
            # The tools account has no settings of services: a rule that asks for one, where it finds such a thing there, says that it cannot judge.
            env=cast("Environment", built.env),
            resources={**built.templates["root"]["Resources"], **built.flat["Resources"]},
            parameters=_declared(built, "Parameters"),
            abroad=frozenset(flat_id for flat_id, (service, _) in built.names.items() if service in ABROAD),
            outputs=_declared(built, "Outputs"),
        )

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
            if found and (not kinds or found[1] in kinds):
                for path, document in _below(properties, found[0].split(".")):
                    yield from _statements(flat_id, path, found[1], document)
            if resource["Type"] in _WITH_INLINE and (not kinds or "identity" in kinds):
                for index, policy in enumerate(properties.get("Policies", [])):
                    yield from _statements(flat_id, f"Policies.{index}.PolicyDocument", "identity", policy["PolicyDocument"])

    def literals(self) -> Iterator[tuple[str, str, str, tuple[str, str] | None]]:
        """(flat logical id, path, text, (service, name) of an output) of every literal text of resources and outputs."""
        for flat_id, resource in self.resources.items():
            for name, value in resource.items():
                if name not in ("DependsOn", "Type"):
                    yield from ((flat_id, path, literal, None) for path, literal in texts(value, "" if name == "Properties" else name))
        for place, output in self.outputs.items():
            yield from (("", path, literal, place) for path, literal in texts(output.get("Value"), "Value"))

    def target(self, value: Any) -> str | None:
        """The flat logical id that a Ref, a GetAtt or a text of nothing but one of these leads to."""
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
            return argument if isinstance(argument, str) else _filled(*argument)
        if name == "Fn::Join":
            return str(argument[0]).join(text(part) for part in argument[1])
        if name == "Ref":
            return f"${{{argument}}}"
        if name == "Fn::GetAtt":
            return f"${{{'.'.join(argument) if isinstance(argument, list) else argument}}}"
    return str(value)


def _filled(template: str, variables: dict[str, Any]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: text(variables.get(match.group(1), match.group())), template)


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
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path, str(value)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def anything(value: Any, key: str = "") -> bool:
    """Whether a condition's value takes what nobody named: ``*``, an ARN of any account, a part of an exact key."""
    if not isinstance(value, (str, dict)):
        return False
    literal = _PLACEHOLDER.sub("x", text(value))
    parts = literal.split(":")
    of_any_account = literal.startswith("arn:") and len(parts) > 4 and bool(parts[4]) and not parts[4].strip("*?")
    part_of_exact = key.lower() in _EXACT and any(sign in literal for sign in "*?")
    return of_any_account or part_of_exact or not literal.lower().removeprefix("arn:").strip("*?:")


def _declared(built: AnyBuilt, section: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (service, name): declaration
        for service, document in built.templates.items()
        for name, declaration in document.get(section, {}).items()
    }


def _below(value: Any, parts: list[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything at the end of ``parts``."""
    if not parts:
        yield path, value
    elif parts[0] == "*":
        for index, item in enumerate(value):
            yield from _below(item, parts[1:], f"{path}.{index}")
    elif parts[0] in value:
        yield from _below(value[parts[0]], parts[1:], f"{path}.{parts[0]}" if path else parts[0])


def _direct(value: Any) -> str | None:
    found = _REFERENCE.match(text(value)) if isinstance(value, dict) else None
    return found.group(1) if found else None


def _statements(flat_id: str, path: str, kind: str, given: Any) -> Iterator[Statement]:
    # AWS::Logs::ResourcePolicy takes its document as JSON text; AWS::Events::EventBusPolicy one statement without a document.
    document = given if isinstance(given, dict) and not given.keys() & {"Fn::Join", "Fn::Sub"} else json.loads(text(given))
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
