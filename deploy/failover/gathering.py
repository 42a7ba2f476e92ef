"""Facts of both regions, asked once. A region that is out is asked for nothing more, and nobody waits long for one that does not answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from deploy import gate, lock, verification
from deploy.account import Account
from deploy.aws.functions import Functions
from deploy.aws.metrics import Metric, Metrics
from deploy.aws.queues import Queues
from deploy.aws.tables import Tables
from deploy.errors import DeployError, Invalid, Refused
from deploy.failover.alone import alone, in_haste, silence
from deploy.failover.facts import Capacity, Copies, Facts, Objects, Ringing, Unknown, Way
from deploy.failover.switching import released, serving
from deploy.ledger import Ledger
from deploy.manifest import Failover
from deploy.record import CheckResult

T = TypeVar("T")
Say = Callable[[str], None]
LOOK_BACK = timedelta(hours=3)
OPERATION = "failover"


def failover_of(account: Account) -> Failover:
    """Raises:
    Refused: the environment has one region.
    """
    if account.manifest.failover is None:
        how = f"name a second one in env/{account.manifest.environment}.yaml, disaster_recovery, and deploy that"
        raise Refused(f"failover of {account.manifest.environment}", "it has one region", how)
    return account.manifest.failover


def way(account: Account, to: str, *, back: bool) -> Way:
    """Raises:
    Invalid: ``to`` is none of its regions, or contradicts ``--back``.
    """
    failover = failover_of(account)
    target = to or (failover.region if back else failover.standby)
    if target not in (failover.region, failover.standby):
        raise Invalid(f"--to {to}", "it is no region of the environment", f"there are {failover.region} and {failover.standby}")
    if back and target != failover.region:
        raise Invalid(f"--to {to}", f"--back goes to {failover.region}", "leave one of them out")
    going_back = target == failover.region
    source = failover.standby if going_back else failover.region
    return Way(environment=account.manifest.environment, source=source, target=target, back=going_back)


def gather(account: Account, going: Way, say: Say) -> Facts:
    """Asks AWS, changes nothing but what the environment's own checks do."""
    failover = failover_of(account)
    out = {region: why for region in (going.source, going.target) if (why := silence(account, region))}
    for region, why in out.items():
        say(f"{region} does not answer: {why}")
    soon = in_haste(account)

    def asked(region: str, ask: Callable[[], T]) -> T | Unknown:
        if region in out:
            return Unknown(reason=f"{region} does not answer")
        try:
            return ask()
        except DeployError as error:
            return Unknown(reason=f"{error.subject}: {error.fact}")

    now = datetime.now(UTC)
    return Facts(
        way=going,
        at=now,
        out=out,
        serving=asked(failover.standby, lambda: _known(serving(soon, failover))),
        objects=asked(going.target, lambda: _objects(soon, failover, going, now)),
        copies=asked(going.target, lambda: _copies(soon, failover, going, out, now)),
        capacity=asked(going.target, lambda: _capacity(soon, going, out)),
        ringing=asked(going.target, lambda: _ringing(soon, failover, going.target)),
        releases={region: asked(region, partial(_release, soon, region)) for region in (going.source, going.target)},
        verified=asked(going.target, lambda: _verified(account, going.target, say)),
        left=asked(going.source, lambda: _left(soon, going.source)),
        locks=tuple(_locks(soon, failover, going, out)),
    )


def _known(found: str | Unknown) -> str:
    if isinstance(found, Unknown):
        raise Refused("switch", found.reason)
    return found


def _objects(account: Account, failover: Failover, going: Way, now: datetime) -> Objects:
    """S3 publishes them in the region of the destination bucket (S3 user guide, replication metrics): also while the source is out.

    Raises:
        Refused: there are none.
    """
    source, target = failover.bucket, failover.standby_bucket
    if going.back:
        source, target = target, source
    metrics = account.metrics("plan", going.target)
    named = ("OperationsPendingReplication", "BytesPendingReplication", "ReplicationLatency")
    rules = _rules(metrics, source, target)
    points = metrics.newest(
        [
            Metric(namespace="AWS/S3", name=name, dimensions=(("SourceBucket", source), ("DestinationBucket", target), ("RuleId", rule)))
            for name in named
            for rule in rules
        ],
        now,
        LOOK_BACK,
    )
    found = {name: [point for point in points[index * len(rules) : (index + 1) * len(rules)] if point] for index, name in enumerate(named)}
    if not found[named[0]]:
        raise Refused(f"replication of {source}", f"S3 published no metric of it in {going.target} in the last three hours")
    operations, size, seconds = ([point.value for point in found[name]] for name in named)
    oldest = min(point.at for point in found[named[0]])
    return Objects(operations=int(sum(operations)), bytes=int(sum(size)), seconds=max(seconds, default=0.0), at=oldest)


def _rules(metrics: Metrics, source: str, target: str) -> list[str]:
    """The ids of the replication rules between two buckets, as their metrics name them."""
    dimensions = [{"Name": "SourceBucket", "Value": source}, {"Name": "DestinationBucket", "Value": target}]
    found = metrics.api.pages(
        "list_metrics", "Metrics", Namespace="AWS/S3", MetricName="OperationsPendingReplication", Dimensions=dimensions
    )
    return sorted({one["Value"] for metric in found for one in metric["Dimensions"] if one["Name"] == "RuleId"})


def _copies(account: Account, failover: Failover, going: Way, out: dict[str, str], now: datetime) -> Copies:
    """The latency is measured where something is written (DynamoDB developer guide, ReplicationLatency): in the source, where it answers."""
    states = Tables(api=account.api("plan", "dynamodb", going.target)).copies(failover.table)
    if going.source in out:
        return Copies(states=states)
    metric = Metric(
        namespace="AWS/DynamoDB",
        name="ReplicationLatency",
        dimensions=(("TableName", failover.table), ("ReceivingRegion", going.target)),
    )
    try:
        point = account.metrics("plan", going.source).newest([metric], now, timedelta(minutes=15))[0]
    except DeployError:
        point = None
    return Copies(states=states, milliseconds=point.value if point else None)


def _capacity(account: Account, going: Way, out: dict[str, str]) -> Capacity:
    there = Functions(api=account.api("plan", "lambda", going.target))
    here = None if going.source in out else Functions(api=account.api("plan", "lambda", going.source))
    names = sorted(_named(account, going.target, "AWS::Lambda::Function", "FunctionName"))
    limit, free = there.limits()
    reserved = {name: (here.reserved(name) if here else None, there.reserved(name)) for name in names}
    return Capacity(reserved=reserved, limit=limit, free=free)


def _ringing(account: Account, failover: Failover, region: str) -> Ringing:
    manifest, alarms = account.manifest, account.alarms("plan", region)
    stacks = [stack for stack in manifest.stacks if stack.region == region]
    aside = {failover.switch, *(gate.name_of(stack) for stack in stacks)}
    watching = {trigger.alarm for stack in stacks for trigger in stack.guard.triggers} - aside
    found = [one.name for one in alarms.within(f"{manifest.project}-", f"-{manifest.environment}") if one.state == "ALARM"]
    return Ringing(
        watching=tuple(name for name in found if name in watching),
        others=tuple(name for name in found if name not in watching | aside),
    )


def _release(account: Account, region: str) -> str:
    return released(account.parameters("plan", region).get(f"{account.manifest.parameters}/release"))


def _verified(account: Account, region: str, say: Say) -> tuple[CheckResult, ...]:
    return verification.verify(account, region=region, say=say)


def _left(account: Account, region: str) -> dict[str, int]:
    queues = Queues(api=account.api("plan", "sqs", region), owner=account.manifest.account)
    return {name: queues.level(name).total for name in sorted(_named(account, region, "AWS::SQS::Queue", "QueueName"))}


def _locks(account: Account, failover: Failover, going: Way, out: dict[str, str]) -> Iterator[str]:
    """Of whoever else holds one: what this verb began and did not end is its own to finish."""
    for region in (failover.region, failover.standby):
        if region in out:
            continue
        store = alone(account, region).store("plan", region)
        holder = lock.holder(store)
        if holder and holder.alive(lock.now()):
            record = Ledger(store=store).find(holder.operation)
            if not (record and (record.ended or record.message.startswith(going.words))):
                yield f"{region}: {holder.words}"


def _named(account: Account, region: str, kind: str, key: str) -> Iterator[str]:
    """Names that the templates of a region's stacks give to resources of one type."""
    services = {service for stack in account.manifest.stacks if stack.region == region for service in stack.services}
    for template in account.manifest.templates:
        if template.service in services:
            document: dict[str, Any] = json.loads(account.pieces.read(template))
            for resource in document.get("Resources", {}).values():
                name = resource.get("Properties", {}).get(key)
                if resource.get("Type") == kind and isinstance(name, str):
                    yield name
