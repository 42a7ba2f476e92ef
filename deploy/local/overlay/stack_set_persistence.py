"""StackSets, who may act for an organization, and the regions that accounts have: kept over a stop, as stacks are.

Models the user guide's "StackSets concepts" (a set is a resource like others) for a server that is started with `persist`; what ran when
it was stopped has failed when it is there again, and leaves its instances as they were.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from . import account_regions, delegated_administrators
from . import stack_set_organizations as organizations
from .emulator import cloudformation, engine, responses
from .stack_set_preferences import Preferences
from .stack_set_records import AutoDeployment, Instance, Operation, Result, StackSet, all_sets, remember

_KEY = "tapline"
_INTERRUPTED = "The local AWS was stopped while the operation ran"
_OF_OPERATIONS = ("operation_id", "action", "request", "details", "status", "reason", "created", "ended")

_get_state = cloudformation.get_state
_load_state = cloudformation.load_persisted_state


def get_state() -> dict[str, Any]:
    """MiniStack's own, with ours."""
    ours = {
        "sets": [_kept(known) for known in all_sets()],
        "access": organizations.kept(),
        "administrators": delegated_administrators.kept(),
        "regions": account_regions.kept(),
    }
    return {**_get_state(), _KEY: ours}


def load_state(data: dict[str, Any] | None) -> None:
    _load_state(data)
    ours = (data or {}).get(_KEY)
    if ours:
        for one in ours["sets"]:
            remember(_brought_back(one))
        organizations.bring_back(ours["access"])
        delegated_administrators.bring_back(ours["administrators"])
        account_regions.bring_back(ours["regions"])


def _kept(stack_set: StackSet) -> dict[str, Any]:
    plain = {field.name: getattr(stack_set, field.name) for field in fields(StackSet) if field.name != "template"}
    return {
        **plain,
        "automatic": asdict(stack_set.automatic),
        "instances": [asdict(instance) for instance in stack_set.instances.values()],
        "operations": [_kept_operation(operation) for operation in stack_set.operations],
    }


def _kept_operation(operation: Operation) -> dict[str, Any]:
    plain = {name: getattr(operation, name) for name in _OF_OPERATIONS}
    if not operation.over:
        plain |= {"status": "FAILED", "reason": _INTERRUPTED, "ended": responses.now_iso()}
    results = [asdict(result) for result in operation.results.values()]
    return {**plain, "preferences": asdict(operation.preferences), "results": results}


def _brought_back(found: dict[str, Any]) -> StackSet:
    instances = [Instance(**one) for one in found["instances"]]
    automatic = {**found["automatic"], "depends_on": tuple(found["automatic"]["depends_on"])}
    return StackSet(
        **{
            **found,
            "template": engine._parse_template(found["body"]),
            "automatic": AutoDeployment(**automatic),
            "instances": {instance.target: instance for instance in instances},
            "operations": [_operation(one) for one in found["operations"]],
        }
    )


def _operation(found: dict[str, Any]) -> Operation:
    """One that is over: nothing begins, and nothing is worked on."""
    results = [Result(**{**one, "status": _over(one["status"])}) for one in found["results"]]
    preferences = Preferences(**{**found["preferences"], "order": tuple(found["preferences"]["order"])})
    return Operation(
        **{name: found[name] for name in _OF_OPERATIONS},
        preferences=preferences,
        claims=frozenset(),
        begin=list,
        work=_nothing,
        results={(result.account, result.region): result for result in results},
    )


def _over(status: str) -> str:
    return {"PENDING": "CANCELLED", "RUNNING": "FAILED"}.get(status, status)


async def _nothing(instance: Instance) -> None:
    """Its work is done, or lost."""


def install() -> None:
    cloudformation.get_state = get_state
    cloudformation.load_persisted_state = load_state
