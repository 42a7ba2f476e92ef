"""What a stack is to be, from the manifest and the build folder, in the same shape as what runs."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from deploy.account import Account
from deploy.deployed import Deployed
from deploy.errors import Invalid
from deploy.manifest import Stack
from deploy.model import NESTED, Trigger
from deploy.noun import Noun
from deploy.plan import Settings

Document = dict[str, Any]

# What CloudFormation reads anew at each update, so that equal templates may still change something.
_READ_ANEW = re.compile(r"\{\{resolve:|AWS::SSM::Parameter::Value|\"Fn::Transform\"|\"Transform\"")


ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


class Wanted(Noun, frozen=True, kw_only=True):
    """``templates`` and ``services`` by path, as in :class:`deploy.deployed.Deployed`."""

    stack: Stack
    templates: dict[str, Document]
    services: dict[str, str]
    settings: Settings


def wanted(account: Account, stack: Stack, triggers: tuple[Trigger, ...]) -> Wanted:
    """Raises:
    Invalid: the build folder lacks a template.
    """
    documents = {service: document(account, service) for service in account.templates(stack)}
    services = _paths(account, documents, stack.root)
    return Wanted(
        stack=stack,
        templates={path: documents[service] for path, service in services.items()},
        services=services,
        settings=Settings(
            templates=account.templates(stack),
            parameters={},
            tags=account.manifest.tags,
            role=account.execution_role,
            capabilities=stack.capabilities,
            triggers=triggers,
            monitoring_minutes=stack.guard.monitoring_minutes,
            policy=stack.policy,
            termination_protection=stack.termination_protection,
            retain_except_on_create=stack.retain_except_on_create,
        ),
    )


def alarm_names(goal: Wanted) -> frozenset[str]:
    """Of the alarms that the templates make under a name of their own."""
    resources = (resource for document in goal.templates.values() for resource in document.get("Resources", {}).values())
    found = (resource.get("Properties", {}).get("AlarmName") for resource in resources if resource.get("Type") in ALARMS)
    return frozenset(name for name in found if isinstance(name, str))


def watched(goal: Wanted, triggers: tuple[Trigger, ...]) -> Wanted:
    return msgspec.structs.replace(goal, settings=msgspec.structs.replace(goal.settings, triggers=triggers))


def settings_of(deployed: Deployed, services: dict[str, str], templates: dict[str, str]) -> Settings:
    """What runs, as settings; ``templates``: service -> digest, as the last release has them."""
    stack = deployed.stack
    return Settings(
        templates={service: templates.get(service, "") for service in services.values()},
        parameters=stack.parameters,
        tags=stack.tags,
        role=stack.role,
        capabilities=stack.capabilities,
        triggers=stack.triggers,
        monitoring_minutes=stack.monitoring_minutes,
        policy=deployed.policies[""],
        termination_protection=stack.termination_protection,
    )


def same_resources(wanted: Wanted, deployed: Deployed) -> bool:
    """True where CloudFormation would find nothing to do: templates, tags and role are as they are to be.

    Proven on the templates of every nested stack as CloudFormation keeps them. A change set would not tell: a root with nested
    stacks always has changes. Rollback triggers and monitoring time are no reason for one: they watch an operation, and each
    operation brings its own.
    """
    stack, settings = deployed.stack, wanted.settings
    return (
        stack.status.is_success
        and deployed.templates == wanted.templates
        and not any(_READ_ANEW.search(json.dumps(document)) for document in wanted.templates.values())
        and stack.tags == settings.tags
        and stack.role == settings.role
    )


def same_protection(wanted: Wanted, deployed: Deployed) -> bool:
    """True where neither a stack policy nor the termination protection has to be set."""
    policies = all(policy == wanted.settings.policy for policy in deployed.policies.values())
    return policies and deployed.stack.termination_protection == wanted.settings.termination_protection


def document(account: Account, service: str) -> Document:
    """A template of the manifest, read and parsed.

    Raises:
        Invalid: it is not there, or no JSON.
    """
    template = next(one for one in account.manifest.templates if one.service == service)
    try:
        read: Document = json.loads(account.pieces.read(template))
    except ValueError as error:
        raise Invalid(f"{template.path}", f"it cannot be read: {error}", "generate again: make generate") from error
    return read


def _paths(account: Account, documents: dict[str, Document], root: str, path: str = "") -> dict[str, str]:
    """Path -> service: a nested stack is the service whose digest its TemplateURL names."""
    by_digest = {template.sha256: template.service for template in account.manifest.templates if template.service in documents}
    found = {path: root}
    for logical_id, resource in documents[root].get("Resources", {}).items():
        if resource.get("Type") == NESTED:
            match = re.search(r"([0-9a-f]{64})\.json", json.dumps(resource["Properties"]["TemplateURL"]))
            if match is None or match[1] not in by_digest:
                raise Invalid(f"{root}/{logical_id}", "its TemplateURL names no template of the manifest", "generate again: make generate")
            found |= _paths(account, documents, by_digest[match[1]], f"{path}/{logical_id}".lstrip("/"))
    return found
