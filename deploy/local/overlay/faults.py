"""Faults that a test asks for: requests that fail, wait or lose their answer, and resources that cannot be made or put back."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from .emulator import account


class BadFault(ValueError):
    """A fault that says nothing that can be done, or says it wrongly."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One rule. What it is not told applies to all.

    Which: ``account``, ``service`` (as requests are signed for it: "cloudformation"), ``action`` with wildcards
    ("Describe*", "PutObject", "POST /restapis*"); or, for a resource of a stack, ``resource`` (its type), ``logical_id``
    and ``verb`` (create, update, delete, revert: an update on the way back). How often: ``probability``, ``times``.
    What: ``error`` (the code) with ``status`` and ``message``, ``latency`` in seconds, ``drop`` ("request": the connection
    closes before anything is done; "answer": after it is done), ``skew`` seconds on the Date that answers carry. A rule for
    a resource makes it fail with ``message``, unless it only asks for latency.
    """

    account: str | None = None
    service: str | None = None
    action: str | None = None
    resource: str | None = None
    logical_id: str | None = None
    verb: str | None = None
    probability: float = 1.0
    times: int | None = None
    error: str | None = None
    status: int = 400
    message: str = "Rate exceeded"
    latency: float = 0.0
    drop: str | None = None
    skew: float = 0.0

    @property
    def only_waits(self) -> bool:
        return self.latency > 0 and self.error is None

    def is_for_request(self, account_id: str, service: str, actions: Iterable[str]) -> bool:
        return (
            self.resource is self.logical_id is self.verb is None
            and self.account in (None, account_id)
            and self.service in (None, service)
            and (self.action is None or any(fnmatchcase(action, self.action) for action in actions))
        )

    def is_for_resource(self, resource_type: str, verb: str, logical_id: str) -> bool:
        named = (self.resource, self.logical_id, self.verb)
        return (
            named != (None, None, None)
            and self.account in (None, account())
            and all(mine in (None, theirs) for mine, theirs in zip(named, (resource_type, logical_id, verb), strict=True))
        )


_faults: list[Fault] = []


def read(given: Mapping[str, Any]) -> Fault:
    """A rule as a request gives it.

    Raises:
        BadFault: with the names that exist, where one does not.
    """
    known = {field.name for field in fields(Fault)}
    if unknown := sorted(set(given) - known):
        raise BadFault(f"unknown in a fault: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    made = Fault(**given)
    if made.drop not in (None, "request", "answer"):
        raise BadFault('drop is "request" or "answer"')
    return made


def add(rules: Iterable[Fault]) -> None:
    _faults.extend(rules)


def clear(account_id: str | None = None) -> None:
    """Forget all rules, or those of one account."""
    _faults[:] = [rule for rule in _faults if account_id is not None and rule.account != account_id]


def listed() -> list[dict[str, Any]]:
    return [{name: value for name, value in asdict(rule).items() if value is not None} for rule in _faults]


def request_faults(account_id: str, service: str, actions: Iterable[str]) -> list[Fault]:
    """The rules that strike this request; each is counted."""
    names = list(actions)
    return [rule for rule in _faults.copy() if rule.is_for_request(account_id, service, names) and _strikes(rule)]


def resource_faults(resource_type: str, verb: str, logical_id: str) -> list[Fault]:
    """The rules that strike this resource; each is counted."""
    return [rule for rule in _faults.copy() if rule.is_for_resource(resource_type, verb, logical_id) and _strikes(rule)]


def _strikes(rule: Fault) -> bool:
    if random.random() > rule.probability:  # noqa: S311 - chance, not secrecy
        return False
    if rule.times is not None:
        position = _faults.index(rule)
        _faults[position : position + 1] = [replace(rule, times=rule.times - 1)] if rule.times > 1 else []
    return True
