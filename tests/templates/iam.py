"""A small evaluator of IAM policies, after IAM's own logic: an explicit denial, then an allowance in every kind of policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. It knows the operators that the
templates use and raises at any other one, so that nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from resources.policies import rendered
from templates.build import AnyBuilt

Document = dict[str, Any]
Context = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A role: the statements of its own policies, those of its boundary, and what every request of it carries."""

    arn: str
    identity: tuple[Document, ...]
    boundary: tuple[Document, ...]
    context: dict[str, Any] = field(default_factory=dict)

    def may(self, action: str, resource: str, **context: Any) -> bool:
        """Whether the account's policies let it. ``context`` holds condition keys, written as ``iam__PassedToService``."""
        return self.can(action, resource, {key.replace("__", ":"): value for key, value in context.items()})

    def can(self, action: str, resource: str, context: Context) -> bool:
        known = {**self.context, "aws:PrincipalArn": self.arn, **context}
        both = (*self.identity, *self.boundary)
        if any(holds(statement, action, resource, known) for statement in both if statement["Effect"] == "Deny"):
            return False
        return all(
            any(holds(statement, action, resource, known) for statement in part if statement["Effect"] == "Allow")
            for part in (self.identity, self.boundary)
        )


@dataclass(frozen=True, kw_only=True)
class Account:
    """The bootstrap templates of one region as they stand in an environment's account; ``built.env``: as that region has it."""

    built: AnyBuilt
    template: Document

    @staticmethod
    def of(built: AnyBuilt, *, second: bool = False) -> Account:
        part = next(part for part in built.parts if part.bootstraps and part.bootstrap.startswith("replica") == second)
        documents = [built.bootstraps[name].document for name in part.bootstraps]
        resources = {title: resource for document in documents for title, resource in document["Resources"].items()}
        template = rendered(part.env, {**documents[0], "Resources": resources}, part.env.region)
        return Account(built=replace(built, env=part.env), template=template)

    def properties(self, logical_id: str) -> Document:
        found: Document = self.template["Resources"][logical_id]["Properties"]
        return found

    def statements(self, logical_id: str) -> tuple[Document, ...]:
        return tuple(self.properties(logical_id)["PolicyDocument"]["Statement"])

    def role(self, thing: str) -> Principal:
        """One of the deployment's roles."""
        properties = self.properties(f"{thing.capitalize()}Role")
        later = [title for title in self.template["Resources"] if properties["RoleName"] in self._hangs_on(title)]
        own = [policy["Ref"] for policy in properties["ManagedPolicyArns"]]
        identity = [statement for policy in (*own, *later) for statement in self.statements(policy)]
        return self._principal(properties["RoleName"], identity, properties["PermissionsBoundary"]["Ref"])

    def _hangs_on(self, logical_id: str) -> list[str]:
        found: list[str] = self.properties(logical_id).get("Roles", [])
        return found

    def made_role(self, thing: str, identity: Iterable[Document] = ()) -> Principal:
        """A role that a template makes; without ``identity`` its own policies allow everything, and only the boundary holds."""
        everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        return self._principal(self.name(thing), list(identity) or everything, "Boundary")

    def name(self, thing: str) -> str:
        env = self.built.env
        return f"{env.project}-{thing}-{env.region}-{env.name}"

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.built.env.region}:{self.built.env.account}:{resource}"

    def iam(self, resource: str) -> str:
        return f"arn:aws:iam::{self.built.env.account}:{resource}"

    def own_tags(self, service: str = "data") -> dict[str, str]:
        env = self.built.env
        return {
            f"aws:ResourceTag/{key}": value for key, value in (("Environment", env.name), ("Project", env.project), ("Service", service))
        }

    def _principal(self, name: str, identity: list[Document], boundary: str) -> Principal:
        return Principal(
            arn=self.iam(f"role/{name}"),
            identity=tuple(identity),
            boundary=self.statements(boundary),
            context={"aws:RequestedRegion": self.built.env.region},
        )


def denied(statements: Iterable[Document], action: str, resource: str, context: Context) -> bool:
    """Whether a resource's own policy refuses the request whatever else allows it."""
    return any(holds(statement, action, resource, context) for statement in statements if statement["Effect"] == "Deny")


def holds(statement: Document, action: str, resource: str, context: Context) -> bool:
    """Whether a statement speaks of this request."""
    if statement.keys() & {"NotAction", "NotResource", "NotPrincipal"}:
        raise ValueError(f"statement {statement} says what it leaves out: not known here")
    return (
        any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(of_arn(pattern, resource) for pattern in listed(statement["Resource"]))
        and all(
            _condition(operator, key, listed(wanted), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def of_arn(pattern: str, arn: str) -> bool:
    """ARNs are compared part by part: a wildcard does not reach over a colon but in the last part."""
    if pattern == "*":
        return True
    one, other = pattern.split(":", 5), arn.split(":", 5)
    return len(one) == len(other) and all(matches(*pair) for pair in zip(one, other, strict=True))


def matches(pattern: str, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


def _condition(operator: str, key: str, wanted: list[Any], context: Context) -> bool:
    found = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if operator == "Null":
        return (found is None) == (str(wanted[0]).lower() == "true")
    name, optional = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    compare, negated = _OPERATORS[name]
    if found is None:
        return optional or negated
    same = any(compare(str(want), str(value)) for want in wanted for value in listed(found))
    return same is not negated


_OPERATORS: dict[str, tuple[Any, bool]] = {
    "ArnEquals": (of_arn, False),
    "ArnLike": (of_arn, False),
    "ArnNotEquals": (of_arn, True),
    "ArnNotLike": (of_arn, True),
    "Bool": (lambda want, value: want.lower() == value.lower(), False),
    "StringEquals": (lambda want, value: want == value, False),
    "StringLike": (matches, False),
    "StringNotEquals": (lambda want, value: want == value, True),
}
