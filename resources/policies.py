"""Managed policies within IAM's limits: statements are packed into as few policies as hold them, in order.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 6,144 characters without white space a
policy, and ten policies a role.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from awacs.aws import Action, Condition, ConditionElement, Deny, Principal, Statement
from troposphere import encode_to_dict
from troposphere.iam import ManagedPolicy

from env.regions import PARTITIONS
from resources import statements
from resources.naming import bucket_pattern, global_name, global_pattern

if TYPE_CHECKING:
    from env.model import AnyEnvironment

MOST_CHARACTERS = 6_144
MOST_POLICIES = 10
ROOM = MOST_CHARACTERS - len('{"Version":"2012-10-17","Statement":[]}')


class TooLongError(ValueError):
    """A policy, or all policies of a role, that IAM would refuse."""


def managed_policy(env: AnyEnvironment, title: str, thing: str, permissions: Iterable[Statement]) -> ManagedPolicy:
    """One of bootstrap's own policies. Raises TooLongError."""
    (policy, *more) = managed_policies(env, title, thing, permissions)
    if more:
        raise TooLongError(f"policy {title} is longer than the {MOST_CHARACTERS:,} characters that IAM takes")
    return policy


def managed_policies(env: AnyEnvironment, title: str, thing: str, permissions: Iterable[Statement]) -> list[ManagedPolicy]:
    """As many as it takes: ``Title``, ``Title2`` and so on. Raises TooLongError for a statement that fits into none."""
    return [_policy(env, title + number, thing + number, part) for number, part in packed(env, title, permissions)]


def packed(env: AnyEnvironment, title: str, permissions: Iterable[Statement]) -> list[tuple[str, list[Statement]]]:
    """Statements by policy, each with its number: none for the first, then 2, 3. Raises TooLongError."""
    parts: list[list[Statement]] = [[]]
    room = ROOM
    for statement in permissions:
        used = size(env, statement)
        if used > ROOM:
            raise TooLongError(f"statement {statement.Sid} of policy {title}: {used:,} characters; a policy has room for {ROOM:,}")
        if used > room:
            parts.append([])
            room = ROOM
        parts[-1].append(statement)
        room -= used
    numbers = ["", *map(str, range(2, len(parts) + 1))]
    return list(zip(numbers, parts, strict=True))


def _policy(env: AnyEnvironment, title: str, thing: str, permissions: Sequence[Statement]) -> ManagedPolicy:
    return ManagedPolicy(
        title, ManagedPolicyName=global_name(env, f"bootstrap-{thing}", "policy"), PolicyDocument=statements.document(*permissions)
    )


def deny(sid: str, actions: Iterable[Action], resources: Iterable[Any], *conditions: ConditionElement) -> Statement:
    """An identity's denial."""
    when = {"Condition": Condition(list(conditions))} if conditions else {}
    return Statement(Sid=sid, Effect=Deny, Action=list(actions), Resource=list(resources), **when)


def deny_everybody(sid: str, actions: Iterable[Action], resources: Iterable[Any], *conditions: ConditionElement) -> Statement:
    """A resource policy's denial."""
    denied = deny(sid, actions, resources, *conditions)
    denied.Principal = Principal("*")
    return denied


def size(env: AnyEnvironment, statement: Statement | dict[str, Any]) -> int:
    """Characters as IAM counts them once CloudFormation has put the place in, with the comma behind."""
    return len("".join(json.dumps(rendered(env, encode_to_dict(statement)), separators=(",", ":")).split())) + 1


def rendered(env: AnyEnvironment, value: Any, region: str | None = None) -> Any:
    """A piece of a template as it is in the environment's account, in the longer of its regions or in the one asked for."""
    region = region or max(env.region, env.disaster_recovery.region if env.disaster_recovery else "", key=len)
    partition = PARTITIONS[region]
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    place = {"AWS::AccountId": env.account, "AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": suffix}
    # What bootstrap's policies call by its logical id: the artifact bucket (resources/artifacts.py), its boundary and roles (resources/roles.py).
    named = {
        "ArtifactBucket.Arn": f"s3:::{bucket_pattern(env, 'artifacts')}",
        "Boundary": f"iam::{env.account}:policy/{global_pattern(env, 'boundary', 'policy')}",
    }
    for thing in ("publish", "deploy", "execution", "gc"):
        named[f"{thing.capitalize()}Role.Arn"] = f"iam::{env.account}:role/{global_pattern(env, thing, 'role')}"
    return _filled(value, place | {key: _filled({"Fn::Sub": f"arn:{partition}:{arn}"}, place) for key, arn in named.items()})


def _filled(value: Any, place: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(item, place) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Ref"} and value["Ref"] in place:
        return place[value["Ref"]]
    if value.keys() == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        text = value["Fn::Sub"]
        for name, known in place.items():
            text = text.replace(f"${{{name}}}", known)
        return text
    return {key: _filled(item, place) for key, item in value.items()}
