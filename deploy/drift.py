"""Looking for drift: a detection now, or what the scheduled function has found last.

reports = look(account)        a DriftReport for each root stack of the environment, with everything nested in it
stored = last_report(account)  the newest stored one with its age, None where there is none; asks for no detection
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from deploy.account import Account
from deploy.detector import drift_acceptance, drift_detection, drift_readers, drift_report
from deploy.drifting import Drifted, DriftReport, Stored, from_report
from deploy.errors import Conflict, Denied, DeployError, Refused
from deploy.manifest import Drift, Manifest, Stack
from deploy.status import Status

SECONDS = 600.0
"""How long detections may take in all; AWS says "several minutes" (DetectStackDrift)."""

LATEST = "drift/latest.json"
_DETECTED = (
    Status.CREATE_COMPLETE,
    Status.UPDATE_COMPLETE,
    Status.UPDATE_ROLLBACK_COMPLETE,
    Status.UPDATE_ROLLBACK_FAILED,
    Status.IMPORT_COMPLETE,
    Status.IMPORT_ROLLBACK_COMPLETE,
)
"""The states in which CloudFormation detects drift (user guide, "Detect drift on an entire CloudFormation stack")."""


def look(
    account: Account,
    *,
    who: bool = False,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[DriftReport, ...]:
    """``who``: ask CloudTrail as well, who changed what has drifted.

    Raises:
        Refused: a stack does not stand.
        Conflict: it is at work, or in a state in which CloudFormation detects nothing.
        Denied: a permission is missing.
    """
    for stack in account.manifest.stacks:
        _check(account, stack)
    patience = drift_detection.Patience(seconds=seconds, clock=clock, sleep=sleep, pause=0.5 if account.sessions.endpoint else 3.0)
    return tuple(_one(account, stack, patience, who=who) for stack in account.manifest.stacks)


def last_report(account: Account, stack: str = "") -> Stored | None:
    """Of one root stack, the first that has a detector unless it is named."""
    place = next((one for one in account.manifest.drift if one.stack == (stack or one.stack)), None)
    found = _stored(account, place) if place else None
    if found is None:
        return None
    report = from_report(found)
    return Stored(report=report, age=(datetime.now(UTC) - report.at).total_seconds())


def acceptances(account: Account, stack: Stack) -> list[drift_acceptance.Acceptance]:
    """All that stand for this stack, those that are over included; they lie in its own region, where its detector reads them."""
    path = f"{account.manifest.parameters}/{drift_acceptance.FOLDER}/{stack.name}"
    texts = (one.value for one in account.parameters("plan", stack.region).under(path).values())
    return [one for one in map(drift_acceptance.read, texts) if one]


def _check(account: Account, stack: Stack) -> None:
    environment = account.manifest.environment
    found = account.stacks("plan", stack.region).find(stack.name)
    if found is None or found.status.is_absent:
        raise Refused(f"stack {stack.name}", "nothing is deployed", f"deploy something: python -m deploy up {environment}")
    if found.status.is_busy:
        how = f"wait for it, or look at it: python -m deploy status {environment}"
        raise Conflict(f"stack {stack.name}", f"it is {found.status}: CloudFormation detects drift when nothing runs", how)
    if found.status not in _DETECTED:
        how = f"see the ways out: python -m deploy recover {environment}"
        raise Conflict(f"stack {stack.name}", f"CloudFormation detects no drift while it is {found.status}", how)


def _one(account: Account, stack: Stack, patience: drift_detection.Patience, *, who: bool) -> DriftReport:
    from deploy.aws.plain import Plain, code

    manifest = account.manifest

    def client(service: str) -> Any:
        return Plain(account.api("plan", service, stack.region))

    readers = drift_readers.Readers(client=client, code=code)
    detection = drift_detection.detect(client("cloudformation"), stack.name, patience, reads=readers, code=code)
    previous, notes = _previous(account, stack)
    made = drift_report.report(
        detection,
        previous,
        datetime.now(UTC),
        environment=manifest.environment,
        stack=stack.name,
        acceptances=acceptances(account, stack),
    )
    report = from_report(made)
    ways = tuple(_with_ways(one, manifest, stack.name) for one in report.drifted)
    report = msgspec.structs.replace(report, drifted=ways, notes=notes)
    return _with_names(account, stack, report) if who else report


def _previous(account: Account, stack: Stack) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The stored report, for since when; a bucket that is gone hides no drift: it is one."""
    place = next((one for one in account.manifest.drift if one.stack == stack.name), None)
    if place is None:
        return None, ()
    try:
        return _stored(account, place), ()
    except Denied as error:
        return None, (f"since when is not known, the stored report cannot be read: {error.subject} {error.fact}",)


def _stored(account: Account, place: Drift) -> dict[str, Any] | None:
    held = account.store_of("plan", place.region, place.bucket).get(LATEST)
    return drift_report.read(held.data) if held else None


def _with_ways(one: Drifted, manifest: Manifest, stack: str) -> Drifted:
    return msgspec.structs.replace(one, ways=tuple(_ways(one, manifest.environment, manifest.named(stack, one.path))))


def _ways(one: Drifted, environment: str, name: str) -> Iterator[str]:
    """A deployment alone changes only what differs in the templates, so it is no way back. ``name``: by which it is accepted."""
    if not one.revertable:
        yield f"put it back by hand: CloudFormation cannot read {one.type}, so no change set sees the difference"
    elif one.status == "DELETED":
        yield f"make it again: python -m deploy up {environment} --revert-drift (a new one: what it held is gone)"
    else:
        yield f"put it back: python -m deploy up {environment} --revert-drift (what can only be replaced stays as it is)"
        yield f"keep it: write it into the templates, then python -m deploy up {environment} --revert-drift"
    yield f'live with it: python -m deploy drift {environment} --accept {name} --until DATE --reason "..."'


def _with_names(account: Account, stack: Stack, report: DriftReport) -> DriftReport:
    """Best effort: what CloudTrail does not tell is said, and no error."""
    from deploy.aws.trail import Trail

    trail = Trail(api=account.api("plan", "cloudtrail", stack.region))
    told: list[Drifted] = []
    for one in report.drifted:
        try:
            told.append(msgspec.structs.replace(one, by=trail.acts(one.physical_id.rsplit("/", 1)[-1].rsplit(":", 1)[-1])))
        except DeployError as error:
            note = f"CloudTrail cannot be asked who changed what: {error.fact}"
            return msgspec.structs.replace(report, drifted=(*told, *report.drifted[len(told) :]), notes=(*report.notes, note))
    return msgspec.structs.replace(report, drifted=tuple(told))
