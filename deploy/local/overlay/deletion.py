"""Stacks are deleted with what is nested in them, and what their policies keep is kept.

Models the API reference's DeleteStack and the user guide's "DeletionPolicy attribute": what was built on top goes first, a
resource that cannot be deleted leaves its stack (and the stacks around it) in DELETE_FAILED, and what it needs stays too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from . import nested, services
from .attempts import RETAINING, STACK, enter, event, needs_of, policy_of
from .emulator import Record, Stack, cloudformation, provisioners, responses, stack_by_id
from .graph import in_order, reversed_needs


@dataclass(kw_only=True)
class Removal:
    """How one stack is taken away. ``retain``: logical ids to leave; ``rollback``: it undoes the create that made it."""

    stack: Stack
    retain: Collection[str] = ()
    force: bool = False
    rollback: bool = False
    retain_except_on_create: bool = False
    failed: dict[str, str] = field(default_factory=dict)


async def delete_stack(stack_name: str, stack_id: str, retain_resources: Collection[str] = (), *, force: bool = False) -> None:
    """What DeleteStack starts; the signature is that of MiniStack's own."""
    stack = stack_by_id(stack_id)
    if stack is not None:
        await remove(Removal(stack=stack, retain=retain_resources, force=force))


async def remove(removal: Removal) -> bool:
    """Take a stack away; True when all of it is gone or kept on purpose."""
    stack = removal.stack
    enter(stack, "DELETE_IN_PROGRESS")
    await remove_resources(removal)
    if removal.failed:
        enter(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(sorted(removal.failed))}]. ")
        return False
    for name, export in list(cloudformation._exports.items()):
        if export["StackId"] == stack["StackId"]:
            cloudformation._exports.pop(name)
    stack["DeletionTime"] = responses.now_iso()
    enter(stack, "DELETE_COMPLETE")
    for change_set_id in [key for key, made in cloudformation._change_sets.items() if made["StackId"] == stack["StackId"]]:
        cloudformation._change_sets.pop(change_set_id)
    return True


async def remove_resources(removal: Removal) -> None:
    """Take all resources of a stack away, last built first; failures are left in ``removal.failed``."""
    stack = removal.stack
    resources: dict[str, Record] = stack.get("_resources", {})
    needs = needs_of((stack.get("_template") or {}).get("Resources") or {})
    later = reversed_needs({name: needs.get(name, set()) for name in resources})

    async def one(logical_id: str) -> None:
        if not any(dependent in removal.failed or dependent in stuck for dependent in later.get(logical_id, ())):
            await _remove_one(removal, resources, logical_id)
        else:
            stuck.add(logical_id)

    stuck: set[str] = set()
    await in_order(list(reversed(resources)), later, one)


async def _remove_one(removal: Removal, resources: dict[str, Record], logical_id: str) -> None:
    record, stack = resources[logical_id], removal.stack
    resource_type, physical_id = record["ResourceType"], record["PhysicalResourceId"]
    policy = policy_of(stack, stack.get("_template") or {}, logical_id, "DeletionPolicy")
    if logical_id in removal.retain or _keeps(removal, policy):
        event(stack, logical_id, resource_type, "DELETE_SKIPPED", physical_id=physical_id)
        resources.pop(logical_id)
        return
    event(stack, logical_id, resource_type, "DELETE_IN_PROGRESS", physical_id=physical_id)
    try:
        await take_away(removal, record, policy)
    except Exception as error:  # noqa: BLE001 - whatever a service says becomes the resource's reason
        _record_failure(removal, resources, record, str(error))
        return
    event(stack, logical_id, resource_type, "DELETE_COMPLETE", physical_id=physical_id)
    resources.pop(logical_id)


def _keeps(removal: Removal, policy: str) -> bool:
    """RetainExceptOnCreate keeps a resource but where the create that made it is undone; the API has the same as a flag."""
    if removal.rollback:
        return policy == "Retain" and not removal.retain_except_on_create
    return policy in RETAINING


async def take_away(removal: Removal, record: Record, policy: str) -> None:
    """Delete one resource, a nested stack with all that it holds.

    Raises:
        ValueError: in the words of AWS's event where a nested stack is left with something.
    """
    if record["ResourceType"] != STACK:
        if policy == "Snapshot":
            provisioners._snapshot_resource(record["ResourceType"], record["PhysicalResourceId"], record["Properties"])
        await services.delete(removal.stack, record)
        return
    child = stack_by_id(record["PhysicalResourceId"])
    if child is None or child["StackStatus"] == "DELETE_COMPLETE":
        return
    below = Removal(stack=child, force=removal.force, rollback=removal.rollback, retain_except_on_create=removal.retain_except_on_create)
    if not await remove(below):
        raise ValueError(f"Embedded stack {child['StackId']} was not successfully deleted: {child['StackStatusReason']}")


def _record_failure(removal: Removal, resources: dict[str, Record], record: Record, reason: str) -> None:
    logical_id = record["LogicalResourceId"]
    if removal.force:
        event(removal.stack, logical_id, record["ResourceType"], "DELETE_SKIPPED", reason=reason, physical_id=record["PhysicalResourceId"])
        resources.pop(logical_id)
        return
    record["ResourceStatus"], record["ResourceStatusReason"] = "DELETE_FAILED", reason
    removal.failed[logical_id] = reason
    event(removal.stack, logical_id, record["ResourceType"], "DELETE_FAILED", reason=reason, physical_id=record["PhysicalResourceId"])


def nested_root(stack: Stack) -> Stack:
    """The root of a nested stack, or the stack itself."""
    found: Any = stack_by_id(stack.get("RootId")) if nested.is_nested(stack) else None
    return found or stack
