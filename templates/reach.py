"""From the file's StackSets to the manifest's: names filled in, everything that the deployer needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from deploy import manifest as contract
from resources import reach
from resources.tags import tags

if TYPE_CHECKING:
    from env.model import ToolsEnvironment
    from env.stacksets import Preferences, StackSet, Wave
    from templates.stacksets import SetTemplate

CAPABILITIES = ("CAPABILITY_NAMED_IAM",)


def stack_sets(env: ToolsEnvironment, made: Mapping[str, SetTemplate]) -> tuple[contract.StackSet, ...]:
    return tuple(_stack_set(env, name, one, made[name]) for name, one in env.stack_sets.items())


def _stack_set(env: ToolsEnvironment, name: str, one: StackSet, template: SetTemplate) -> contract.StackSet:
    own = not one.is_service_managed
    return contract.StackSet(
        name=name,
        set_name=reach.set_name(env, name, one),
        description=one.description,
        region=env.region,
        template=template.service,
        capabilities=CAPABILITIES,
        permission_model="SELF_MANAGED" if own else "SERVICE_MANAGED",
        call_as="SELF" if own else "DELEGATED_ADMIN",
        administration_role=(one.administration_role or reach.administration(env)) if own else "",
        execution_role=(one.execution_role or reach.execution(env)) if own else "",
        plan_role=one.plan_role or reach.plan(env),
        auto_deployment=msgspec.convert(msgspec.to_builtins(one.auto_deployment), contract.AutoDeployment) if one.auto_deployment else None,
        managed_execution=one.managed_execution,
        parameters=dict(sorted(one.parameters.items())),
        overrides=tuple(msgspec.convert(msgspec.to_builtins(each), contract.Override) for each in one.overrides),
        waves=tuple(_wave(one, wave) for wave in one.waves),
        tags=tags(env, template.service),
        checks=tuple(msgspec.to_builtins(check) for check in one.checks),
        alarms=one.alarms,
    )


def _wave(one: StackSet, wave: Wave) -> contract.Wave:
    filters: dict[str, str] = {"filter": wave.filter.upper()}
    return msgspec.convert(
        {
            "name": wave.name,
            "accounts": wave.accounts,
            "units": wave.units,
            **filters,
            "regions": one.regions(wave),
            "preferences": msgspec.to_builtins(_preferences(one.preferred(wave))),
            "watch_minutes": wave.watch_minutes,
        },
        contract.Wave,
    )


def _preferences(own: Preferences) -> contract.Preferences:
    """Of each pair one is given: what the file leaves out is AWS's own default, no failure and one account at a time."""
    return contract.Preferences(
        failure_tolerance_count=0 if own.tolerance is None and own.tolerance_percent is None else own.tolerance,
        failure_tolerance_percentage=own.tolerance_percent,
        max_concurrent_count=1 if own.concurrency is None and own.concurrency_percent is None else own.concurrency,
        max_concurrent_percentage=own.concurrency_percent,
        concurrency_mode="SOFT_FAILURE_TOLERANCE" if own.mode == "soft" else "STRICT_FAILURE_TOLERANCE",
        region_concurrency="PARALLEL" if own.regions == "parallel" else "SEQUENTIAL",
    )
