"""Following what somebody else began: the console, another tool, a process that died; recorded where it would have no record.

What this deployer began has a record, which the same command ends; everything else gets one, with a number of its own, as operation
``observed``. Its key is made of the operation itself, so two who look write one record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from deploy import begun, entry, holding, lock
from deploy.account import Account
from deploy.begun import Begun
from deploy.ending import causes_of, is_cancelled, outcome_of
from deploy.errors import Conflict, DeployError, RolledBack, Stuck
from deploy.interrupt import Interrupt
from deploy.ledger import Ledger
from deploy.model import Stack
from deploy.progress import Progress, begin, rollback_causes
from deploy.record import Moved, Outcome, Record
from deploy.show import Show
from deploy.status import Status
from deploy.watch import Feed, follow


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One operation that runs on one stack."""

    account: Account
    stack: Stack
    region: str
    begun: Begun
    show: Show

    def run(self) -> Record:
        """Follow it to its end. The record is in the ledger only where the operation had none.

        Raises:
            OutcomeUnknown: AWS could not be followed to the end.
        """
        account = self.account
        store = account.store("deploy", account.manifest.region)
        ledger = Ledger(store=store)
        record = self._mine(store, ledger) if self.begun.ours else self._record(0)
        if self.begun.ours:
            what = f"{record.operation} {record.number} by {record.by}" if record.number else "this deployer began it"
            self.show.note(f"following {self.stack.name}: {what}; the command that began it records how it ends")
        else:
            self.show.note(f"following {self.stack.name}: something else began it, at {self.begun.at:%H:%M:%S} UTC")
            record = self._enter(ledger, record)
        progress = self._follow()
        outcome = self._outcome(Status(progress.status))
        ended = entry.ended(
            account,
            record,
            outcome,
            progress.own,
            stacks=tuple(self._moved(moved, progress.status) for moved in record.stacks),
            causes=(*([progress.cause] if progress.cause else []), *rollback_causes(progress.own)),
        )
        if ended.operation == "observed" and ended.number:
            ledger.keep(ended, progress.own)
            ledger.ended(ended)
        return ended

    def _moved(self, moved: Moved, after: str) -> Moved:
        return msgspec.structs.replace(moved, after=after) if moved.stack == self.stack.name else moved

    def _mine(self, store: lock.Swaps, ledger: Ledger) -> Record:
        """The record of who has the lock, where it is about this stack."""
        held = lock.holder(store)
        record = ledger.find(held.operation) if held and held.held else None
        return record if record and any(moved.stack == self.stack.name for moved in record.stacks) else self._record(0)

    def _record(self, number: int) -> Record:
        return entry.begun(
            self.account,
            number,
            "observed",
            sha256(f"observed {self.stack.id} {self.begun.id}".encode()).hexdigest(),
            began=self.begun.at,
            stacks=(Moved(stack=self.stack.name, before=self.begun.before),),
            message=f"begun by something else, token {self.begun.token or 'none'}",
        )

    def _enter(self, ledger: Ledger, record: Record) -> Record:
        """With a number, where the lock is free: held for a moment alone, since nothing is changed."""
        if earlier := ledger.find(record.plan):
            return earlier
        store = self.account.store("deploy", self.account.manifest.region)
        holding.release_what_is_over(store, ledger)
        try:
            held = lock.acquire(store, operation=record.plan, verb="observe", by=record.by, host=record.host)
        except Conflict as busy:
            self.show.warn(f"it is followed, and not recorded: {busy.subject}: {busy.fact}")
            return record
        numbered = msgspec.structs.replace(record, number=held.holder.fence)
        ledger.began(numbered)
        held.release()
        return numbered

    def _follow(self) -> Progress:
        feed = Feed(reads=self.account.stacks("plan", self.region), stack_id=self.stack.id, since=self.begun.at)
        progress = begin(self.stack.name, since=self.begun.at)
        words = (
            f"AWS goes on. python -m deploy status {self.account.manifest.environment} --follow comes back. Once more (Ctrl-C) leaves now."
        )
        with self.show.follow(progress) as shown, Interrupt(lambda: self.show.warn(words)):
            return follow(feed, progress, shown)

    def _outcome(self, after: Status) -> Outcome:
        deleted = after is Status.DELETE_COMPLETE and self.begun.deletes
        # What went on to put back what had failed did what was asked.
        put_back = after.is_good and "ROLLBACK" in self.begun.status
        return "succeeded" if deleted or put_back else outcome_of(after)


def attachments(account: Account, show: Show) -> Iterator[Attachment]:
    """What runs on the stacks of an environment, in their order."""
    for wanted in account.manifest.stacks:
        stacks = account.stacks("plan", wanted.region)
        stack = stacks.find(wanted.name)
        if stack and stack.status.is_busy and (operation := begun.last(stacks, stack.id)):
            yield Attachment(account=account, stack=stack, region=wanted.region, begun=operation, show=show)


def error_of(record: Record) -> DeployError | None:
    """How a command ends after what it followed: None where all is well."""
    if record.code == 0:
        return None
    environment, names = record.environment, ", ".join(f"{moved.stack} is {moved.after}" for moved in record.stacks if moved.after)
    if record.outcome == "stuck":
        how = f"see the ways out: python -m deploy recover {environment}"
        return Stuck(f"operation on {environment}", f"it failed and could not be put back: {names}", how, causes_of(record))
    what = "it was cancelled and put back" if is_cancelled(record) else "it failed and was rolled back"
    return RolledBack(f"operation on {environment}", f"{what}: {names}", "the environment is as it was", causes_of(record))
