"""A set and its instances as they are, against what the manifest declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.changes import Difference
from deploy.manifest import AutoDeployment, StackSet
from deploy.plan import digest_of_content
from deploy.stacksets.model import Content, Instance, Place, Row, SetState
from deploy.stacksets.scope import Target, overrides

Document = Mapping[str, Any]

HIDDEN = "****"
"""What AWS shows of a NoEcho parameter: its value is not known, and counts as the one that is wanted."""


def wanted(stack_set: StackSet, document: Document, administration_role: str) -> Content:
    """``administration_role``: its ARN."""
    self_managed = stack_set.permission_model == "SELF_MANAGED"
    return Content(
        template=digest_of_content(document),
        parameters=effective(document, stack_set.parameters),
        tags=stack_set.tags,
        capabilities=tuple(sorted(stack_set.capabilities)),
        description=stack_set.description,
        administration_role=administration_role if self_managed else "",
        execution_role=stack_set.execution_role if self_managed else "",
        auto_deployment=None if self_managed else stack_set.auto_deployment or AutoDeployment(enabled=False),
        managed_execution=stack_set.managed_execution,
    )


def content_of(state: SetState, goal: Content) -> Content:
    """What is, in the same form. ``goal``: for the values that AWS hides, and for sets that others depend on, which AWS names by ARN."""
    shown = effective(state.template, state.parameters)
    automatic = state.auto_deployment
    if automatic and goal.auto_deployment:
        by_name = tuple(arn.rpartition("stackset/")[2].partition(":")[0] for arn in automatic.depends_on)
        automatic = AutoDeployment(enabled=automatic.enabled, retain_stacks=automatic.retain_stacks, depends_on=by_name)
    return Content(
        template=digest_of_content(state.template),
        parameters=unhidden(shown, goal.parameters),
        tags=state.tags,
        capabilities=tuple(sorted(state.capabilities)),
        description=state.description,
        administration_role=state.administration_role,
        execution_role=state.execution_role,
        auto_deployment=automatic if state.permission_model == "SERVICE_MANAGED" else None,
        managed_execution=state.managed_execution,
    )


def effective(document: Document, given: Mapping[str, str]) -> dict[str, str]:
    """The value of each parameter of a template, as far as it has one."""
    declared = document.get("Parameters") or {}
    known = {name: given.get(name, one.get("Default")) for name, one in declared.items()}
    return {name: str(value) for name, value in known.items() if value is not None}


def unhidden(shown: Mapping[str, str], goal: Mapping[str, str]) -> dict[str, str]:
    return {name: goal.get(name, value) if value == HIDDEN else value for name, value in shown.items()}


def differences(before: Content, after: Content) -> Iterator[Difference]:
    """Of the set itself, a line each."""
    for field in Content.__struct_fields__:
        was, now = getattr(before, field), getattr(after, field)
        if isinstance(was, dict):
            for name in sorted({*was, *now}):
                if was.get(name) != now.get(name):
                    yield Difference(pointer=f"/{field}/{name}", before=was.get(name), after=now.get(name))
        elif was != now:
            yield Difference(pointer=f"/{field}", before=_plain(was), after=_plain(now))


def _plain(value: Any) -> Any:
    if isinstance(value, AutoDeployment):
        return {"enabled": value.enabled, "retain_stacks": value.retain_stacks, "depends_on": list(value.depends_on)}
    return list(value) if isinstance(value, tuple) else value[:12] if isinstance(value, str) and len(value) == 64 else value


def rows(
    stack_set: StackSet,
    targets: tuple[Target, ...],
    instances: Mapping[Place, Instance],
    own: Mapping[Place, Mapping[str, str]],
    before: Content | None,
    after: Content,
) -> tuple[Row, ...]:
    """Every instance that is, or is to be. ``own``: the values that existing instances have for themselves."""
    common = _common(before, after)
    declared = {target.place for target in targets}
    made = [_row(stack_set, target, instances.get(target.place), own, common) for target in targets]
    left = [instance for place, instance in instances.items() if place not in declared]
    return (
        *made,
        *(
            Row(account=one.account, region=one.region, wave="", action="remove", status=one.status, drift=one.drift, unit=one.unit)
            for one in left
        ),
    )


def _common(before: Content | None, after: Content) -> tuple[str, ...]:
    """Why every instance is to change."""
    if before is None:
        return ()
    return tuple(field for field in ("template", "parameters", "tags") if getattr(before, field) != getattr(after, field))


def _row(
    stack_set: StackSet, target: Target, instance: Instance | None, own: Mapping[Place, Mapping[str, str]], common: tuple[str, ...]
) -> Row:
    goal = overrides(stack_set, target.place)
    base = {"account": target.account, "region": target.region, "wave": target.wave, "overrides": goal, "unit": target.unit}
    if instance is None:
        return Row(action="create", why=("new",), **base)  # type: ignore[arg-type]
    base |= {"status": instance.status, "drift": instance.drift}
    if instance.is_inoperable:
        return Row(action="inoperable", why=(instance.reason,) if instance.reason else (), **base)  # type: ignore[arg-type]
    renewed = (*common, *(("outdated",) if instance.status != "CURRENT" else ()))
    values = ("its own values",) if unhidden(own.get(target.place, {}), goal) != goal else ()
    action = "update" if renewed else "override" if values else "none"
    return Row(action=action, why=(*renewed, *values), **base)  # type: ignore[arg-type]
