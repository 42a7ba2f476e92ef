"""What CloudFormation asks of a service for one resource: make it, change it, take it away; each takes its time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from .emulator import Record, Stack, concurrency, provisioners, stacks
from .faults import resource_faults
from .settings import RESOURCE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource as the service left it. ``deferred`` are deletes of what it replaced, for the cleanup to call."""

    physical_id: str
    attributes: dict[str, Any]
    seed: str = ""
    deferred: tuple[Any, ...] = ()

    def onto(self, record: Record) -> Record:
        seed = {"_name_seed": self.seed} if self.seed else {}
        return {**record, "PhysicalResourceId": self.physical_id, "Attributes": self.attributes, **seed}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One update: the resource as it is (``record``), its properties before and after, whether a replaced one is kept."""

    stack: Stack
    record: Record
    former: dict[str, Any]
    wanted: dict[str, Any]
    retains: bool = False


async def create(stack: Stack, logical_id: str, resource_type: str, properties: dict[str, Any]) -> Made:
    await _pause(resource_type, "create", logical_id)
    made, seed = await _call(resource_type, stacks._provision_keeping_seed, resource_type, logical_id, properties, stack["StackName"])
    return Made(physical_id=made[0], attributes=made[1], seed=seed)


async def update(change: Change, verb: str = "update") -> Made:
    """``verb`` is "revert" on the way back, so that a fault can tell the two."""
    await _pause(change.record["ResourceType"], verb, change.record["LogicalResourceId"])
    made: Made = await _call(change.record["ResourceType"], _updated, change)
    return made


async def delete(stack: Stack, record: Record, verb: str = "delete") -> None:
    resource_type, logical_id = record["ResourceType"], record["LogicalResourceId"]
    await _pause(resource_type, verb, logical_id)
    await _call(
        resource_type,
        provisioners._delete_resource,
        resource_type,
        record["PhysicalResourceId"],
        record.get("Properties", {}),
        stack["StackName"],
        logical_id,
    )


def _updated(change: Change) -> Made:
    """MiniStack's handlers read three context variables: whether to keep what they replace, where to leave its delete, the name."""
    deferred: list[Any] = []
    keep = provisioners._RETAIN_REPLACED.set(change.retains)
    queue = provisioners._DEFERRED_PREDECESSOR_DELETES.set(deferred)
    seed = provisioners._NAME_SEED.set(change.record.get("_name_seed", ""))
    try:
        physical_id, attributes = provisioners._update_resource(
            change.record["ResourceType"],
            change.record["PhysicalResourceId"],
            change.former,
            change.wanted,
            change.stack["StackName"],
            change.record["LogicalResourceId"],
            change.record.get("Attributes", {}),
        )
        return Made(physical_id=physical_id, attributes=attributes, seed=provisioners._NAME_SEED.get(), deferred=tuple(deferred))
    finally:
        provisioners._NAME_SEED.reset(seed)
        provisioners._DEFERRED_PREDECESSOR_DELETES.reset(queue)
        provisioners._RETAIN_REPLACED.reset(keep)


async def _pause(resource_type: str, verb: str, logical_id: str) -> None:
    """Let time pass and others run; then fail where a fault asks for it."""
    struck = resource_faults(resource_type, verb, logical_id)
    await asyncio.sleep(RESOURCE_SECONDS + sum(rule.latency for rule in struck))
    for rule in struck:
        if not rule.only_waits:
            raise ValueError(rule.message)


async def _call(resource_type: str, function: Any, *arguments: Any) -> Any:
    """Those handlers that wait for somebody who calls back run on a thread of their own."""
    if stacks._runs_on_worker_thread(resource_type):
        return await concurrency.run_reentrant(function, *arguments)
    return function(*arguments)
