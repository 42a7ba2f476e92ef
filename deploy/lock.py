"""One deployment of an environment at a time: a lock in S3 with an owner, an end, and a number that only grows.

S3's conditional writes decide who gets it. Whoever finds it expired may take it; the fence number then moves on, so that the one who
lost it learns of it when it looks again, just before it executes. A lock is given back by a write, not by a deletion, so that the number
survives: it also numbers the ledger.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from deploy.errors import Conflict, OutcomeUnknown
from deploy.noun import Noun, decoded
from deploy.whose import has_ended

KEY = "locks/deployment.json"
LIFETIME = timedelta(minutes=15)


class Held(Protocol):
    """An object and the tag that its next swap must name."""

    @property
    def data(self) -> bytes: ...
    @property
    def tag(self) -> str: ...


class Swaps(Protocol):
    """Where the lock is kept; `deploy.aws.store.Store` in a deployment."""

    def get(self, key: str) -> Held | None: ...
    def swap(self, key: str, data: bytes, tag: str | None) -> str | None: ...


class Holder(Noun, frozen=True, kw_only=True):
    """Who has the lock. ``operation`` is the plan's digest: whoever runs the same plan again is the same holder. ``nonce`` tells one write
    from every other, so that a writer knows its own. ``pid`` on that host.
    """

    operation: str
    verb: str
    by: str
    host: str
    fence: int
    since: datetime
    until: datetime
    nonce: str = ""
    held: bool = True
    pid: int = 0

    def alive(self, now: datetime) -> bool:
        return self.held and now < self.until

    @property
    def words(self) -> str:
        plan = f" of plan {self.operation[:12]}" if self.verb.endswith("apply") else ""
        gone = f"; its process {self.pid} has ended, and the same command again goes on" if has_ended(self.host, self.pid) else ""
        ends = f"until {self.until:%H:%M:%S} unless it goes on"
        return f"{self.verb}{plan} by {self.by} on {self.host} since {self.since:%H:%M:%S} UTC ({ends}{gone})"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Lock:
    """A lock that is held, or was. ``clock`` gives the time in UTC."""

    store: Swaps
    holder: Holder
    tag: str
    clock: Callable[[], datetime] = now

    def check(self) -> None:
        """Raises:
        Conflict: somebody else has taken it since.
        """
        found = self.store.get(KEY)
        if found is None or found.tag != self.tag:
            raise _lost(self.holder, found)
        # What is about to begin has most of a lifetime before it, so that nobody takes the lock in the same moment.
        self.renew()

    def renew(self) -> None:
        """Hold it for its whole lifetime again, once a third of it has gone.

        Raises:
            Conflict: somebody else has taken it since.
        """
        at = self.clock()
        if at < self.holder.until - LIFETIME * 2 / 3:
            return
        self._write(_new(self.holder, until=at + LIFETIME))

    def keep(self) -> None:
        """Renew it while something is followed. What S3 misses in passing ends nothing: the lock outlives it, and a loss is found by the next.

        Raises:
            Conflict: somebody else has taken it since.
        """
        with contextlib.suppress(OutcomeUnknown):
            self.renew()

    def release(self) -> None:
        """Give it back; one that somebody else has taken is theirs. This one is over then: it can be neither checked nor renewed."""
        _swap(self.store, _new(self.holder, held=False), self.tag)

    def _write(self, holder: Holder) -> None:
        tag = _swap(self.store, holder, self.tag)
        if tag is None:
            raise _lost(self.holder, self.store.get(KEY))
        self.holder, self.tag = holder, tag


def holder(store: Swaps) -> Holder | None:
    """Who has or had the lock; None where nobody ever had it."""
    found = current(store)
    return found.holder if found else None


def current(store: Swaps) -> Lock | None:
    """The lock as it is, whoever has it."""
    found = store.get(KEY)
    return Lock(store=store, holder=_decode(found.data), tag=found.tag) if found else None


def acquire(
    store: Swaps, *, operation: str, verb: str, by: str, host: str, clock: Callable[[], datetime] = now, look: str = "status ENV"
) -> Lock:
    """``look``: the verb that shows who is at work.

    Raises:
        Conflict: somebody else has it; the message says who, and until when.
    """
    found = store.get(KEY)
    last = _decode(found.data) if found else None
    at = clock()
    if last and last.alive(at) and last.operation != operation:
        raise Conflict("lock", f"held for {last.words}", f"wait for it, or look at it: python -m deploy {look}")
    # The same operation again is the same entry of the ledger, whoever runs it.
    fence = last.fence if last and last.held and last.operation == operation else (last.fence if last else 0) + 1
    until, nonce = at + LIFETIME, secrets.token_hex(8)
    mine = Holder(operation=operation, verb=verb, by=by, host=host, fence=fence, since=at, until=until, nonce=nonce, pid=os.getpid())
    tag = _swap(store, mine, found.tag if found else None)
    if tag is None:
        other = holder(store)
        raise Conflict("lock", f"taken at the same moment for {other.words if other else 'somebody else'}", "run the same command again")
    return Lock(store=store, holder=mine, tag=tag, clock=clock)


def _encode(value: Holder) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1)


def _new(former: Holder, **changes: Any) -> Holder:
    return msgspec.structs.replace(former, nonce=secrets.token_hex(8), **changes)


def _swap(store: Swaps, value: Holder, tag: str | None) -> str | None:
    """As the store's own. Where the answer was lost on the way, the repeated request is refused although the first was done."""
    data = _encode(value)
    made = store.swap(KEY, data, tag)
    if made is None and (found := store.get(KEY)) and found.data == data:
        return found.tag
    return made


def _decode(data: bytes) -> Holder:
    """Raises:
    Conflict: another version of the deployer wrote it.
    """
    try:
        return decoded(data, Holder)
    except msgspec.DecodeError as error:
        raise Conflict("lock", f"this deployer cannot read it: {error}", "use the deployer that wrote it, or a newer one") from error


def _lost(mine: Holder, found: Held | None) -> Conflict:
    taker = _decode(found.data) if found else None
    words = f"{'now' if taker.held else 'since then'} held for {taker.words}" if taker else "the object is gone"
    return Conflict(
        "lock",
        f"it was lost: {words}",
        "nothing was executed after that; see what runs: python -m deploy status ENV",
        (f"lost by {mine.words}",),
    )
