"""Real change sets: the templates of dev with something changed, proposed to the local AWS and reviewed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from deploy import manifest
from deploy.aws.api import Api, Calls
from deploy.aws.stacks import Stacks
from deploy.changes import Review
from deploy.model import ChangeSet
from deploy.plan import Settings
from deploy.review import Subject, review
from env.model import Environment
from resources.tags import tags
from templates import root
from templates.build import Built, build, digest, encode
from templates.manifest import stack_policy
from tests.local.conftest import Aws

STACK = "tap-app-dev"
Templates = dict[str, dict[str, Any]]
_NAMES = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Dev on the local AWS, which no test executes anything on: change sets are made, read and left."""

    aws: Aws
    built: Built

    def review_of(self, values: Mapping[str, Any] | None = None, edit: Callable[[Templates], None] | None = None, **more: Any) -> Review:
        """What a release would do in which environment values, or the templates themselves, are other ones."""
        return review(self.subject(values, edit, **more))

    def subject(self, values: Mapping[str, Any] | None = None, edit: Callable[[Templates], None] | None = None, **more: Any) -> Subject:
        built = build(with_values(self.built.env, values or {}))
        templates = edited(built.templates, edit)
        after, before = by_path(templates), by_path(self.built.templates)
        return Subject(
            **{
                "stack": stack(built),
                "change_set": more["change_set"] if "change_set" in more else self.propose(templates),
                "before": before,
                "after": after,
                "services": {"": "root", **{root.title(service): service for service in built.services}},
                "settings_before": settings(self.built),
                "settings_after": settings(built),
                "values_before": plain_values(self.built.env),
                "values_after": plain_values(built.env),
                "places": {name: f"env/dev.yaml:{line}" for line, name in enumerate(values or {}, 13)},
                **more,
            }
        )

    def propose(self, templates: Templates, kind: str = "UPDATE") -> ChangeSet:
        """Publish, make the change set with nested ones, wait for every child, read all."""
        url = publish(self.aws, {name: encode(document) for name, document in templates.items()})
        client = self.aws.cloudformation
        made = client.create_change_set(
            StackName=STACK,
            ChangeSetName=f"review-{next(_NAMES)}",
            ChangeSetType=kind,
            TemplateURL=url,
            IncludeNestedStacks=True,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        return Stacks(api=Api(client, Calls())).settle(made["Id"], 60)


def edited(templates: Templates, edit: Callable[[Templates], None] | None) -> Templates:
    """A copy, changed, with the root naming its children's new digests."""
    copy: Templates = json.loads(json.dumps(templates))
    if edit is None:
        return copy
    edit(copy)
    for service, document in copy.items():
        if service != "root" and root.title(service) in copy["root"]["Resources"]:
            url = copy["root"]["Resources"][root.title(service)]["Properties"]["TemplateURL"]
            url["Fn::Sub"] = f"{url['Fn::Sub'].rpartition('/')[0]}/{digest(encode(document))}.json"
    return copy


def by_path(templates: Templates) -> Templates:
    return {"" if service == "root" else root.title(service): document for service, document in templates.items()}


def publish(aws: Aws, encoded: Mapping[str, bytes]) -> str:
    bucket = f"tap-artifacts-{aws.account}-us-east-1-dev"
    for data in encoded.values():
        aws.client("s3").put_object(Bucket=bucket, Key=f"templates/{digest(data)}.json", Body=data)
    return f"https://s3.us-east-1.amazonaws.com/{bucket}/templates/{digest(encoded['root'])}.json"


def with_values(env: Environment, values: Mapping[str, Any]) -> Environment:
    plain = msgspec.json.decode(msgspec.json.encode(env))
    for name, value in values.items():
        *parents, last = name.split(".")
        place = plain
        for part in parents:
            place = place[part]
        place[last] = value
    return msgspec.convert(plain, Environment)


def plain_values(env: Environment) -> dict[str, Any]:
    """Dotted path -> value."""

    def walk(value: Any, path: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return {key: item for name, inner in value.items() for key, item in walk(inner, f"{path}.{name}" if path else name).items()}
        return {path: value}

    return walk(msgspec.json.decode(msgspec.json.encode(env)), "")


def settings(built: Built, **more: Any) -> Settings:
    values: dict[str, Any] = {
        "templates": {},
        "parameters": {},
        "tags": tags(built.env),
        "role": "",
        "capabilities": ("CAPABILITY_NAMED_IAM",),
        "triggers": (),
        "monitoring_minutes": built.env.guard.monitoring_minutes,
        "policy": stack_policy(built),
        "termination_protection": built.env.termination_protection,
    }
    return Settings(**{**values, **more})


def stack(built: Built) -> manifest.Stack:
    return manifest.Stack(
        name=STACK,
        region="us-east-1",
        root="root",
        services=built.services,
        capabilities=("CAPABILITY_NAMED_IAM",),
        termination_protection=built.env.termination_protection,
        policy=stack_policy(built),
        guard=manifest.Guard(triggers=(), monitoring_minutes=built.env.guard.monitoring_minutes),
    )
