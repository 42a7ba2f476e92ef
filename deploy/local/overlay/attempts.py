"""One create or update of one stack while it runs: what it did, so that it can be undone or tidied up."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .emulator import Record, Stack, account, engine, provisioners, region, stacks

STACK = "AWS::CloudFormation::Stack"
RETAINING = ("Retain", "RetainExceptOnCreate")


class OperationFailed(Exception):
    """A resource, or the operation itself, failed; ``logical_ids`` are the resources that did."""

    def __init__(self, reason: str, *, verb: str, logical_ids: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.verb, self.logical_ids = reason, verb, logical_ids

    @property
    def summary(self) -> str:
        """How the stack's own event says it."""
        if not self.logical_ids:
            return self.reason
        return f"The following resource(s) failed to {self.verb}: [{', '.join(self.logical_ids)}]. "


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Why an attempt was stopped from outside. ``roll_back`` is false where the stack is about to be deleted."""

    reason: str
    token: str = ""
    roll_back: bool = True


@dataclass(frozen=True, kw_only=True)
class Step:
    """One resource that was changed: its record before (None where it was created) and after, and the properties that the
    service was called with. ``deferred`` are deletes of what it replaced."""

    logical_id: str
    old: Record | None
    new: Record
    applied: dict[str, Any]
    former: dict[str, Any] = field(default_factory=dict)
    deferred: tuple[Any, ...] = ()

    @property
    def replaced(self) -> bool:
        return self.old is not None and (bool(self.deferred) or self.old["PhysicalResourceId"] != self.new["PhysicalResourceId"])

    @property
    def created(self) -> bool:
        return self.old is None


@dataclass(eq=False, kw_only=True)
class Attempt:
    """``previous`` is the stack before an update, None for a create. ``children``: logical id -> attempt on that nested stack."""

    stack: Stack
    template: dict[str, Any]
    values: dict[str, Any]
    previous: Stack | None
    parent: Attempt | None = None
    retain_except_on_create: bool = False
    conditions: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    children: dict[str, Attempt] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    reverted: set[str] = field(default_factory=set)
    stopped: Stop | None = None
    work: asyncio.Task[None] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.conditions = engine._evaluate_conditions(self.template, self.values)

    @property
    def name(self) -> str:
        return str(self.stack["StackName"])

    @property
    def stack_id(self) -> str:
        return str(self.stack["StackId"])

    @property
    def is_update(self) -> bool:
        return self.previous is not None

    @property
    def verb(self) -> str:
        return "update" if self.is_update else "create"

    @property
    def cancelled(self) -> str:
        """The reason that a resource's event has when another one's failure ended it."""
        return f"Resource {'update' if self.is_update else 'creation'} cancelled"

    @property
    def definitions(self) -> dict[str, Any]:
        return self.template.get("Resources") or {}

    @property
    def resources(self) -> dict[str, Record]:
        records: dict[str, Record] = self.stack.setdefault("_resources", {})
        return records

    @property
    def former_resources(self) -> dict[str, Record]:
        records: dict[str, Record] = (self.previous or {}).get("_resources", {})
        return records

    def active(self) -> list[str]:
        """Logical ids whose condition holds, in an order that respects what needs what."""
        return list(engine._topological_sort(self.definitions, self.conditions))

    def needs(self) -> dict[str, set[str]]:
        return needs_of(self.definitions)

    def resolve(self, value: Any) -> Any:
        """``value`` with its intrinsic functions replaced, against the stack as it is now."""
        return engine._resolve_refs(
            copy.deepcopy(value), self.resources, self.values, self.conditions, self.template.get("Mappings", {}), self.name, self.stack_id
        )

    def policy(self, logical_id: str, attribute: str) -> str:
        """A resource's DeletionPolicy or UpdateReplacePolicy, with the defaults that AWS documents."""
        return policy_of(self.stack, self.template, logical_id, attribute)

    def stop(self, stop: Stop) -> None:
        """End the forward work; the first reason counts."""
        if self.stopped is None and self.work is not None and not self.work.done():
            self.stopped = stop
            self.work.cancel()

    def family(self) -> Iterator[Attempt]:
        """This attempt and those on its nested stacks, outermost first."""
        yield self
        for child in self.children.values():
            yield from child.family()


def needs_of(definitions: dict[str, Any]) -> dict[str, set[str]]:
    """Logical id -> the logical ids that it refers to or depends on."""
    return {name: set(engine._extract_deps(definition, set(definitions))) for name, definition in definitions.items()}


def policy_of(stack: Stack, template: dict[str, Any], logical_id: str, attribute: str) -> str:
    definition = (template.get("Resources") or {}).get(logical_id)
    return str(
        stacks._resource_policy(
            definition,
            attribute,
            stack.get("_resources", {}),
            stack.get("_resolved_params", {}),
            stack.get("_conditions", {}),
            template.get("Mappings", {}),
            stack["StackName"],
            stack["StackId"],
        )
    )


def snapshot(stack: Stack) -> Stack:
    """What a rollback restores of a stack."""
    kept = ("_resources", "_template", "_template_body", "_resolved_params", "_conditions", "Parameters", "Tags", "Outputs")
    return {name: copy.deepcopy(stack[name]) for name in kept if name in stack}


def event(stack: Stack, logical_id: str, resource_type: str, status: str, **given: str) -> None:
    """Record a stack event; ``given``: reason, physical_id."""
    stacks._add_event(
        stack["StackId"],
        stack["StackName"],
        logical_id,
        resource_type,
        status,
        given.get("reason", ""),
        given.get("physical_id", ""),
    )


def enter(stack: Stack, status: str, reason: str = "") -> None:
    """Set a stack's status, with its event."""
    stack["StackStatus"], stack["StackStatusReason"] = status, reason
    event(stack, stack["StackName"], STACK, status, reason=reason, physical_id=stack["StackId"])


def with_stack_tags(stack: Stack, tags: Any, record: Record) -> dict[str, Any]:
    """A resource's properties with the stack's tags added, as CloudFormation hands them to the service."""
    tagged: dict[str, Any] = provisioners._with_stack_tags(
        record["ResourceType"], record["Properties"], tags or [], stack["StackName"], stack["StackId"], record["LogicalResourceId"]
    )
    return tagged


_running: dict[tuple[str, str, str], Attempt] = {}


def attempt_on(stack: Stack) -> Attempt | None:
    """The last attempt on a stack, running or over."""
    return _running.get((account(), region(), stack["StackId"]))


def remember(attempt: Attempt) -> None:
    """Keep the attempt for whoever cancels, continues or rolls back the stack later."""
    _running[(account(), region(), attempt.stack_id)] = attempt


def forget_all() -> None:
    _running.clear()
