"""The story of an apply: lock, look again, record, execute exactly the change sets that were reviewed, follow, protect, record.

Nothing is remembered in this process alone. The plan is on disk; its digest names the lock's holder and the ledger's records; its request
token marks AWS's own events. So whoever runs the same plan again, here or elsewhere, after whatever end, finds where it stands: not
begun, running, or over.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from deploy import entry, guarding, holding, lock, needs, plan, protection, staleness
from deploy.account import Account
from deploy.approval import Approval
from deploy.aws.failures import AwsRefusal
from deploy.aws.stacks import Stacks
from deploy.changes import Counts
from deploy.ending import outcome_of
from deploy.errors import Conflict, Denied, DeployError, Interrupted, OutcomeUnknown
from deploy.guarding import Verify
from deploy.interrupt import Interrupt
from deploy.ledger import Ledger
from deploy.model import Event
from deploy.plan import Plan, Proposal
from deploy.progress import Cause, Progress, begin, rollback_causes
from deploy.record import CheckResult, Moved, Outcome, Record
from deploy.show import Show
from deploy.status import Status
from deploy.watch import SKEW, Feed, follow
from deploy.whose import whose

if TYPE_CHECKING:
    from deploy.aws.sessions import Task


@dataclass(kw_only=True)
class Rollout:
    """``reached`` is called at every point after which a killed process leaves something behind; tests end it there."""

    account: Account
    plan: Plan
    approval: Approval
    show: Show
    traffic: float = 0.0
    verify: Verify = guarding.verify
    reached: Callable[[str], None] = lambda point: None
    begun: bool = False
    executed: bool = False
    events: tuple[Event, ...] = ()
    causes: tuple[Cause, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    proof: tuple[CheckResult, ...] = ()
    message: str = ""
    _interrupt: Interrupt | None = None
    moved: list[Moved] = field(default_factory=list)

    def run(self) -> Record:
        """Raises:
        Conflict: somebody else deploys, or something is not as the plan has it.
        OutcomeUnknown: AWS could not be followed to the end.
        Interrupted: twice, by the person.
        """
        gc.enable()  # from here on it may take hours
        account, made = self.account, self.plan
        store = account.store("deploy", account.manifest.region)
        ledger = Ledger(store=store)
        earlier = ledger.find(made.digest)
        holding.release_what_is_over(store, ledger)
        if earlier and earlier.ended and earlier.outcome == "refused":
            earlier = None  # nothing was executed then: this is another try
        if earlier and earlier.ended:
            self.show.note(f"plan {made.short} was applied already, by {earlier.by}")
            return earlier
        if earlier is None:
            plan.check_age(made, datetime.now(UTC))
        held = lock.acquire(store, operation=made.digest, verb="apply", by=account.caller.arn, host=whose()[1])
        self.reached("locked")
        record = earlier or self._record(held.holder.fence)
        with self._released(held, record, ledger):
            self.begun = earlier is not None
            if earlier is None:
                self._look_again()
                ledger.began(record)
                self.begun = True
                self.reached("began")
            with Interrupt(self._say_how_to_come_back) as self._interrupt:
                outcome = self._stacks(held)
            ended = self._finish(record, outcome, ledger)
        self.reached("released")
        return ended

    def is_under_way(self) -> bool:
        """Everything that the plan executes has begun, so that what is left is to follow it: nobody is asked for that, nor what to accept."""
        record = Ledger(store=self.account.store("plan", self.account.manifest.region)).find(self.plan.digest)
        if record is None or record.outcome == "refused":
            return False
        executed = [one for one in self.plan.proposals if one.change_sets]
        return bool(record.ended) or (bool(executed) and all(self._feed(one, "plan").begun() for one in executed))

    def _feed(self, proposal: Proposal, task: Task) -> Feed:
        stacks = self.account.stacks(task, proposal.region)
        return Feed(reads=stacks, stack_id=proposal.stack_id, token=proposal.token, since=self.plan.created - SKEW)

    @contextlib.contextmanager
    def _released(self, held: lock.Lock, record: Record, ledger: Ledger) -> Iterator[None]:
        """The lock stays with an operation that may still run: it is the same holder that comes back."""
        try:
            yield
        except (OutcomeUnknown, Interrupted) as error:
            if isinstance(error, Interrupted) and not self.executed:
                holding.give_back(held, self.show.warn)
            raise
        except DeployError as error:
            if self.begun and not self.executed:
                ledger.ended(entry.refused(record, error))
            holding.give_back(held, self.show.warn)
            raise
        except BaseException:
            holding.give_back(held, self.show.warn)
            raise
        holding.give_back(held, self.show.warn)

    def _record(self, number: int) -> Record:
        made = self.plan
        return entry.begun(
            self.account,
            number,
            made.operation,
            made.digest,
            manifest=made.manifest_digest,
            release=made.release,
            previous=made.previous[0],
            commit=made.commit,
            stacks=tuple(Moved(stack=one.stack, before=one.status or "") for one in made.proposals),
            counts=_counts(made),
            promoted=made.promoted,
        )

    def _look_again(self) -> None:
        """Raises:
        Conflict: with everything that is not as it was sealed.
        """
        moved = [words for proposal in self.plan.proposals for words in staleness.differences(self.account, proposal)]
        if moved:
            raise Conflict(
                f"plan {self.plan.short} of {self.plan.environment}", "what it was made for has moved since", "plan again", tuple(moved)
            )

    def _stacks(self, held: lock.Lock) -> Outcome:
        outcome: Outcome = "succeeded" if self.plan.moves_release or self.plan.carries else "nothing to do"
        for proposal in self.plan.proposals:
            if proposal.kind != "none":
                outcome = self._one(proposal, held)
                if outcome != "succeeded":
                    break
            # Also of a stack that stays as it is: whoever deployed it may have been killed before.
            needs.carry(self.account, proposal.stack, self.show.done)
            self.reached("carried")
        return outcome

    @property
    def _ahead(self) -> tuple[str, ...]:
        """Stacks that this operation brought to its release before a later one failed."""
        return tuple(one.stack for one in self.moved[:-1])

    @property
    def _untouched(self) -> tuple[str, ...]:
        """Stacks whose turn did not come, since an earlier one failed."""
        touched = {one.stack for one in self.moved}
        return tuple(one.stack for one in self.plan.proposals if one.kind != "none" and one.stack not in touched)

    def _one(self, proposal: Proposal, held: lock.Lock) -> Outcome:
        stacks = self.account.stacks("deploy", proposal.region)
        outcome: Outcome = "succeeded"
        if proposal.kind != "settings":
            feed = self._feed(proposal, "deploy")
            if feed.begun():
                self.executed = True
                self.show.note(f"attaching to {proposal.stack}: this plan is being applied, or was")
            else:
                self._execute(stacks, proposal, held, feed)
            outcome = self._follow(proposal, feed, held, stacks)
        now = stacks.find(proposal.stack_id)
        if outcome == "succeeded" or (proposal.kind != "create" and now and not now.status.is_absent):
            self._protect(stacks, proposal, protected_now=bool(now and now.termination_protection))
        self.moved.append(Moved(stack=proposal.stack, before=proposal.status or "", after=now.status if now else Status.DELETE_COMPLETE))
        return outcome

    def _protect(self, stacks: Stacks, proposal: Proposal, *, protected_now: bool) -> None:
        try:
            if protection.reconcile(stacks, proposal, protected_now=protected_now):
                self.show.done(f"stack policy and termination protection of {proposal.stack} set")
        except Denied:
            wanted = "on" if proposal.settings.termination_protection else "off"
            how = f"python -m deploy bootstrap {self.plan.environment}"
            self.show.warn(f"termination protection of {proposal.stack} is not {wanted}: an administrator sets it with {how}")
        self.reached("protected")

    def _say_how_to_come_back(self) -> None:
        again = f"python -m deploy apply PLAN follows it again; python -m deploy status {self.plan.environment} shows it"
        self.show.warn(f"AWS goes on. {again}. Once more (Ctrl-C) leaves now.")

    def _execute(self, stacks: Stacks, proposal: Proposal, held: lock.Lock, feed: Feed) -> None:
        accepted = frozenset(path for path in _paths(proposal) if self.plan.named(proposal, path) in self.approval.loss)
        if accepted and proposal.kind == "update":
            protection.relax(stacks, proposal, accepted)
        self.reached("relaxed")
        held.check()
        if self._interrupt and self._interrupt.asked:
            raise Interrupted("interrupted", f"{proposal.stack} was not begun", "python -m deploy apply PLAN begins where this ended")
        try:
            stacks.execute(proposal.change_sets[""], proposal.token, retain_except_on_create=proposal.settings.retain_except_on_create)
        except AwsRefusal as error:
            # An answer that is lost on its way makes botocore ask again, and AWS refuse the second time: the first one counts.
            if not feed.begun():
                raise Conflict(f"stack {proposal.stack}", f"AWS does not execute the change set: {error.message}", "plan again") from error
        self.executed = True
        self.reached("executed")

    def _follow(self, proposal: Proposal, feed: Feed, held: lock.Lock, stacks: Stacks) -> Outcome:
        guard = guarding.guard(self.account, self.plan, proposal, stacks, self.verify, self.traffic, self.show.note)
        progress = begin(proposal.stack, proposal.expected, token=proposal.token)
        with self.show.follow(progress) as shown:

            def news(newer: Progress) -> None:
                shown(newer)
                self.reached("following")
                guard.watch(newer)
                held.keep()

            progress = follow(feed, progress, news)
            guard.finish(progress)
        self.events = (*self.events, *progress.own)
        self.causes = (*self.causes, *([progress.cause] if progress.cause else []), *rollback_causes(progress.own))
        self.checks, self.message = (*self.checks, *guard.results), guard.sent or self.message
        outcome = outcome_of(Status(progress.status))
        if outcome == "rolled back":
            self.proof = guarding.prove(self.account, proposal.region, self.verify, self.show.note)
        return "unverified" if outcome == "succeeded" and guard.failed else outcome

    def _finish(self, record: Record, outcome: Outcome, ledger: Ledger) -> Record:
        failed = outcome not in ("succeeded", "nothing to do")
        ahead = self._ahead if failed and outcome != "unverified" else ()
        ended = entry.ended(
            self.account,
            record,
            outcome,
            self.events,
            stacks=tuple(self.moved) or record.stacks,
            causes=self.causes,
            checks=self.checks,
            proof=self.proof,
            message=self.message,
            ahead=ahead,
            untouched=self._untouched if failed else (),
        )
        if outcome == "succeeded":
            self._say_release(self.account.manifest.regions)
        elif ahead:
            behind = {one.stack for one in self.moved[-1:]} | set(self._untouched)
            self._say_release(tuple(region for region in self.account.manifest.regions if not self._stands_behind(region, behind)))
        ledger.keep(ended, self.events)
        self.reached("ending")
        stands = ledger.ended(ended)
        self.reached("ended")
        return stands

    def _stands_behind(self, region: str, behind: set[str]) -> bool:
        """A region where some stack is not at this release."""
        there = [stack.name for stack in self.account.manifest.stacks if stack.region == region]
        return not there or any(name in behind for name in there)

    def _say_release(self, regions: tuple[str, ...]) -> None:
        """The one value that names a region's release: templates and tags do not, so that an unchanged service stays unchanged."""
        manifest = self.plan.manifest
        value = msgspec.json.encode(
            {"release": self.plan.release, "commit": self.plan.commit, "manifest": self.plan.manifest_digest}
        ).decode()
        for region in regions:
            place = self.account.parameters("deploy", region)
            place.put(f"{manifest.parameters}/release", value, "What is deployed here; written by the deployer")


def _paths(proposal: Proposal) -> set[str]:
    return {finding.path for finding in proposal.review.findings if finding.waiver == "--allow-loss"}


def _counts(made: Plan) -> Counts:
    total = [proposal.review.counts for proposal in made.proposals]
    return Counts(**{name: sum(getattr(counts, name) for counts in total) for name in Counts.__struct_fields__})
