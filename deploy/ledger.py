"""Who did what to an environment, and how it ended: two records an operation, written once, never rewritten.

``ledger/<99999999 - number>-<number>-<plan>-began.json`` and ``...-ended.json`` in the artifact bucket, with AWS's events beside them in
``...-events.json``: S3 lists the newest first. The number is the lock's fence, so it only grows. One that began and has not ended was
killed, or runs.

Who cancels does not have the lock: the operation that is cancelled has it. So a cancel is recorded under that operation's number and
plan, in ``...-<plan>-cancel-<when>-began.json`` and ``-ended.json``, beside the two that are the operation's own.

Who changes the runtime configuration does not take the lock either. Those records stand by themselves, newest first as well, in
``ledger/config/<99...9 - milliseconds>-<plan>-<setting>-began.json`` and ``-ended.json``; their number is that of the operation before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, TypeVar

import msgspec

from deploy.errors import Conflict
from deploy.lock import Held
from deploy.model import Event
from deploy.noun import decoded
from deploy.parallel import each
from deploy.record import VERSION, Outcome, Record
from deploy.status import Status

_PREFIX = "ledger/"
_CANCEL = "-cancel-"
_SETTINGS = f"{_PREFIX}config/"
_LAST_MOMENT = 9_999_999_999_999
_TOP = 99_999_999
T = TypeVar("T")


class Keeps(Protocol):
    """Where the ledger is kept; `deploy.aws.store.Store` in a deployment."""

    def keys(self, prefix: str, most: int | None = None) -> Iterator[str]: ...
    def get(self, key: str) -> Held | None: ...
    def put_if_absent(self, key: str, data: bytes, kind: str = ...) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """One environment's."""

    store: Keeps

    def began(self, record: Record) -> None:
        """Before anything is changed. Writing it twice is writing it once."""
        self.store.put_if_absent(_key(record, "began"), _encode(record))

    def keep(self, record: Record, events: tuple[Event, ...]) -> None:
        """What AWS did, event by event, before the record says how it ended."""
        data = msgspec.json.format(msgspec.json.encode(events), indent=0) + b"\n"
        self.store.put_if_absent(_key(record, "events"), data)

    def events(self, number: int) -> tuple[Event, ...] | None:
        """Those of one operation, oldest first; None where there is none of this number."""
        found = [key for key in self.store.keys(f"{_PREFIX}{_TOP - number:08d}-") if key.endswith("-events.json")]
        key = min(found, key=lambda key: _CANCEL in key, default="")
        held = self.store.get(key) if key else None
        return _decode(held.data, tuple[Event, ...], key) if held else None

    def ended(self, record: Record) -> Record:
        """The record that stands: where another run of the same operation has written one first, that one."""
        if self.store.put_if_absent(_key(record, "ended"), _encode(record)):
            return record
        return self._read(_key(record, "ended")) or record

    def find(self, plan: str) -> Record | None:
        """How an operation with this plan ended; as it began where it has not; None where there was none."""
        found = [key for key in self._records() if f"-{plan[:16]}-" in key]
        # A plan that was refused may be tried again, under a later number: that one counts, although it has not ended yet.
        newest = [key for key in found if key.split("-")[1] == found[0].split("-")[1]]
        return self._read(min(newest, key=lambda key: (_CANCEL in key, key.endswith("began.json")))) if newest else None

    def newest(self, most: int = 50) -> tuple[Record, ...]:
        """Newest first; each as it ended, or as it began where it has not."""
        return self._each(self._records(), most)

    def changes(self, most: int = 50, setting: str = "") -> tuple[Record, ...]:
        """The same of the runtime configuration, or of one setting."""
        keys = self.store.keys(_SETTINGS)
        return self._each((key for key in keys if not setting or key.rpartition("-")[0].split("-", 2)[2] == setting), most)

    def _each(self, keys: Iterator[str], most: int) -> tuple[Record, ...]:
        chosen: dict[str, str] = {}
        for key in keys:
            stem = key.rpartition("-")[0]
            # Between the two records of an operation stand those of its cancels, if any.
            if stem not in chosen and len(chosen) >= most and _CANCEL not in stem:
                break
            if stem not in chosen or key.endswith("ended.json"):
                chosen[stem] = key
        return tuple(record for record in each(self._read, list(chosen.values())[:most]) if record)

    def unfinished(self, operation: str) -> Record | None:
        """The newest one of this kind that began and has not ended: it runs, or whoever ran it was killed."""
        return next((record for record in self.newest() if record.operation == operation and record.ended is None), None)

    def last_success(self) -> Record | None:
        """The newest deployment that did what was asked and was verified. None after a destroy."""
        return self._newest("succeeded")

    def _newest(self, *outcomes: Outcome) -> Record | None:
        for key in self._records():
            if key.endswith("-ended.json"):
                record = self._read(key)
                if record and took_down(record):
                    return None
                if record and record.outcome in outcomes and record.manifest:
                    return record
        return None

    def standing(self) -> Record | None:
        """The newest deployment that was carried out, verified or not: what runs now. None after a destroy."""
        return self._newest("succeeded", "unverified")

    def _records(self) -> Iterator[str]:
        operations = takewhile(lambda key: not key.startswith(_SETTINGS), self.store.keys(_PREFIX))
        return (key for key in operations if not key.endswith("-events.json"))

    def _read(self, key: str) -> Record | None:
        held = self.store.get(key)
        return decode(held.data, key) if held else None


def took_down(record: Record) -> bool:
    """After it nothing runs any more: a destroy, or whatever else ended with stacks deleted that had once succeeded."""
    if record.outcome != "succeeded":
        return False
    gone = [moved for moved in record.stacks if moved.after == Status.DELETE_COMPLETE]
    ran = any(moved.before and not Status(moved.before).is_failed_create for moved in gone)
    return record.operation == "destroy" or (ran and len(gone) == len(record.stacks))


def decode(data: bytes, key: str = "ledger") -> Record:
    """Raises:
    Conflict: the record is of a later version, or no record.
    """
    record = _decode(data, Record, key)
    if record.version > VERSION:
        raise Conflict(f"record {key}", f"it has version {record.version}, and this deployer reads {VERSION}", "use a newer deployer")
    return record


def _decode(data: bytes, kind: type[T], key: str) -> T:
    try:
        return decoded(data, kind)
    except msgspec.DecodeError as error:
        remedy = "use the deployer that wrote it, or a newer one"
        raise Conflict(f"record {key}", f"this deployer cannot read it: {error}", remedy) from error


def _key(record: Record, word: str) -> str:
    if record.change:
        moment = _LAST_MOMENT - int(record.began.timestamp() * 1000)
        return f"{_SETTINGS}{moment:013d}-{record.plan[:16]}-{record.change.name}-{word}.json"
    own = f"{_CANCEL}{record.began:%Y%m%dT%H%M%S%f}-" if record.operation == "cancel" else "-"
    return f"{_PREFIX}{_TOP - record.number:08d}-{record.number:08d}-{record.plan[:16]}{own}{word}.json"


def _encode(record: Record) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1) + b"\n"
