"""A set now: what stands where, since when, of which release, and what works on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import msgspec

from deploy.aws.failures import AwsRefusal
from deploy.aws.stack_sets import StackSets
from deploy.errors import Denied, Refused
from deploy.record import Record
from deploy.stacksets.home import Home
from deploy.stacksets.looking import reach
from deploy.stacksets.model import DRIFT, PREFIX, Instance, InstanceState, Operation, Place, SetStatus
from deploy.stacksets.steps import ours

MOST_OPERATIONS = 500
"""CloudFormation forgets operations after 90 days; of older ones than these nobody asks when an instance last changed."""

ROLLOUTS = 5
_STANDS = ("succeeded", "unverified", "failed", "unknown")


def state(home: Home) -> SetStatus:
    """Pages of instances and of operations, and no request an instance."""
    sets = home.sets("plan")
    records = home.ledger("plan").newest()
    found = sets.find()
    stands = next((record for record in records if record.outcome in _STANDS), None)
    base = SetStatus(
        name=home.name,
        set_name=home.stack_set.set_name,
        account=home.account.manifest.account,
        region=home.stack_set.region,
        at=datetime.now(UTC),
        exists=found is not None,
        release=stands.release if stands else "",
        commit=stands.commit if stands else None,
        rollouts=records[:ROLLOUTS],
    )
    waves = _waves(home)
    if found is None:
        return _with(base, missing=tuple(sorted(waves)))
    instances = tuple(sets.instances())
    operations = _operations(sets, {one.operation for one in instances if one.operation})
    running = sets.running()
    states = tuple(_one(instance, waves, operations, records, base.release) for instance in instances)
    return _with(
        base,
        drift=found.drift,
        drift_checked=found.drift_checked,
        running=running,
        begun_by=_begun_by(running, records) if running else "",
        waves=_counted(home, states),
        instances=states,
        missing=tuple(sorted(waves.keys() - {one.place for one in instances})),
        outdated=sum(one.status == "OUTDATED" for one in states),
        inoperable=sum(one.status == "INOPERABLE" for one in states),
    )


def _begun_by(running: Operation, records: tuple[Record, ...]) -> str:
    """By the ledger; by a detection's own id, since no ledger has those."""
    if running.id.startswith(PREFIX + DRIFT):
        return running.id.removeprefix(PREFIX + DRIFT).partition("-")[2]
    return next((record.by for record in records if record.plan and running.id.startswith(ours(record.plan))), "")


def _with(base: SetStatus, **changes: object) -> SetStatus:
    return msgspec.structs.replace(base, **changes)


def _waves(home: Home) -> dict[Place, str]:
    """Instance -> its wave; where the organization cannot be asked, those of the named accounts."""
    try:
        return {target.place: target.wave for target in reach(home)[0].targets}
    except (AwsRefusal, Denied, Refused):
        return {(account, region): wave.name for wave in home.stack_set.waves for account in wave.accounts for region in wave.regions}


def _operations(sets: StackSets, wanted: set[str]) -> dict[str, Operation]:
    """By id, newest first, until all that are wanted are found."""
    found: dict[str, Operation] = {}
    for one in islice(sets.operations(), MOST_OPERATIONS):
        if wanted <= found.keys():
            break
        found[one.id] = one
    return found


def _one(
    instance: Instance, waves: dict[Place, str], operations: dict[str, Operation], records: tuple[Record, ...], release: str
) -> InstanceState:
    last = operations.get(instance.operation)
    return InstanceState(
        account=instance.account,
        region=instance.region,
        wave=waves.get(instance.place, ""),
        status=instance.status,
        detailed=instance.detailed,
        reason=instance.reason,
        drift=instance.drift,
        since=(last.ended or last.created) if last else None,
        release=release if instance.status == "CURRENT" else next(_releases(instance, records), ""),
    )


def _releases(instance: Instance, records: tuple[Record, ...]) -> Iterator[str]:
    """Of an instance that is not what its set is: the rollout that last changed it, where it did change it."""
    if instance.detailed == "SUCCEEDED":
        yield from (record.release for record in records if record.plan and instance.operation.startswith(ours(record.plan)))


def _counted(home: Home, states: tuple[InstanceState, ...]) -> dict[str, tuple[int, int]]:
    found = {wave.name: [0, 0] for wave in home.stack_set.waves}
    for one in states:
        if one.wave in found:
            found[one.wave][0] += one.status == "CURRENT"
            found[one.wave][1] += 1
    return {name: (current, whole) for name, (current, whole) in found.items()}
