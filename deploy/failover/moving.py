"""The story of a failover: lock, record, switch, verify that the target serves, record how it ended.

Lock and ledger are those of the standby region, which must be there in either direction, and those of the first region as well where it
answers. Killed at whatever point, the same command finds the record that has not ended, and goes on: each step looks first whether it is done.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from deploy import entry, holding, lock, verification
from deploy.account import Account
from deploy.errors import Conflict, DeployError, OutcomeUnknown
from deploy.failover.alone import alone
from deploy.failover.asking import through_the_front
from deploy.failover.facts import Readiness, Way
from deploy.failover.gathering import OPERATION, failover_of
from deploy.failover.switching import Switch
from deploy.ledger import Ledger
from deploy.record import CheckResult, Outcome, Record
from deploy.show import Show
from deploy.whose import whose


@dataclass(kw_only=True)
class _Book:
    """One region's lock and ledger, while this holds the one and writes the other."""

    account: Account
    region: str
    ledger: Ledger
    record: Record
    held: lock.Lock


@dataclass(kw_only=True)
class Failover:
    """``edge``: brings the distribution to what Parameter Store says, and says how; ``reached`` as in `deploy.rollout`."""

    account: Account
    way: Way
    readiness: Readiness
    out: dict[str, str]
    show: Show
    edge: Callable[[], None]
    switch: Switch
    reached: Callable[[str], None] = lambda point: None
    _books: list[_Book] = field(default_factory=list)

    def run(self) -> Record:
        """Raises:
        Conflict: somebody else works on the environment.
        OutcomeUnknown: the switch has not moved yet; the same command again goes on.
        """
        operation = self._unfinished() or secrets.token_hex(32)
        try:
            for region in self._regions():
                self._open(region, operation)
            self.reached("began")
            self._move(operation)
            results = self._verify()
        except OutcomeUnknown:
            self._give_back()
            raise
        except DeployError as error:
            for book in self._books:
                book.ledger.ended(entry.refused(book.record, error))
            self._give_back()
            raise
        except BaseException:
            self._give_back()
            raise
        record = self._end("unverified" if verification.failed(results) else "succeeded", results)
        self.reached("ended")
        self._give_back()
        return record

    def _regions(self) -> tuple[str, ...]:
        """Where it is locked and recorded: the standby region first, which has to answer."""
        failover = failover_of(self.account)
        return (failover.standby, *(() if failover.region in self.out else (failover.region,)))

    def _unfinished(self) -> str:
        """What a killed run of the same command began; empty where the last one ended, or went the other way."""
        last = newest(self.account)
        if last is None or last.ended or not last.message.startswith(self.way.words):
            return ""
        self.show.note(f"going on with failover {last.number}, begun by {last.by} at {last.began:%H:%M:%S} UTC")
        return last.plan

    def _open(self, region: str, operation: str) -> None:
        place = alone(self.account, region)
        store = place.store("deploy", region)
        ledger = Ledger(store=store)
        holding.release_what_is_over(store, ledger)
        held = lock.acquire(store, operation=operation, verb=OPERATION, by=place.caller.arn, host=whose()[1])
        earlier = ledger.find(operation)
        lost = "; ".join(self.readiness.lost) or "nothing"
        message = f"{self.way.words}; lost at most: {lost}"
        record = earlier or entry.begun(place, held.holder.fence, OPERATION, operation, message=message)
        self._books.append(_Book(account=place, region=region, ledger=ledger, record=record, held=held))
        ledger.began(record)

    def _move(self, operation: str) -> None:
        for book in self._books:
            book.held.check()
        self.switch.move(self.way.target)
        self.reached("switched")
        self.switch.name(self.way.target)
        self.reached("named")
        if failover_of(self.account).edge:
            # The distribution is a stack, and its rollout takes the lock for itself.
            self._give_back()
            self.edge()
            self._take_again(operation)
        self.reached("moved")

    def _take_again(self, operation: str) -> None:
        for book in self._books:
            store = book.account.store("deploy", book.region)
            book.held = lock.acquire(store, operation=operation, verb=OPERATION, by=book.account.caller.arn, host=whose()[1])

    def _verify(self) -> tuple[CheckResult, ...]:
        target, note = self.way.target, self.show.note
        note(f"verifying that {target} serves")
        own = verification.verify(self.account, region=target, stop=threading.Event(), say=note)
        front = through_the_front(self.account, failover_of(self.account), target, note)
        for one in front:
            if one.ok is None:
                self.show.warn(f"whether users reach {target} is not known here: {one.name}: {one.reason}")
            else:
                note(verification.sentence(one))
        return (*own, *front)

    def _end(self, outcome: Outcome, results: tuple[CheckResult, ...]) -> Record:
        """In every ledger; one that cannot be written any more is said, since the standby region's stands."""
        ended: list[Record] = []
        for book in self._books:
            seconds = (datetime.now(UTC) - book.record.began).total_seconds()
            record = entry.ended(book.account, book.record, outcome, (), checks=results)
            record = msgspec.structs.replace(record, message=f"{record.message}; moved within {seconds:.0f} s")
            try:
                ended.append(book.ledger.ended(record))
            except OutcomeUnknown as error:
                if not ended:
                    raise
                self.show.warn(f"the ledger of {book.region} does not have it: {error.fact}")
        return ended[0]

    def _give_back(self) -> None:
        for book in self._books:
            try:
                holding.give_back(book.held, self.show.warn)
            except Conflict as error:
                self.show.warn(f"the lock of {book.region}: {error.fact}")


def newest(account: Account) -> Record | None:
    """The last time that traffic moved, or was to, as the standby region's ledger has it."""
    place = alone(account, failover_of(account).standby)
    found = Ledger(store=place.store("plan", place.manifest.region)).newest()
    # The update of a distribution has an entry of its own, with the release that it is of.
    return next((record for record in found if record.operation == OPERATION and not record.manifest), None)


def is_done(account: Account, readiness: Readiness) -> bool:
    """Traffic goes there already, and whoever moved it came to the end."""
    last = newest(account) if readiness.is_there else None
    return bool(last and last.outcome == "succeeded" and last.message.startswith(readiness.way.words))
