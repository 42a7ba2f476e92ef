"""Instances of a StackSet are made, changed, looked at and deleted by operations that run after the answer.

Models the API reference's CreateStackInstances, UpdateStackInstances, DeleteStackInstances, DetectStackSetDrift and
StopStackSetOperation. Overrides: a value sets one, UsePreviousValue keeps it, a list without it resets it, no list keeps all. An
operation's id is its idempotency token: the same request is answered again, another one is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import account_regions
from . import stack_set_operations as operations
from . import stack_set_organizations as organizations
from . import stack_set_quotas as quotas
from . import stack_set_work as work
from .emulator import Answer, Parameters, handlers, responses
from .stack_set_drift import keep_drift
from .stack_set_preferences import Preferences
from .stack_set_records import Instance, Operation, Refused, StackSet, Target, existing, invalid, refused, refusing
from .wire import Handler, answer, flag, structures, text, texts

LATER = None
"""In place of a value: the one that it has."""

_PAIRS = (("FailureToleranceCount", "FailureTolerancePercentage"), ("MaxConcurrentCount", "MaxConcurrentPercentage"))


def preferences_in(params: Parameters) -> Preferences:
    """
    Raises:
        Refused: a count and a percentage of the same thing, or a concurrency of nothing.
    """
    prefix = "OperationPreferences."
    numbers = {name: int(value) for pair in _PAIRS for name in pair if (value := text(params, prefix + name))}
    for pair in _PAIRS:
        if all(name in numbers for name in pair):
            raise invalid(f"You can specify either {pair[0]} or {pair[1]}, but not both")
    if any(numbers.get(name) == 0 for name in _PAIRS[1]):
        raise invalid("MaxConcurrentCount and MaxConcurrentPercentage must be at least 1")
    return Preferences(
        order=tuple(texts(params, prefix + "RegionOrder")),
        region_concurrency=text(params, prefix + "RegionConcurrencyType") or None,
        mode=text(params, prefix + "ConcurrencyMode") or None,
        numbers=numbers,
    )


def values_given(params: Parameters, name: str) -> dict[str, str | None] | None:
    """Parameter -> value, `LATER` for the one it has; None where the request has no list at all."""
    if name not in params and not text(params, f"{name}.member.1.ParameterKey"):
        return None
    given = structures(params, name, ("ParameterKey", "ParameterValue", "UsePreviousValue"))
    return {
        found["ParameterKey"]: LATER if found.get("UsePreviousValue", "").lower() == "true" else found.get("ParameterValue", "")
        for found in given
    }


def _members(stack_set: StackSet, params: Parameters, *, creating: bool) -> dict[str, str | None]:
    """Account -> OU, from Accounts or from DeploymentTargets as the set's permissions have it."""
    accounts = texts(params, "Accounts")
    targeted = any(name.startswith("DeploymentTargets.") for name in params)
    if stack_set.service_managed:
        if accounts or not targeted:
            raise invalid("DeploymentTargets, not Accounts, must be specified for a stack set with the SERVICE_MANAGED permission model")
        organizations.check_access()
        return organizations.members_asked_for(params, creating=creating)
    if texts(params, "DeploymentTargets.OrganizationalUnitIds"):
        raise invalid("OrganizationalUnitIds are not supported for a stack set with the SELF_MANAGED permission model")
    found = accounts or texts(params, "DeploymentTargets.Accounts")
    if not found:
        raise invalid("Accounts must be specified")
    return dict.fromkeys(found)


def _targets(stack_set: StackSet, params: Parameters, *, creating: bool = False) -> dict[Target, str | None]:
    regions = texts(params, "Regions")
    if not regions:
        raise invalid("Regions must be specified")
    if unknown := [place for place in regions if not account_regions.exists(place)]:
        raise invalid(f"Regions {unknown} do not exist or are not supported")
    members = _members(stack_set, params, creating=creating)
    return {(member, region): unit for region in dict.fromkeys(regions) for member, unit in members.items()}


def chosen(stack_set: StackSet, params: Parameters) -> list[Instance]:
    """The instances that a request names.

    Raises:
        Refused: one does not exist.
    """
    targets = _targets(stack_set, params)
    if not stack_set.service_managed:
        for member, place in targets:
            if (member, place) not in stack_set.instances:
                raise not_found(stack_set, member, place)
    return [stack_set.instances[target] for target in targets if target in stack_set.instances]


def not_found(stack_set: StackSet, member: str, place: str) -> Refused:
    message = f"Stack instance with account {member} and region {place} not found in StackSet {stack_set.set_id}"
    return refused("StackInstanceNotFoundException", message, 404)


def _overriding(stack_set: StackSet, params: Parameters) -> Callable[[Instance], None]:
    """How the request's overrides change an instance's."""
    given = values_given(params, "ParameterOverrides")
    declared = stack_set.template.get("Parameters") or {}
    if given and (unknown := sorted(set(given) - set(declared))):
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")

    def override(instance: Instance) -> None:
        if given is not None:
            kept = {name: instance.overrides.get(name) if value is LATER else value for name, value in given.items()}
            instance.overrides = {name: value for name, value in kept.items() if value is not None}

    return override


def asked(params: Parameters) -> dict[str, Any]:
    """What every operation takes from its request."""
    return {"operation_id": text(params, "OperationId") or responses.new_uuid(), "preferences": preferences_in(params), "request": params}


def operate(action: str, plan: Callable[[StackSet, Parameters], Operation]) -> Handler:
    """The handler of an action that begins what ``plan`` makes of the request."""

    def handler(params: Parameters) -> Answer:
        stack_set = existing(params)
        operation = operations.repeated(stack_set, params)
        if operation is None:
            operation = plan(stack_set, params)
            work.check_administration(stack_set)
            quotas.check_at_once(stack_set, len(stack_set.instances if operation.claims is None else operation.claims))
            operations.request(stack_set, operation)
        return answer(action, {"OperationId": operation.operation_id})

    return refusing(handler)


def _creation(stack_set: StackSet, params: Parameters) -> Operation:
    targets = _targets(stack_set, params, creating=True)
    quotas.check_instances(stack_set, targets)
    override = _overriding(stack_set, params)
    units, regions = texts(params, "DeploymentTargets.OrganizationalUnitIds"), texts(params, "Regions")

    def begin() -> list[Instance]:
        for unit in units:
            known = stack_set.units.setdefault(unit, [])
            known.extend(region for region in regions if region not in known)
        instances = [take(stack_set, target, unit) for target, unit in targets.items()]
        for instance in instances:
            override(instance)
        return instances

    return Operation(
        **asked(params),
        action="CREATE",
        claims=frozenset(targets),
        begin=begin,
        work=lambda instance: work.apply(stack_set, instance),
        details=_deployment_targets(params),
    )


def take(stack_set: StackSet, target: Target, unit: str | None) -> Instance:
    """The set's instance at a target, there from now on."""
    instance = stack_set.instances.setdefault(target, Instance(account=target[0], region=target[1]))
    instance.unit = unit or instance.unit
    return instance


def _deployment_targets(params: Parameters) -> dict[str, Any]:
    units, members = texts(params, "DeploymentTargets.OrganizationalUnitIds"), texts(params, "DeploymentTargets.Accounts")
    kind = text(params, "DeploymentTargets.AccountFilterType") or None
    return (
        {"DeploymentTargets": {"OrganizationalUnitIds": units, "Accounts": members, "AccountFilterType": kind}} if units or members else {}
    )


def _update(stack_set: StackSet, params: Parameters) -> Operation:
    instances = [instance for instance in chosen(stack_set, params) if instance.status != "INOPERABLE"]
    override = _overriding(stack_set, params)

    def begin() -> list[Instance]:
        left = [instance for instance in instances if stack_set.instances.get(instance.target) is instance]
        for instance in left:
            override(instance)
        return left

    return Operation(
        **asked(params),
        action="UPDATE",
        claims=frozenset(instance.target for instance in instances),
        begin=begin,
        work=lambda instance: work.apply(stack_set, instance),
        details=_deployment_targets(params),
    )


def _deletion(stack_set: StackSet, params: Parameters) -> Operation:
    targets, retain = _targets(stack_set, params), flag(params, "RetainStacks")
    units, regions = texts(params, "DeploymentTargets.OrganizationalUnitIds"), texts(params, "Regions")

    def begin() -> list[Instance]:
        for unit in units:
            stack_set.units[unit] = [region for region in stack_set.units.get(unit, []) if region not in regions]
        stack_set.units = {unit: left for unit, left in stack_set.units.items() if left}
        return [stack_set.instances[target] for target in targets if target in stack_set.instances]

    return Operation(
        **asked(params),
        action="DELETE",
        claims=frozenset(targets),
        begin=begin,
        work=lambda instance: work.remove(stack_set, instance, retain=retain),
        details={"RetainStacks": retain, **_deployment_targets(params)},
    )


def _detection(stack_set: StackSet, params: Parameters) -> Operation:
    return Operation(
        **asked(params),
        action="DETECT_DRIFT",
        claims=None,
        begin=lambda: list(stack_set.instances.values()),
        work=lambda instance: work.detect(stack_set, instance),
        finish=lambda operation: keep_drift(stack_set, operation),
    )


def operation_asked_for(stack_set: StackSet, params: Parameters) -> Operation:
    """
    Raises:
        Refused: the set has no operation of that id.
    """
    wanted = text(params, "OperationId")
    found = stack_set.operation(wanted)
    if found is None:
        raise refused("OperationNotFoundException", f"Operation {wanted} not found for StackSet {stack_set.set_id}", 404)
    return found


def stop_stack_set_operation(params: Parameters) -> Answer:
    stack_set = existing(params)
    operations.stop(stack_set, operation_asked_for(stack_set, params))
    return answer("StopStackSetOperation", {})


def install() -> None:
    handlers._ACTION_HANDLERS.update(
        {
            "CreateStackInstances": operate("CreateStackInstances", _creation),
            "UpdateStackInstances": operate("UpdateStackInstances", _update),
            "DeleteStackInstances": operate("DeleteStackInstances", _deletion),
            "DetectStackSetDrift": operate("DetectStackSetDrift", _detection),
            "StopStackSetOperation": refusing(stop_stack_set_operation),
        }
    )
