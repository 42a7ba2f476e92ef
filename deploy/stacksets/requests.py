"""A step as CloudFormation's API takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.manifest import AutoDeployment, Preferences, StackSet
from deploy.stacksets.model import Content, Step

ACTIONS = {
    "change": "update_stack_set",
    "update": "update_stack_set",
    "settle": "update_stack_set",
    "create": "create_stack_instances",
    "override": "update_stack_instances",
    "remove": "delete_stack_instances",
}


def request(stack_set: StackSet, step: Step, preferences: Preferences, after: Content, url: str, arns: Mapping[str, str]) -> dict[str, Any]:
    """``url``: of the template; ``arns``: of the sets that automatic deployment waits for, by name."""
    wanted = {**_targets(stack_set, step), "OperationPreferences": operation_preferences(preferences, step.regions)}
    if step.kind in ("change", "update", "settle"):
        wanted |= common(stack_set, after)
        wanted |= new(stack_set, url) if step.kind == "change" else {"UsePreviousTemplate": True}
        if step.kind == "settle":
            wanted |= settled(after, arns)
    if step.overrides is not None:
        wanted["ParameterOverrides"] = values(step.overrides)
    if step.kind == "remove":
        wanted["RetainStacks"] = step.retain
    return wanted


def common(stack_set: StackSet, after: Content) -> dict[str, Any]:
    """What every request says of the set itself."""
    roles = {"AdministrationRoleARN": after.administration_role, "ExecutionRoleName": after.execution_role}
    return {
        **({"Description": stack_set.description} if stack_set.description else {}),
        "Capabilities": list(stack_set.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(stack_set.tags.items())],
        **({name: value for name, value in roles.items() if value}),
    }


def new(stack_set: StackSet, url: str) -> dict[str, Any]:
    return {"TemplateURL": url, "Parameters": values(stack_set.parameters)}


def settled(after: Content, arns: Mapping[str, str]) -> dict[str, Any]:
    """Automatic deployment and managed execution."""
    automatic = after.auto_deployment
    more = {"AutoDeployment": _automatic(automatic, arns)} if automatic else {}
    return {"ManagedExecution": {"Active": after.managed_execution}, **more}


def _automatic(automatic: AutoDeployment, arns: Mapping[str, str]) -> dict[str, Any]:
    if not automatic.enabled:
        return {"Enabled": False}
    waits = [arns[name] for name in automatic.depends_on]
    return {"Enabled": True, "RetainStacksOnAccountRemoval": automatic.retain_stacks, **({"DependsOn": waits} if waits else {})}


def values(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in sorted(given.items())]


def _targets(stack_set: StackSet, step: Step) -> dict[str, Any]:
    if not step.regions:
        return {}
    if stack_set.permission_model == "SELF_MANAGED":
        return {"Accounts": list(step.accounts), "Regions": list(step.regions)}
    named = {"Accounts": list(step.accounts)} if step.accounts else {}
    units = {"OrganizationalUnitIds": list(step.units)} if step.units else {}
    # Without units there is nothing to filter; NONE takes no accounts.
    kind = {"AccountFilterType": step.filter} if step.units and step.accounts else {}
    return {"DeploymentTargets": {**units, **named, **kind}, "Regions": list(step.regions)}


def operation_preferences(preferences: Preferences, regions: tuple[str, ...]) -> dict[str, Any]:
    given = {
        "FailureToleranceCount": preferences.failure_tolerance_count,
        "FailureTolerancePercentage": preferences.failure_tolerance_percentage,
        "MaxConcurrentCount": preferences.max_concurrent_count,
        "MaxConcurrentPercentage": preferences.max_concurrent_percentage,
    }
    return {
        "RegionConcurrencyType": preferences.region_concurrency,
        "ConcurrencyMode": preferences.concurrency_mode,
        **({"RegionOrder": list(regions)} if regions else {}),
        **{name: value for name, value in given.items() if value is not None},
    }
