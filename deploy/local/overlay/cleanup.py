"""What an operation left over is disposed of at its very end: old resources after success, new ones after a rollback.

Models the CloudFormation user guide's "Roll back your stack on alarm breach" (old resources live until the monitoring time
is over) and the stack states UPDATE_COMPLETE_CLEANUP_IN_PROGRESS and UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS. A delete
that fails here does not fail the operation.
"""

from __future__ import annotations

from typing import Any

from . import deletion
from .attempts import RETAINING, Attempt, enter, event, needs_of, policy_of
from .deletion import Removal
from .emulator import Record
from .graph import in_order, reversed_needs

_Leftover = tuple[Record, str, tuple[Any, ...]]
"""A record, its policy, and deletes that a handler deferred."""


async def after_success(attempt: Attempt) -> None:
    """Dispose of what the update replaced and removed, in this stack and those nested in it."""
    enter(attempt.stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") if attempt.parent is None else None
    leftovers = {**_removed(attempt), **_replaced(attempt)}
    former = (attempt.previous or {}).get("_template", {}).get("Resources") or {}
    await _dispose(attempt, leftovers, needs_of(former))
    for child in attempt.children.values():
        if child.is_update:
            await after_success(child)
    enter(attempt.stack, "UPDATE_COMPLETE")


def _removed(attempt: Attempt) -> dict[str, _Leftover]:
    gone = [logical_id for logical_id in attempt.former_resources if logical_id not in attempt.active()]
    template = (attempt.previous or {}).get("_template") or {}
    return {
        logical_id: (attempt.resources.pop(logical_id), policy_of(attempt.stack, template, logical_id, "DeletionPolicy"), ())
        for logical_id in gone
    }


def _replaced(attempt: Attempt) -> dict[str, _Leftover]:
    return {
        step.logical_id: (step.old, attempt.policy(step.logical_id, "UpdateReplacePolicy"), step.deferred)
        for step in attempt.steps.values()
        if step.replaced and step.old is not None
    }


async def after_rollback(attempt: Attempt) -> None:
    """Dispose of what the update made, in this stack and those nested in it."""
    enter(attempt.stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS") if attempt.parent is None else None
    removal = Removal(stack=attempt.stack, rollback=True, retain_except_on_create=attempt.retain_except_on_create)
    made: dict[str, _Leftover] = {
        step.logical_id: (step.new, _policy_on_rollback(attempt, step.logical_id), ())
        for step in attempt.steps.values()
        if step.created or step.replaced
    }
    for logical_id, child in attempt.children.items():
        if not child.is_update:
            record = {"LogicalResourceId": logical_id, "ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": child.stack_id}
            made[logical_id] = (record, "Delete", ())
    await _dispose(attempt, made, attempt.needs(), removal)
    for child in attempt.children.values():
        if child.is_update:
            await after_rollback(child)
    enter(attempt.stack, "UPDATE_ROLLBACK_COMPLETE")


def _policy_on_rollback(attempt: Attempt, logical_id: str) -> str:
    """Retain keeps even what the failed update itself made; RetainExceptOnCreate and the flag of that name do not."""
    policy = attempt.policy(logical_id, "DeletionPolicy")
    return "Retain" if policy == "Retain" and not attempt.retain_except_on_create else "Delete"


async def _dispose(attempt: Attempt, leftovers: dict[str, _Leftover], needs: dict[str, set[str]], removal: Removal | None = None) -> None:
    way = removal or Removal(stack=attempt.stack)

    async def one(logical_id: str) -> None:
        await _dispose_one(way, *leftovers[logical_id])

    await in_order(list(reversed(leftovers)), reversed_needs(needs), one)


async def _dispose_one(removal: Removal, record: Record, policy: str, deferred: tuple[Any, ...]) -> None:
    logical_id, resource_type, physical_id = record["LogicalResourceId"], record["ResourceType"], record["PhysicalResourceId"]
    if policy in RETAINING:
        event(removal.stack, logical_id, resource_type, "DELETE_SKIPPED", physical_id=physical_id)
        return
    event(removal.stack, logical_id, resource_type, "DELETE_IN_PROGRESS", physical_id=physical_id)
    try:
        for function, arguments, options in deferred:
            function(*arguments, **options)
        if not deferred:
            await deletion.take_away(removal, record, policy)
    except Exception as error:  # noqa: BLE001 - whatever a service says becomes the resource's reason
        event(removal.stack, logical_id, resource_type, "DELETE_FAILED", reason=str(error), physical_id=physical_id)
        return
    event(removal.stack, logical_id, resource_type, "DELETE_COMPLETE", physical_id=physical_id)
