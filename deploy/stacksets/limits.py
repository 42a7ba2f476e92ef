"""What CloudFormation's limits, and the accounts as they are, do not allow: all of it at once, before anything is asked for.

Sources: the user guide's "CloudFormation quotas" and "Considerations when creating StackSets with service-managed permissions"; AWS's
figures of 2026.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.manifest import StackSet, Template
from deploy.model import NESTED
from deploy.noun import Noun
from deploy.stacksets.scope import Target

MOST_BYTES = 1_000_000
MOST_PARAMETERS, MOST_VALUE, MOST_TAGS, MOST_DESCRIPTION = 200, 4096, 50, 1024
MOST_INSTANCES = 100_000
MOST_REGIONS = 50
_NAMED = 10
"""Accounts that a sentence names; of more, how many more."""


class Looked(Noun, frozen=True, kw_only=True):
    """What an account said of itself, by its plan role. ``role``: its execution role is there, None where that may not be seen;
    ``regions`` that are enabled there, None likewise; ``reason``: why it cannot be looked at.
    """

    account: str
    role: bool | None = None
    regions: frozenset[str] | None = None
    reason: str = ""


def of_declaration(stack_set: StackSet, template: Template, document: Mapping[str, Any]) -> Iterator[str]:
    """What generating again mends."""
    if template.size > MOST_BYTES:
        yield f"template {template.service} has {template.size:,} bytes, and CloudFormation takes {MOST_BYTES:,} from S3"
    if stack_set.permission_model == "SERVICE_MANAGED":
        yield from _service_managed(stack_set, document)
    elif not (stack_set.administration_role and stack_set.execution_role):
        yield "self-managed permissions need the names of the administration and of the execution role"
    yield from _parameters(stack_set, document)
    if len(stack_set.tags) > MOST_TAGS:
        yield f"it has {len(stack_set.tags)} tags, and may have {MOST_TAGS}"
    if len(stack_set.description) > MOST_DESCRIPTION:
        yield f"its description has {len(stack_set.description):,} characters, and may have {MOST_DESCRIPTION:,}"
    for wave in stack_set.waves:
        if len(wave.regions) > MOST_REGIONS:
            yield f"wave {wave.name} has {len(wave.regions)} regions, and may have {MOST_REGIONS}"


def _service_managed(stack_set: StackSet, document: Mapping[str, Any]) -> Iterator[str]:
    resources = document.get("Resources") or {}
    nested = sorted(name for name, one in resources.items() if one.get("Type") in (NESTED, "AWS::CloudFormation::StackSet"))
    if nested:
        yield f"{', '.join(nested)}: sets with service-managed permissions deploy no nested stacks; use the flat copy of the services"
    if "Transform" in document or '"Fn::Transform"' in json.dumps(document):
        yield "its template has a transform, and sets with service-managed permissions take none"
    for wave in stack_set.waves:
        if not wave.units:
            yield f"wave {wave.name} names no organizational unit, and sets with service-managed permissions go by units"


def _parameters(stack_set: StackSet, document: Mapping[str, Any]) -> Iterator[str]:
    declared = document.get("Parameters") or {}
    if len(declared) > MOST_PARAMETERS:
        yield f"its template has {len(declared)} parameters, and may have {MOST_PARAMETERS}"
    given = [("the set", stack_set.parameters)] + [
        (f"override {index + 1}", one.parameters) for index, one in enumerate(stack_set.overrides)
    ]
    for subject, values in given:
        for name in sorted(set(values) - set(declared)):
            yield f"{subject} gives parameter {name}, which the template does not have"
        for name in sorted(name for name, value in values.items() if len(value) > MOST_VALUE):
            yield f"{subject} gives parameter {name} {len(values[name]):,} characters, and it may have {MOST_VALUE:,}"
    for name in sorted(name for name, one in declared.items() if "Default" not in one and name not in stack_set.parameters):
        yield f"parameter {name} has no value: neither the set nor the template gives one"


def of_size(instances: int) -> Iterator[str]:
    if instances > MOST_INSTANCES:
        yield f"it would have {instances:,} instances, and may have {MOST_INSTANCES:,}"


def of_accounts(stack_set: StackSet, targets: tuple[Target, ...], looked: tuple[Looked, ...]) -> Iterator[str]:
    """What has to be mended in the accounts themselves."""
    lacking = [one.account for one in looked if one.role is False]
    if lacking:
        yield f"role {stack_set.execution_role} is missing in {len(lacking)} of {len(looked)} accounts: {listed(lacking)}"
    enabled = {one.account: one.regions for one in looked if one.regions is not None}
    for region in dict.fromkeys(target.region for target in targets):
        reached = [target.account for target in targets if target.region == region and target.account in enabled]
        without = [account for account in reached if region not in (enabled[account] or ())]
        if without:
            yield f"region {region} is not enabled in {len(without)} of {len(reached)} accounts: {listed(without)}"


def unseen(looked: tuple[Looked, ...]) -> Iterator[str]:
    """What could not be looked at: no problem, but nothing that was proven either."""
    for reason in dict.fromkeys(one.reason for one in looked if one.reason):
        alike = [one.account for one in looked if one.reason == reason]
        yield f"{len(alike)} of {len(looked)} accounts cannot be looked at ({listed(alike)}): {reason}"


def listed(accounts: list[str]) -> str:
    more = f" and {len(accounts) - _NAMED} more" if len(accounts) > _NAMED else ""
    return ", ".join(accounts[:_NAMED]) + more
