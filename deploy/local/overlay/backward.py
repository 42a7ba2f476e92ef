"""The way back of an operation: an update is undone resource by resource, a create is taken away.

Models the CloudFormation user guide's "Stack failure options" and "Continue rolling back an update": old resources of a
replacement are still there and simply count again, new ones go in a cleanup of its own, and a resource that cannot be put
back leaves its stack, and those around it, in UPDATE_ROLLBACK_FAILED until somebody continues, skips or forces.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import services
from .attempts import STACK, Attempt, Step, enter, event, needs_of
from .cleanup import after_rollback
from .deletion import Removal, remove_resources
from .emulator import Record
from .graph import in_order
from .nested import publish_exports
from .services import Change


@dataclass(frozen=True, kw_only=True)
class Way:
    """What to leave as it is on the way back: named resources (``LogicalId`` or ``NestedStackName.LogicalId``), or all that fail."""

    skip: frozenset[str] = frozenset()
    force: bool = False

    def skips(self, attempt: Attempt, logical_id: str) -> bool:
        return (logical_id if attempt.parent is None else f"{attempt.name}.{logical_id}") in self.skip


async def roll_back(attempt: Attempt, reason: str, way: Way = Way()) -> bool:
    """Undo a whole operation, from its root; True when the stack is what it was (or gone, after a create)."""
    if not attempt.is_update:
        return await _undo_create(attempt, reason)
    enter(attempt.stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
    if failed := await _revert(attempt, way):
        enter(attempt.stack, "UPDATE_ROLLBACK_FAILED", _summary(failed))
        return False
    await after_rollback(attempt)
    return True


async def _undo_create(attempt: Attempt, reason: str) -> bool:
    enter(attempt.stack, "ROLLBACK_IN_PROGRESS", reason)
    removal = Removal(stack=attempt.stack, rollback=True, retain_except_on_create=attempt.retain_except_on_create)
    await remove_resources(removal)
    if removal.failed:
        enter(attempt.stack, "ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{', '.join(sorted(removal.failed))}]. ")
        return False
    enter(attempt.stack, "ROLLBACK_COMPLETE")
    return True


def _summary(failed: list[str]) -> str:
    return f"The following resource(s) failed to update: [{', '.join(sorted(failed))}]. "


async def _revert(attempt: Attempt, way: Way) -> list[str]:
    """Put back what this attempt changed; logical ids that could not be. New resources stay for the cleanup."""
    failed: list[str] = []

    async def one(logical_id: str) -> None:
        if not await _revert_one(attempt, way, logical_id):
            failed.append(logical_id)

    former = (attempt.previous or {}).get("_template", {}).get("Resources") or {}
    touched = [name for name in attempt.former_resources if name in attempt.steps or name in attempt.failed or name in attempt.children]
    await in_order([name for name in touched if name not in attempt.reverted], needs_of(former), one)
    if not failed:
        _restore(attempt)
    return failed


async def _revert_one(attempt: Attempt, way: Way, logical_id: str) -> bool:
    record, child = attempt.former_resources[logical_id], attempt.children.get(logical_id)
    resource_type, physical_id = record["ResourceType"], record["PhysicalResourceId"]
    if way.skips(attempt, logical_id):
        event(
            attempt.stack, logical_id, resource_type, "UPDATE_COMPLETE", reason="Resource rollback skipped by user", physical_id=physical_id
        )
        attempt.reverted.add(logical_id)
        return True
    event(attempt.stack, logical_id, resource_type, "UPDATE_IN_PROGRESS", physical_id=physical_id)
    try:
        if child is not None:
            await _revert_child(child, way)
        elif step := attempt.steps.get(logical_id):
            await _revert_resource(attempt, step, record)
    except Exception as error:  # noqa: BLE001 - whatever a service says becomes the resource's reason
        if not way.force:
            event(attempt.stack, logical_id, resource_type, "UPDATE_FAILED", reason=str(error), physical_id=physical_id)
            return False
    record["ResourceStatus"] = "UPDATE_COMPLETE"
    attempt.reverted.add(logical_id)
    event(attempt.stack, logical_id, resource_type, "UPDATE_COMPLETE", physical_id=physical_id)
    return True


async def _revert_resource(attempt: Attempt, step: Step, record: Record) -> None:
    """A replaced resource is still there: its record counts again. One that was changed in place is changed back."""
    if step.replaced or step.applied == step.former or record["ResourceType"] == STACK:
        return
    change = Change(stack=attempt.stack, record=step.new, former=step.applied, wanted=step.former)
    made = await services.update(change, "revert")
    record["Attributes"] = {**record.get("Attributes", {}), **made.attributes}


async def _revert_child(child: Attempt, way: Way) -> None:
    """
    Raises:
        ValueError: in the words of the parent's event, when something in the child could not be put back.
    """
    enter(child.stack, "UPDATE_ROLLBACK_IN_PROGRESS")
    if failed := await _revert(child, way):
        enter(child.stack, "UPDATE_ROLLBACK_FAILED", _summary(failed))
        raise ValueError(
            f"Embedded stack {child.stack_id} was not successfully updated. Currently in UPDATE_ROLLBACK_FAILED with reason: {_summary(failed)}"
        )
    enter(child.stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")


def _restore(attempt: Attempt) -> None:
    """The stack says again what it said before. What the update made is listed in ``attempt.steps`` alone from here on."""
    attempt.stack.update(attempt.previous or {})
    attempt.stack["Description"] = attempt.stack.get("_template", {}).get("Description", "")
    attempt.stack.pop("_new_outputs", None)
    publish_exports(attempt.stack)
