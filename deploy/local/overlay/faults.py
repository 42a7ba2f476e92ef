"""Faults that a test asks for: requests that fail, wait, are too many or lose their answer, regions that are out, and resources that
cannot be made or put back."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from .emulator import account, region


class BadFault(ValueError):
    """A fault that says nothing that can be done, or says it wrongly."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a rule may look at in a request: whose it is, where it goes (S3's to its bucket, an API's to where it stands), what it asks."""

    account: str
    region: str
    service: str
    actions: tuple[str, ...]

    @property
    def limited_as(self) -> tuple[str, str, str]:
        """What AWS counts requests by."""
        return self.account, self.region, self.service


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One rule. What it is not told applies to all.

    Which: ``account``, ``region``, ``service`` (as requests are signed for it: "cloudformation"), ``but`` (services that it is not for),
    ``action`` with wildcards ("Describe*", "PutObject", "POST /restapis*"); or, for a resource of a stack, ``resource`` (its type), ``logical_id``
    and ``verb`` (create, update, delete, revert: an update on the way back). How often: ``probability``, ``times``,
    ``rate`` (requests a second that pass, for each account, region and service; the rule strikes those above it).
    What: ``error`` (the code) with ``status`` and ``message``, ``latency`` in seconds, ``drop`` ("request": the connection
    closes before anything is done; "answer": after it is done), ``skew`` seconds on the Date that answers carry. A rule for
    a resource makes it fail with ``message``, unless it only asks for latency.
    """

    account: str | None = None
    region: str | None = None
    service: str | None = None
    but: tuple[str, ...] = ()
    action: str | None = None
    resource: str | None = None
    logical_id: str | None = None
    verb: str | None = None
    probability: float = 1.0
    times: int | None = None
    rate: float | None = None
    error: str | None = None
    status: int = 400
    message: str = "Rate exceeded"
    latency: float = 0.0
    drop: str | None = None
    skew: float = 0.0

    @property
    def only_waits(self) -> bool:
        return self.latency > 0 and self.error is None

    def is_for_request(self, call: Call) -> bool:
        return (
            self.resource is self.logical_id is self.verb is None
            and self.account in (None, call.account)
            and self.region in (None, call.region)
            and self.service in (None, call.service)
            and call.service not in self.but
            and (self.action is None or any(fnmatchcase(action, self.action) for action in call.actions))
        )

    def is_for_resource(self, resource_type: str, verb: str, logical_id: str) -> bool:
        named = (self.resource, self.logical_id, self.verb)
        return (
            named != (None, None, None)
            and self.account in (None, account())
            and self.region in (None, region())
            and all(mine in (None, theirs) for mine, theirs in zip(named, (resource_type, logical_id, verb), strict=True))
        )


_faults: list[Fault] = []
_tokens: dict[tuple[Fault, tuple[str, str, str]], tuple[float, float]] = {}
"""How many requests may pass at once, and when that was so."""


def read(given: Mapping[str, Any]) -> Fault:
    """A rule as a request gives it.

    Raises:
        BadFault: with the names that exist, where one does not.
    """
    known = {field.name for field in fields(Fault)}
    if unknown := sorted(set(given) - known):
        raise BadFault(f"unknown in a fault: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    made = Fault(**{**given, "but": tuple(given.get("but", ()))})
    if made.drop not in (None, "request", "answer"):
        raise BadFault('drop is "request" or "answer"')
    if made.rate is not None and not made.rate > 0:
        raise BadFault("rate is more than 0 requests a second")
    return made


def add(rules: Iterable[Fault]) -> None:
    _faults.extend(rules)


def clear(account_id: str | None = None, place: str | None = None) -> None:
    """Forget all rules, or those that name this account, this region, or both."""
    _faults[:] = [rule for rule in _faults if (account_id and rule.account != account_id) or (place and rule.region != place)]
    for key in [key for key in _tokens if key[0] not in _faults]:
        del _tokens[key]


def listed() -> list[dict[str, Any]]:
    return [{name: value for name, value in asdict(rule).items() if value is not None} for rule in _faults]


def request_faults(call: Call) -> list[Fault]:
    """The rules that strike this request; each is counted."""
    return [rule for rule in _faults.copy() if rule.is_for_request(call) and _is_over(rule, call) and _strikes(rule)]


def _is_over(rule: Fault, call: Call) -> bool:
    """Whether the request is one too many: a bucket of a second's requests, filled at the rule's rate."""
    if rule.rate is None:
        return True
    most, now = max(1.0, rule.rate), time.monotonic()
    left, since = _tokens.get((rule, call.limited_as), (most, now))
    left = min(most, left + (now - since) * rule.rate)
    _tokens[rule, call.limited_as] = (left - 1 if left >= 1 else left, now)
    return left < 1


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
