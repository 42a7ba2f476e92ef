"""The story of a set's rollout: lock, look again, record, and wave after wave: ask, follow, read what came of it, watch.

Nothing is remembered in this process alone. What an attempt at a wave will ask for is in the bucket before it is asked, under ids that are made
of the plan, the attempt and the request; AWS takes each id once. So whoever runs the same plan again finds every operation that was begun, by
whatever end of the process, attaches to it, and begins what was not. After a failure the next attempt begins from where the instances stand.
"""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deploy import entry, holding, lock, plan
from deploy.errors import Conflict, DeployError, Interrupted, OutcomeUnknown, Partly, Refused, Unverified
from deploy.interrupt import Interrupt
from deploy.ledger import Ledger
from deploy.record import Outcome, Record, WaveResult
from deploy.report.ink import plural
from deploy.show import Show
from deploy.stacksets.home import Home
from deploy.stacksets.model import SetPlan
from deploy.stacksets.staleness import check_content, differences
from deploy.stacksets.waves import Waves, intents_of
from deploy.whose import whose

AGAIN = "python -m deploy stackset apply PLAN"
_OUTCOMES: dict[str, Outcome] = {"failed": "failed", "stopped": "failed", "unverified": "unverified"}


@dataclass(kw_only=True)
class Rolling:
    """``reached`` is called at every point after which a killed process leaves something behind; tests end it there."""

    home: Home
    plan: SetPlan
    show: Show
    reached: Callable[[str], None] = lambda point: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    begun: bool = False
    waves: list[WaveResult] = field(default_factory=list)
    _running: Waves | None = None

    def run(self) -> Record:
        """Raises:
        Conflict: somebody else is at work, or the set is not as the plan has it.
        OutcomeUnknown: AWS could not be followed to the end.
        Interrupted: by the person.
        """
        gc.enable()  # from here on it may take hours
        made, shelf = self.plan, self.home.shelf("deploy")
        ledger = Ledger(store=shelf)
        last = ledger.find(made.digest)
        holding.release_what_is_over(shelf, ledger)
        if last and last.outcome in ("succeeded", "nothing to do") and last.ended:
            self.show.note(f"plan {made.short} was rolled out already, by {last.by}")
            return last
        tried = any(shelf.keys(intents_of(made)))
        if not tried:
            plan.check_age(made, datetime.now(UTC))
        caller = self.home.account.caller.arn
        held = lock.acquire(
            shelf, operation=made.digest, verb=made.operation, by=caller, host=whose()[1], look=f"stackset status {self.home.name}"
        )
        self.reached("locked")
        going = last if last and last.ended is None else None
        record = going or self._record(held.holder.fence)
        with self._released(held, record, ledger):
            self.begun = going is not None
            self._look_again(tried=tried)
            if going is None:
                ledger.began(record)
                self.begun = True
                self.reached("began")
            with Interrupt(self._say_how_to_come_back, AGAIN) as interrupt:
                self._running = self._made(record, held, interrupt)
                for result in self._running.all():
                    self.waves.append(result)
            return self._finish(record, ledger)

    def is_under_way(self) -> bool:
        """It was begun, and so somebody has said yes to it: what is left is to go on."""
        record = self.home.ledger("plan").find(self.plan.digest)
        return record is not None and record.outcome != "refused"

    def _made(self, record: Record, held: lock.Lock, interrupt: Interrupt) -> Waves:
        return Waves(
            home=self.home,
            plan=self.plan,
            attempt=record.number,
            held=held,
            show=self.show,
            interrupt=interrupt,
            reached=self.reached,
            sleep=self.sleep,
            clock=self.clock,
        )

    def _look_again(self, *, tried: bool) -> None:
        """Of what this plan has itself moved only the set is looked at: its instances are what the waves begin from.

        Raises:
            Conflict: with everything that is not as it was sealed.
        """
        if tried:
            check_content(self.home, self.plan)
            return
        moved = tuple(differences(self.home, self.plan))
        if moved:
            raise Conflict(f"plan {self.plan.short} of {self.plan.subject}", "what it was made for has moved since", "plan again", moved)

    @property
    def executed(self) -> bool:
        return bool(self._running and self._running.executed)

    @contextlib.contextmanager
    def _released(self, held: lock.Lock, record: Record, ledger: Ledger) -> Iterator[None]:
        """The lock stays with a rollout that may still run: it is the same holder that comes back."""
        try:
            yield
        except (OutcomeUnknown, Interrupted):
            if not self.executed:
                holding.give_back(held, self.show.warn)
            raise
        except DeployError as error:
            if self.begun:
                ledger.ended(self._broken(record, error) if self.executed else entry.refused(record, error))
            holding.give_back(held, self.show.warn)
            raise
        except BaseException:
            holding.give_back(held, self.show.warn)
            raise
        holding.give_back(held, self.show.warn)
        self.reached("released")

    def _record(self, number: int) -> Record:
        made = self.plan
        return entry.begun(
            self.home.account,
            number,
            made.operation,
            made.digest,
            manifest=made.manifest_digest,
            release=made.release,
            previous=made.previous[0],
            commit=made.commit,
            message=f"StackSet {self.home.name}",
        )

    def _broken(self, record: Record, error: DeployError) -> Record:
        return entry.ended(self.home.account, record, "failed", (), waves=tuple(self.waves), code=error.code, message=error.text)

    def _finish(self, record: Record, ledger: Ledger) -> Record:
        ended = entry.ended(self.home.account, record, self._outcome(), (), waves=tuple(self.waves))
        self.reached("ending")
        stands = ledger.ended(ended)
        self.reached("ended")
        return stands

    def _outcome(self) -> Outcome:
        for result in self.waves:
            if result.outcome != "succeeded":
                return _OUTCOMES[result.outcome]
        # Within its tolerance a wave goes on, and what failed has failed all the same.
        return "failed" if any(result.failed for result in self.waves) else "succeeded" if self.waves else "nothing to do"

    def _say_how_to_come_back(self) -> None:
        look = f"python -m deploy stackset status {self.home.name} shows it"
        self.show.warn(f"AWS goes on, and no other wave is begun. {AGAIN} follows it again; {look}. Once more (Ctrl-C) leaves now.")


def error_of(record: Record) -> DeployError | None:
    """How a command ends after this record: None where all is well."""
    if record.code == 0:
        return None
    last = next((wave for wave in record.waves if wave.outcome != "succeeded"), None)
    subject = f"rollout {record.number}"
    lines = tuple(line for wave in record.waves for line in _lines(wave))
    if record.outcome == "refused":
        return Refused(subject, record.message)
    if last and last.outcome == "unverified":
        remedy = "no later wave was begun; mend it and run the same command again, or go back: python -m deploy stackset rollback NAME"
        return Unverified(subject, f"wave {last.wave} runs, and is not well: {last.reason}", remedy, lines)
    if last:
        remedy = "no later wave was begun; mend it, then run the same command again: it goes on from there"
        return Partly(subject, f"wave {last.wave} {last.outcome}: {last.reason}", remedy, lines)
    failed = sum(len(wave.failed) for wave in record.waves)
    remedy = "mend them, then run the same command again: it tries these again, and no other"
    return Partly(subject, f"every wave is through, and {plural(failed, 'instance')} failed within what their waves bear", remedy, lines)


def _lines(wave: WaveResult) -> Iterator[str]:
    for one in wave.failed:
        why = f"{'/'.join(one.cause.path) or 'the stack'} ({one.cause.type}): {one.cause.reason}" if one.cause else one.reason
        yield f"{one.account} {one.region}: {why}"
    for check in wave.checks:
        if check.ok is False:
            yield f"{check.check} {check.name}: {check.reason}"
