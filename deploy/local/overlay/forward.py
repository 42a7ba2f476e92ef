"""The way forward of an operation: every resource of a stack created or updated, in the order of what needs what.

Models the CloudFormation user guide's "Update behaviors of stack resources" and "Stack events": resources that nothing
connects are worked on at the same time, an unchanged resource is not touched, a replacement is made before the old one
goes, and the first failure cancels what is under way.
"""

from __future__ import annotations

import asyncio
from typing import Any

from . import drift_reverts, nested, services, stack_policy
from .attempts import STACK, Attempt, OperationFailed, Step, event, with_stack_tags
from .emulator import Record, engine, provisioners, responses, stacks
from .graph import in_order
from .services import Change, Made

_REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
_INITIATED = "Resource creation Initiated"


async def go_forward(attempt: Attempt) -> None:
    """Create or update every resource, then the outputs.

    Raises:
        OperationFailed: at the first failure; what was done by then stands in ``attempt.steps`` and ``attempt.children``.
    """
    try:
        active = attempt.active()
    except ValueError as error:
        raise OperationFailed(str(error), verb=attempt.verb) from error
    _refuse_removals(attempt, active)
    try:
        await in_order(active, attempt.needs(), lambda logical_id: _one(attempt, logical_id))
    finally:
        attempt.stack.pop("_reverts", None)
    try:
        attempt.stack["_new_outputs"] = _outputs(attempt, active)
    except Exception as error:
        raise OperationFailed(str(error), verb=attempt.verb) from error


def _outputs(attempt: Attempt, active: list[str]) -> Any:
    """Outputs and exports; one that reads a resource which this update removes fails, as on AWS."""
    surviving = {name: record for name, record in attempt.resources.items() if name in active}
    return stacks._resolve_stack_outputs(
        attempt.template.get("Outputs", {}),
        attempt.conditions,
        surviving,
        attempt.values,
        attempt.template.get("Mappings", {}),
        attempt.name,
        attempt.stack_id,
    )


def _refuse_removals(attempt: Attempt, active: list[str]) -> None:
    for logical_id, record in attempt.former_resources.items():
        if logical_id not in active and (why := stack_policy.refusal(attempt.stack, "Update:Delete", logical_id, record["ResourceType"])):
            event(attempt.stack, logical_id, record["ResourceType"], "UPDATE_FAILED", reason=why)
            raise OperationFailed(why, verb="update", logical_ids=(logical_id,))


async def _one(attempt: Attempt, logical_id: str) -> None:
    """One resource. A failure and a cancellation leave an event, as every other end does."""
    old = drift_reverts.as_it_is(attempt.stack, attempt.former_resources.get(logical_id))
    resource_type = attempt.definitions[logical_id].get("Type", "AWS::CloudFormation::CustomResource")
    verb = "CREATE" if old is None else "UPDATE"
    try:
        record = _wanted(attempt, logical_id, resource_type, old)
        if old is not None and resource_type != STACK and _unchanged(attempt, old, record):
            return
        _report(attempt, record, f"{verb}_IN_PROGRESS")
        await _work(attempt, record, old)
    except asyncio.CancelledError:
        attempt.failed.add(logical_id)
        _report(attempt, {"LogicalResourceId": logical_id, "ResourceType": resource_type}, f"{verb}_FAILED", attempt.cancelled)
        raise
    except Exception as error:
        attempt.failed.add(logical_id)
        _report(attempt, {"LogicalResourceId": logical_id, "ResourceType": resource_type}, f"{verb}_FAILED", str(error))
        raise OperationFailed(str(error), verb=verb.lower(), logical_ids=(logical_id,)) from error


def _report(attempt: Attempt, record: Record, status: str, reason: str = "") -> None:
    """An event, and the same said by the resource itself where the stack already has it."""
    logical_id = record["LogicalResourceId"]
    known = attempt.resources.get(logical_id, {})
    if known:
        known.update(ResourceStatus=status, ResourceStatusReason=reason, Timestamp=responses.now_iso())
    physical_id = known.get("PhysicalResourceId", "")
    event(attempt.stack, logical_id, record["ResourceType"], status, reason=reason, physical_id=physical_id)


def _wanted(attempt: Attempt, logical_id: str, resource_type: str, old: Record | None) -> Record:
    """The record that the template asks for, with every reference and dynamic reference resolved."""
    given = attempt.definitions[logical_id].get("Properties") or {}
    properties = {name: value for name, value in attempt.resolve(given).items() if value is not engine._NO_VALUE}
    former = (attempt.previous or {}).get("_template", {}).get("Resources", {}).get(logical_id)
    properties, dynamic = engine._resolve_dynamic_references(
        properties, (old or {}).get("_dynamic"), reuse_ssm=False, reuse_secrets=former == attempt.definitions[logical_id]
    )
    return {
        "LogicalResourceId": logical_id,
        "ResourceType": resource_type,
        "Properties": properties,
        **({"_dynamic": dynamic} if dynamic else {}),
    }


def _former(attempt: Attempt, old: Record) -> dict[str, Any]:
    return with_stack_tags(attempt.stack, (attempt.previous or {}).get("Tags"), old)


def _tagged(attempt: Attempt, record: Record) -> dict[str, Any]:
    return with_stack_tags(attempt.stack, attempt.stack.get("Tags"), record)


def _unchanged(attempt: Attempt, old: Record, record: Record) -> bool:
    if old["ResourceType"] != record["ResourceType"]:
        raise ValueError(
            f"Update of resource type is not permitted. The resource {record['LogicalResourceId']} has type {old['ResourceType']}."
        )
    return _former(attempt, old) == _tagged(attempt, record)


async def _work(attempt: Attempt, record: Record, old: Record | None) -> None:
    if record["ResourceType"] == STACK:
        await _nested(attempt, record, old)
    elif old is None:
        await _create(attempt, record)
    else:
        await _update(attempt, record, old)


async def _create(attempt: Attempt, record: Record) -> None:
    logical_id, resource_type, tagged = record["LogicalResourceId"], record["ResourceType"], _tagged(attempt, record)
    made = await services.create(attempt.stack, logical_id, resource_type, tagged)
    event(attempt.stack, logical_id, resource_type, "CREATE_IN_PROGRESS", reason=_INITIATED, physical_id=made.physical_id)
    _keep(attempt, made.onto(record), None, applied=tagged)


async def _update(attempt: Attempt, record: Record, old: Record) -> None:
    logical_id, resource_type = record["LogicalResourceId"], record["ResourceType"]
    former, wanted = _former(attempt, old), _tagged(attempt, record)
    replacing = bool(provisioners._replacing_change(resource_type, former, wanted))
    if why := stack_policy.refusal(attempt.stack, "Update:Replace" if replacing else "Update:Modify", logical_id, resource_type):
        raise ValueError(why)
    if replacing and not provisioners._custom_named_replacement_error(resource_type, former, wanted):
        event(attempt.stack, logical_id, resource_type, "UPDATE_IN_PROGRESS", reason=_REPLACING, physical_id=old["PhysicalResourceId"])
    retains = attempt.policy(logical_id, "UpdateReplacePolicy") in provisioners._RETAINING_POLICIES
    made = await services.update(Change(stack=attempt.stack, record=old, former=former, wanted=wanted, retains=retains))
    _keep(attempt, made.onto(record), old, applied=wanted, former=former, deferred=made.deferred)


async def _nested(attempt: Attempt, record: Record, old: Record | None) -> None:
    """A nested stack: its own attempt, under this one."""
    logical_id, tagged = record["LogicalResourceId"], _tagged(attempt, record)
    wanted = nested.read(attempt.name, tagged)
    if old is None:
        child = nested.prepare_create(attempt, logical_id, wanted)
        # Known to its parent from the first moment, so that a rollback finds it although it never came to be.
        attempt.resources[logical_id] = Made(physical_id=child.stack_id, attributes={}).onto(record)
        _report(attempt, record, "CREATE_IN_PROGRESS", _INITIATED)
    elif not nested.differs(old, wanted) and not drift_reverts.reverts(old["PhysicalResourceId"]):
        _keep(attempt, {**record, **{key: old[key] for key in ("PhysicalResourceId", "Attributes")}}, old, applied=tagged)
        return
    elif why := stack_policy.refusal(attempt.stack, "Update:Modify", logical_id, STACK):
        raise ValueError(why)
    else:
        child = nested.prepare_update(attempt, old, wanted)
    attempt.children[logical_id] = child
    attributes = await nested.run(child, go_forward)
    _keep(attempt, Made(physical_id=child.stack_id, attributes=attributes).onto(record), old, applied=tagged)


def _keep(attempt: Attempt, record: Record, old: Record | None, **step: Any) -> None:
    """The resource is done: remember the step, put the record into the stack, say so."""
    status = "CREATE_COMPLETE" if old is None else "UPDATE_COMPLETE"
    logical_id = record["LogicalResourceId"]
    kept = {**record, "ResourceStatus": status, "Timestamp": responses.now_iso()}
    attempt.resources[logical_id] = kept
    attempt.steps[logical_id] = Step(logical_id=logical_id, old=old, new=kept, **step)
    event(attempt.stack, logical_id, record["ResourceType"], status, physical_id=record["PhysicalResourceId"])
