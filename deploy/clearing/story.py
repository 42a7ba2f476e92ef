"""The story of a removal: look, take the lock, look again, write down what is to go, remove it, record how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from deploy import entry, holding, lock
from deploy.account import Account
from deploy.clearing.choice import Choice, Thing, choose, in_order
from deploy.clearing.facts import gather
from deploy.errors import DeployError, Refused
from deploy.ledger import Ledger
from deploy.model import Event
from deploy.parallel import each
from deploy.record import Record
from deploy.show import Show
from deploy.whose import whose

OPERATION = "gc"
TOGETHER = 500
"""Objects between two looks at the lock."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Clearing:
    """``others``: the environments whose releases the tools account keeps; ``clock``: what ages are measured by."""

    account: Account
    keep: int
    days: int
    show: Show
    others: Mapping[str, Account] = field(default_factory=dict)
    clock: Callable[[], datetime] = now

    @property
    def operation(self) -> str:
        """The same for the same person and window, so that the same command goes on where a run of it was killed."""
        name, by = self.account.manifest.environment, self.account.caller.arn
        return sha256(f"{OPERATION} {name} {self.keep} {self.days} {by}".encode()).hexdigest()

    def look(self) -> Choice:
        """Raises:
        Conflict: somebody is at work or has a plan, or something cannot be read.
        """
        found = gather(self.account, self.others, keep=self.keep, days=self.days, now=self.clock(), mine=self.operation)
        return choose(found)

    def remove(self, seen: Choice) -> Record:
        """What was ``seen``, as far as nothing needs it now.

        Raises:
            Conflict: as ``look``.
            Refused: the manifest names no role that may remove anything.
        """
        account, name = self.account, self.account.manifest.environment
        if not account.manifest.roles.gc:
            how = f"generate again, then: python -m deploy bootstrap {name}"
            raise Refused(f"gc of {name}", "its manifest names no role that may remove anything", how)
        store = account.store("deploy", account.manifest.region)
        ledger = Ledger(store=store)
        holding.release_what_is_over(store, ledger)
        operation = self.operation
        held = lock.acquire(store, operation=operation, verb=OPERATION, by=account.caller.arn, host=whose()[1])
        try:
            shown = {(thing.bucket, thing.key) for thing in seen.removable}
            things = tuple(thing for thing in self.look().removable if (thing.bucket, thing.key) in shown)
            window = f"kept {self.keep} releases and those younger than {self.days} days"
            record = entry.begun(account, held.holder.fence, OPERATION, operation, message=f"{_words(things)} to go; {window}")
            ledger.began(record)
            # Before the first one goes, so that a run that is cut off leaves no hole that nobody can explain.
            events = tuple(map(self._event, things))
            ledger.keep(record, events)
            return self._carried_out(held, ledger, record, things, events)
        finally:
            holding.give_back(held, self.show.warn)

    def _carried_out(self, held: lock.Lock, ledger: Ledger, record: Record, things: tuple[Thing, ...], events: tuple[Event, ...]) -> Record:
        gone: list[Thing] = []
        try:
            stores = {place.name: self.account.store("gc", place.region) for place in self.account.manifest.artifacts}
            for together in in_order(things):
                for first in range(0, len(together), TOGETHER):
                    held.check()
                    part = together[first : first + TOGETHER]
                    each(lambda thing: stores[thing.bucket].remove(thing.key), part)
                    gone += part
        except DeployError as error:
            message = f"{_words(gone)} removed of {_words(things)}, then: {error.text}"
            with contextlib.suppress(DeployError):
                ledger.ended(entry.ended(self.account, record, "failed", events, code=error.code, message=message))
            raise
        return ledger.ended(entry.ended(self.account, record, "succeeded", events, message=f"{_words(gone)} removed"))

    def _event(self, thing: Thing) -> Event:
        return Event(
            id=f"{thing.bucket}/{thing.key}",
            at=self.clock(),
            path=(thing.bucket, thing.key),
            type="S3 object",
            status="REMOVED",
            reason=f"{thing.size:,} bytes, of {thing.modified:%Y-%m-%d %H:%M} UTC",
        )


def _words(things: tuple[Thing, ...] | list[Thing]) -> str:
    return f"{len(things)} object{'s' * (len(things) != 1)}, {sum(thing.size for thing in things):,} bytes"
