"""What is copied to another region waits while either of the two is out, arrives afterwards in order, and says how far it is behind.

Models the S3 user guide's "What does Amazon S3 replicate?" (replicas are not replicated again) and "Using S3 Replication metrics"
(OperationsPendingReplication, BytesPendingReplication and ReplicationLatency, of rules that ask for metrics, in the region of the
destination), and the DynamoDB developer guide's "Global tables": asynchronous, the last writer wins, ReplicationLatency by receiving
region. MiniStack copies within the request; here too, unless a fault's rule strikes the action `Replicate` of s3 or dynamodb at the
destination (an error or a dropped connection holds copies back, latency delays them) or one of the regions is out.

A configuration whose destination is not there is refused in S3's words, as clients have published them ("Destination bucket must
exist."); MiniStack itself refuses one that keeps no versions. A bucket of a template fails with the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import alarms
from .emulator import Answer, account, cloudwatch, dynamodb, region, responses, s3
from .faults import Call, request_faults
from .settings import EVALUATION_SECONDS

Way = tuple[str, str, str, str, str]
"""Account, service, what is copied (a bucket or a table), the region that it comes from and the one that it goes to."""

_replicate = s3._maybe_replicate
_replicate_marker = s3._maybe_replicate_delete_marker
_replicate_write = dynamodb._replicate_write
_put_configuration = s3._put_bucket_replication
_BUCKET = re.compile(rb"<Destination>.*?<Bucket>\s*arn:[a-z-]+:s3:::([^<\s]+)\s*</Bucket>", re.DOTALL)


@dataclass(kw_only=True)
class Copy:
    """Something that has not arrived. ``ready``: not before."""

    do: Callable[[], None]
    size: int = 0
    ready: float = 0.0
    since: float = field(default_factory=time.time)


_waiting: dict[Way, deque[Copy]] = {}
_written: dict[tuple[str, str, str, str, str], float] = {}
"""When an item of a global table was last written: account, region, table and key -> time."""


def _held(way: Way) -> float | None:
    """Seconds that the next copy is to wait; None while it cannot be made at all."""
    owner, service, _, source, destination = way
    struck = request_faults(Call(account=owner, region=destination, service=service, actions=("Replicate",)))
    struck += request_faults(Call(account=owner, region=source, service=service, actions=("ReplicateFrom",)))
    if any(rule.error or rule.drop for rule in struck):
        return None
    return sum(rule.latency for rule in struck)


def _send(way: Way, copy: Copy) -> bool:
    """Copy now, or when it can be; False where it waits."""
    delay = _held(way)
    if delay == 0 and not _waiting.get(way):
        copy.do()
        return True
    copy.ready = time.time() + (delay or 0)
    _waiting.setdefault(way, deque()).append(copy)
    return False


async def keep_copying() -> None:
    """Make the copies that waited, in their order, and report how far behind they are."""
    while True:
        await asyncio.sleep(EVALUATION_SECONDS)
        for way, copies in list(_waiting.items()):
            with alarms.as_owner(way[0], way[3]), contextlib.suppress(Exception):
                while copies and copies[0].ready <= time.time() and _held(way) is not None:
                    copies.popleft().do()
            if not copies:
                del _waiting[way]
        for (owner, bucket), config in list(s3._bucket_replication._data.items()):
            with contextlib.suppress(Exception):
                _report(owner, bucket, config)


def _report(owner: str, bucket: str, config: dict[str, Any]) -> None:
    for rule in config.get("Rules", []):
        if (rule["Destination"].get("Metrics") or {}).get("Status") != "Enabled":
            continue
        with alarms.as_owner(owner, "us-east-1"):
            way = _way_of_bucket(bucket, rule)
        copies = _waiting.get(way) or ()
        dimensions = {"SourceBucket": bucket, "DestinationBucket": _destination(rule), "RuleId": rule.get("ID", "")}
        with alarms.as_owner(owner, way[4]):
            put = cloudwatch.record_metric
            put("AWS/S3", "OperationsPendingReplication", float(len(copies)), "Count", dimensions)
            put("AWS/S3", "BytesPendingReplication", float(sum(copy.size for copy in copies)), "Bytes", dimensions)
            put("AWS/S3", "ReplicationLatency", time.time() - copies[0].since if copies else 0.0, "Seconds", dimensions)


def _bucket_region(name: str) -> str:
    """Names of buckets are unique over all accounts."""
    return next((str(found.get("region") or region()) for (_, known), found in s3._buckets._data.items() if known == name), region())


def _destination(rule: dict[str, Any]) -> str:
    return str(rule["Destination"]["Bucket"]).rpartition(":::")[2]


def _way_of_bucket(bucket: str, rule: dict[str, Any]) -> Way:
    return account(), "s3", bucket, _bucket_region(bucket), _bucket_region(_destination(rule))


def replicate(bucket: str, key: str, record: dict[str, Any], data: Any, tags: dict[str, str] | None = None) -> None:
    """MiniStack's own, when the way is free."""
    rule, _ = s3._replication_rule_for(bucket, key, tags)
    if rule is None or s3._replication_destination(bucket, key, rule, "") is None:
        _replicate(bucket, key, record, data, tags)
        return

    def late() -> None:
        _replicate(bucket, key, record, data, tags)
        for version in s3._object_versions.get((bucket, key), []):
            if version["version_id"] == record.get("version_id"):
                version["replication_status"] = record["replication_status"]

    if not _send(_way_of_bucket(bucket, rule), Copy(do=late, size=int(record.get("size") or 0))):
        record["replication_status"] = "PENDING"


def replicate_marker(bucket: str, key: str) -> None:
    config = s3._bucket_replication.get(bucket) or {}
    rule = next((known for known in config.get("Rules", []) if key.startswith(s3._replication_rule_prefix(known))), None)
    if rule is not None:
        _send(_way_of_bucket(bucket, rule), Copy(do=lambda: _replicate_marker(bucket, key)))


def replicate_write(table: dict[str, Any], event: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
    """MiniStack's own, to one region after the other; what comes late does not undo what was written after it."""
    name, home, written = table["TableName"], region(), time.time()
    others = [place for place in dynamodb._replica_group(table) if place != home]
    if not others:
        return
    key = _key(table, new if new is not None else old)
    _written[account(), home, name, *key] = written
    for place in others:
        way = (account(), "dynamodb", name, home, place)

        def copy(place: str = place, way: Way = way) -> None:
            with responses.request_scope(way[0], home):
                if _written.get((way[0], place, name, *key), 0) <= written:
                    _written[way[0], place, name, *key] = written
                    _replicate_write({**table, "_global_regions": [home, place]}, event, old, new)
                dimensions = {"TableName": name, "ReceivingRegion": place}
                cloudwatch.record_metric("AWS/DynamoDB", "ReplicationLatency", (time.time() - written) * 1000, "Milliseconds", dimensions)

        _send(way, Copy(do=copy))


def _key(table: dict[str, Any], item: dict[str, Any] | None) -> tuple[str, str]:
    found = item or {}
    parts = (str(dynamodb._extract_key_val(found.get(table[name]))) if table[name] else "" for name in ("pk_name", "sk_name"))
    first, second = parts
    return first, second


def put_configuration(bucket: str, body: bytes) -> Answer:
    """MiniStack's own, which looks at the versions of a destination that is there, once every one is."""
    if s3._bucket_versioning.get(bucket) == "Enabled" and any(
        s3._bucket_owner_account(found.decode()) is None for found in _BUCKET.findall(body)
    ):
        refused: Answer = s3._error("InvalidRequest", "Destination bucket must exist.", 400, f"/{bucket}")
        return refused
    put: Answer = _put_configuration(bucket, body)
    return put


def forget_all() -> None:
    _waiting.clear()
    _written.clear()


def install() -> None:
    s3._maybe_replicate = replicate
    s3._maybe_replicate_delete_marker = replicate_marker
    dynamodb._replicate_write = replicate_write
    s3._put_bucket_replication = put_configuration
