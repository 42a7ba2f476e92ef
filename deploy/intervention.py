"""One request about one stack, recovered or cancelled: asked once, followed to its end, recorded.

The request's token is made of the record, which is written before AWS is asked. So whoever runs the same verb again after a kill finds the
record without an end, and from it whether AWS was asked, and what became of it (`resume`).

A create is undone by closing the gate, which is no request about the stack: what follows has the create's own token.

A recovery has the lock. A cancel stops what has the lock: it is recorded under that operation's number, beside it, and takes the lock only
where nobody has it (`deploy.ledger`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import msgspec

from deploy import begun, entry, gate, holding, lock
from deploy.account import Account
from deploy.aws.failures import AwsRefusal
from deploy.aws.stacks import Stacks
from deploy.begun import Begun
from deploy.errors import Conflict, DeployError, Interrupted, OutcomeUnknown
from deploy.interrupt import Interrupt
from deploy.ledger import Ledger
from deploy.leftovers import PREFIX
from deploy.model import Event, Stack
from deploy.progress import Progress, begin
from deploy.record import Moved, Outcome, Record
from deploy.show import Show
from deploy.status import Status
from deploy.watch import SKEW, Feed, follow
from deploy.whose import whose

Verb = Literal["recover", "cancel"]
GATE = "closing the gate"
"""The choice that closes the deployment gate instead of asking CloudFormation."""


@dataclass(kw_only=True)
class Intervention:
    """``stack`` as it is now, ``begun`` the operation that it is in or was in; ``choice``: what was chosen, as the record says it;
    ``ask`` makes the request, with a token; ``under``: the operation that has the lock, where a cancel stops it.
    """

    account: Account
    verb: Verb
    stack: Stack
    region: str
    begun: Begun
    choice: str
    ask: Callable[[Stacks, str], None]
    show: Show
    under: Record | None = None
    reached: Callable[[str], None] = lambda point: None

    def run(self) -> Record:
        """Raises:
        Conflict: somebody works on the environment, or AWS does not take the request.
        OutcomeUnknown: AWS could not be followed to the end; the same command again goes on.
        """
        account = self.account
        store = account.store("deploy", account.manifest.region)
        ledger = Ledger(store=store)
        if self.under:
            return self._carry_out(self._record(self.under.number, self.under.plan), ledger, None)
        holding.release_what_is_over(store, ledger)
        # The same choice about the same state is the same operation, whoever asks: who was killed before his record stood comes back.
        seed = f"{self.verb} {self.stack.id} {self.begun.id} {self.stack.status} {self.choice}"
        operation = sha256(seed.encode()).hexdigest()
        held = lock.acquire(store, operation=operation, verb=self.verb, by=account.caller.arn, host=whose()[1])
        self.reached("locked")
        try:
            ended = self._carry_out(self._record(held.holder.fence, operation), ledger, held)
        except (OutcomeUnknown, Interrupted):
            raise  # what was asked goes on, and the lock is its
        except BaseException:
            holding.give_back(held, self.show.warn)
            raise
        holding.give_back(held, self.show.warn)
        return ended

    def _record(self, number: int, operation: str) -> Record:
        before = (Moved(stack=self.stack.name, before=self.stack.status),)
        return entry.begun(self.account, number, self.verb, operation, stacks=before, message=self.choice)

    def _carry_out(self, record: Record, ledger: Ledger, held: lock.Lock | None) -> Record:
        stacks = self.account.stacks("deploy", self.region)
        token = self.begun.token if self.choice == GATE else token_of(record)
        feed = Feed(reads=stacks, stack_id=self.stack.id, token=token, since=self.begun.at)
        ledger.began(record)
        self.reached("began")
        try:
            if held:
                held.check()
            self._ask(stacks, feed, token_of(record))
        except OutcomeUnknown:
            raise
        except DeployError as error:
            ledger.ended(entry.refused(record, error))
            raise
        self.reached("asked")
        progress = watch(feed, record, self.show, held)
        self.reached("ending")
        return _finish(self.account, ledger, record, progress)

    def _ask(self, stacks: Stacks, feed: Feed, token: str) -> None:
        try:
            self.ask(stacks, token)
        except AwsRefusal as error:
            # An answer that was lost on its way makes botocore ask again, and AWS refuse the second time.
            if self.choice != GATE and feed.begun():
                return
            now = stacks.find(self.stack.id)
            raise Conflict(
                f"stack {self.stack.name}",
                f"AWS does not take it: {error.message}; it is {now.status if now else 'gone'} now",
                f"look again: python -m deploy {self.verb} {self.account.manifest.environment}",
            ) from error


def token_of(record: Record) -> str:
    """The token of the request that a record is about."""
    when = f"-{record.began:%H%M%S%f}" if record.operation == "cancel" else ""
    return f"{PREFIX}{record.operation}-{record.plan[:16]}{when}"


def resume(account: Account, verb: Verb, show: Show) -> Record | None:
    """What an earlier run began and did not end: followed to its end, which is recorded. None where there is none, or where AWS was
    never asked; that is recorded as well.
    """
    store = account.store("deploy", account.manifest.region)
    ledger = Ledger(store=store)
    left = ledger.unfinished(verb)
    if left is None:
        holding.release_what_is_over(store, ledger)
        return None
    name = left.stacks[0].stack
    wanted = next((stack for stack in account.manifest.stacks if stack.name == name), None)
    stacks = account.stacks("deploy", wanted.region if wanted else account.manifest.region)
    stack = stacks.find(name)
    if stack is None:
        # Deleted by what was asked; its events are found by its id alone, which died with who knew it.
        ended = _finish(account, ledger, left, None)
    else:
        feed, asked = _asked(account, left, stacks, stack)
        if not asked:
            ledger.ended(entry.refused(left, Conflict(f"{verb} of {name}", "it was ended before AWS was asked", "nothing was changed")))
            holding.release_what_is_over(store, ledger)
            return None
        show.note(f"attaching to {verb} {left.number} of {name}, by {left.by}: {left.message}")
        ended = _finish(account, ledger, left, watch(feed, left, show, None))
    holding.release_what_is_over(store, ledger)
    return ended


def _asked(account: Account, left: Record, stacks: Stacks, stack: Stack) -> tuple[Feed, bool]:
    """What follows from a request, and whether it was ever made."""
    if left.message != GATE:
        feed = Feed(reads=stacks, stack_id=stack.id, token=token_of(left), since=left.began - SKEW)
        return feed, feed.begun()
    operation = begun.last_forward(stacks, stack.id)
    feed = Feed(reads=stacks, stack_id=stack.id, token=operation.token if operation else "", since=operation.at if operation else None)
    return feed, stack.status is not Status.CREATE_IN_PROGRESS or gate.closed(account, stack.name)


def watch(feed: Feed, record: Record, show: Show, held: lock.Lock | None) -> Progress:
    """Follow what a record's request does, from its first event on."""
    again = f"the same command again follows it; python -m deploy status {record.environment} shows it"
    progress = begin(record.stacks[0].stack, token=feed.token)
    with show.follow(progress) as shown, Interrupt(lambda: show.warn(f"AWS goes on. {again}. Once more (Ctrl-C) leaves now.")):

        def news(newer: Progress) -> None:
            shown(newer)
            if held:
                held.keep()

        return follow(feed, progress, news)


def _finish(account: Account, ledger: Ledger, record: Record, progress: Progress | None) -> Record:
    after = Status(progress.status) if progress else Status.DELETE_COMPLETE
    outcome = _outcome(record.operation, after)
    if record.message == GATE:
        gate.open_for(account, record.stacks[0].stack, "the create is undone")
    own = progress.own if progress else ()
    more = {"code": 6} if outcome == "refused" else {}
    ended = entry.ended(
        account,
        record,
        outcome,
        own,
        stacks=(msgspec.structs.replace(record.stacks[0], after=after),),
        causes=progress.failures if progress and after.is_stuck else (),
        message="; ".join((record.message, *left_behind(own))),
        **more,
    )
    ledger.keep(ended, own)
    ledger.ended(ended)
    return ended


def left_behind(events: tuple[Event, ...]) -> tuple[str, ...]:
    """What a deletion has left, since its template retains it: it is in the way of the next create, and keeps its costs."""
    kept = {"/".join(event.path): event.physical_id for event in events if event.status == "DELETE_SKIPPED"}
    return (f"left behind: {', '.join(f'{path} ({name})' for path, name in sorted(kept.items()))}",) if kept else ()


def _outcome(verb: str, after: Status) -> Outcome:
    if after.is_stuck:
        return "stuck"
    if verb == "recover":
        return "succeeded"
    return "refused" if after.is_success else "rolled back"
