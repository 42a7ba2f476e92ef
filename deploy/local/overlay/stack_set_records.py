"""StackSets as they are remembered: sets, their instances, their operations, and how a request that names one is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .emulator import Answer, Parameters, account, region, responses
from .stack_set_preferences import Preferences
from .wire import Handler, refusal, text

SELF_MANAGED, SERVICE_MANAGED = "SELF_MANAGED", "SERVICE_MANAGED"

Target = tuple[str, str]
"""An account and a region."""


class Failed(Exception):
    """Why the operation failed in one account and region, in AWS's words."""


class Skipped(Exception):
    """The account is suspended: nothing was tried there."""


@dataclass(kw_only=True, eq=False)
class Instance:
    """``status``: how it stands to its set; ``detailed``: how the last operation went here."""

    account: str
    region: str
    unit: str | None = None
    status: str = "OUTDATED"
    detailed: str = "PENDING"
    reason: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    stack_id: str = ""
    drift: str = "NOT_CHECKED"
    drift_checked: str | None = None
    last_operation: str = ""

    @property
    def target(self) -> Target:
        return self.account, self.region

    @property
    def stack_name(self) -> str:
        return self.stack_id.split("/")[1] if self.stack_id else ""


@dataclass(kw_only=True, eq=False)
class Result:
    """One account and region of one operation."""

    account: str
    region: str
    unit: str | None
    status: str = "PENDING"
    reason: str = ""


@dataclass(kw_only=True, eq=False)
class Operation:
    """``request``: what was asked, for who asks again; ``claims``: where it works, None for the whole set; ``begin`` changes the set
    and says which instances to work on; ``work`` does one of them. It waits for ``after`` to be over and for ``needs`` to be well."""

    operation_id: str
    action: str
    preferences: Preferences
    claims: frozenset[Target] | None
    begin: Callable[[], list[Instance]]
    work: Callable[[Instance], Awaitable[None]]
    request: Parameters = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    finish: Callable[[Operation], None] | None = None
    after: tuple[Operation, ...] = ()
    needs: tuple[Operation, ...] = ()
    status: str = "QUEUED"
    reason: str = ""
    created: str = field(default_factory=responses.now_iso)
    ended: str | None = None
    results: dict[Target, Result] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        return self.ended is not None

    @property
    def well(self) -> bool:
        """It is over and nothing failed, not even within its tolerance."""
        return self.status == "SUCCEEDED" and not self.failures()

    @property
    def stopping(self) -> bool:
        return self.status == "STOPPING"

    def failures(self) -> int:
        return sum(result.status == "FAILED" for result in self.results.values())

    def conflicts(self, other: Operation) -> bool:
        return self.claims is None or other.claims is None or bool(self.claims & other.claims)


@dataclass(frozen=True, kw_only=True)
class AutoDeployment:
    enabled: bool = False
    retain: bool = False
    depends_on: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class StackSet:
    """``values``: the set's own parameters; ``units``: the OUs that it is deployed to, each with its regions."""

    name: str
    unique: str
    account: str
    region: str
    description: str
    body: str
    template: dict[str, Any]
    values: dict[str, str]
    tags: list[dict[str, str]]
    capabilities: list[str]
    model: str
    administration_role: str
    execution_role: str
    automatic: AutoDeployment
    managed_execution: bool
    token: str
    status: str = "ACTIVE"
    instances: dict[Target, Instance] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    units: dict[str, list[str]] = field(default_factory=dict)
    drift: dict[str, Any] = field(default_factory=dict)

    @property
    def set_id(self) -> str:
        return f"{self.name}:{self.unique}"

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stackset/{self.set_id}"

    @property
    def service_managed(self) -> bool:
        return self.model == SERVICE_MANAGED

    def names(self) -> tuple[str, ...]:
        """By which it is called; a deleted one has lost its name."""
        return (self.set_id, self.arn, *([self.name] if self.status == "ACTIVE" else []))

    def operation(self, identifier: str) -> Operation | None:
        return next((known for known in self.operations if known.operation_id == identifier), None)

    def pending(self) -> list[Operation]:
        """What runs or waits, in the order of the requests."""
        return [operation for operation in self.operations if not operation.over]


class Refused(Exception):
    """A request that is not taken, and what is answered to it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


def refused(code: str, message: str, status: int = 400) -> Refused:
    return Refused(refusal(code, message, status))


def invalid(message: str) -> Refused:
    return refused("ValidationError", message)


def refusing(handler: Handler) -> Handler:
    """A handler whose refusals become its answers."""

    def answered(params: Parameters) -> Answer:
        try:
            return handler(params)
        except Refused as problem:
            return problem.answer

    return answered


_sets: dict[str, StackSet] = {}
"""By ARN."""


def remember(stack_set: StackSet) -> None:
    _sets[stack_set.arn] = stack_set


def sets_in(owner: str, place: str) -> list[StackSet]:
    """Those of an account and region."""
    return [kept for kept in _sets.values() if (kept.account, kept.region) == (owner, place)]


def sets_of(owner: str) -> Iterator[StackSet]:
    """Those of an account in every region that still exist."""
    return (kept for kept in list(_sets.values()) if kept.account == owner and kept.status == "ACTIVE")


def all_sets() -> list[StackSet]:
    return list(_sets.values())


def named(name: str) -> StackSet | None:
    """By name where it exists; by id or ARN also when it is deleted."""
    return _named(account(), region(), name)


def _named(owner: str, place: str, name: str) -> StackSet | None:
    return next((kept for kept in sets_in(owner, place) if name in kept.names()), None)


def arn_of(owner: str, place: str, name: str) -> str:
    """The ARN that a policy is asked about: of a set by its name, id or ARN, whether it is there or not."""
    known = _named(owner, place, name)
    if known is not None:
        return known.arn
    return name if name.startswith("arn:") else f"arn:aws:cloudformation:{place}:{owner}:stackset/{name}{'' if ':' in name else ':*'}"


def asked_for(params: Parameters) -> StackSet:
    """The set that a request names; a deleted one can still be looked at, by its id.

    Raises:
        Refused: there is none.
    """
    name = text(params, "StackSetName")
    found = named(name)
    if found is None:
        raise refused("StackSetNotFoundException", f"StackSet {name} not found", 404)
    return found


def existing(params: Parameters) -> StackSet:
    """The set that a request names, not deleted.

    Raises:
        Refused: there is none.
    """
    found = asked_for(params)
    if found.status == "DELETED":
        raise refused("StackSetNotFoundException", f"StackSet {found.set_id} not found", 404)
    return found


def forget_all() -> None:
    _sets.clear()
