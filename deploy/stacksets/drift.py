"""Drift over all instances of a set: one detection at a time, ours or the one that runs, followed to its end."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable

from deploy.errors import Refused
from deploy.parallel import each
from deploy.show import Show
from deploy.stacksets.following import follow
from deploy.stacksets.home import Home
from deploy.stacksets.model import DRIFT, PREFIX, DriftedInstance, Instance, Operation, SetDrift, Unchecked
from deploy.stacksets.requests import operation_preferences

DETECTION = "DETECT_DRIFT"


def look(home: Home, show: Show, *, sleep: Callable[[float], None] = time.sleep) -> SetDrift:
    """
    Raises:
        Refused: there is no such set.
        OutcomeUnknown: AWS could not be followed to the end.
    """
    sets = home.sets("plan")
    if sets.find() is None:
        raise Refused(f"StackSet {home.name}", "nothing is rolled out", f"roll it out: python -m deploy stackset plan {home.name}")
    operation = _detection(home, show, sleep)
    ended = follow(sets, operation, lambda news: None, sleep=sleep)
    results = list(sets.results(operation))
    drifted = tuple(sets.instances(DRIFT_STATUS="DRIFTED"))
    checked = {result.place for result in results if result.status == "SUCCEEDED"}
    return SetDrift(
        name=home.name,
        set_name=home.stack_set.set_name,
        operation=operation,
        at=ended.ended,
        checked=len(checked),
        drifted=tuple(each(lambda one: _resources(home, one, operation), [one for one in drifted if one.place in checked])),
        unchecked=tuple(
            Unchecked(account=one.account, region=one.region, reason=one.reason or one.status)
            for one in results
            if one.place not in checked
        ),
    )


def _detection(home: Home, show: Show, sleep: Callable[[float], None]) -> str:
    """The id of the one that runs; else of one that is begun once nothing else works on the set."""
    sets, identifier = home.sets("plan"), _named(home.account.sessions.who)
    preferences = home.stack_set.waves[-1].preferences
    while True:
        running = next((one for one in _pending(home) if one.action == DETECTION), None)
        if running:
            show.note(f"{running.words} detects drift already, and is followed")
            return running.id
        if sets.begin("detect_stack_set_drift", identifier, OperationPreferences=operation_preferences(preferences, ())):
            return identifier
        if other := sets.running():
            show.note(f"{other.words} is at work on the set: drift is detected after it")
            follow(sets, other.id, lambda news: None, sleep=sleep)


def _named(who: str) -> str:
    """No operation says who began it, so its id does; letters and length as CloudFormation takes them."""
    return f"{PREFIX}{DRIFT}{secrets.token_hex(8)}-{re.sub('[^a-zA-Z0-9-]', '-', who)}"[:128]


def _pending(home: Home) -> list[Operation]:
    running = home.sets("plan").running()
    return [running] if running else []


def _resources(home: Home, instance: Instance, operation: str) -> DriftedInstance:
    found = home.sets("plan").resource_drifts(instance.account, instance.region, operation)
    return DriftedInstance(account=instance.account, region=instance.region, resources=found)
