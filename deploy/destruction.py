"""The story of a destroy: survey what is there, refuse what nobody accepted, delete the last stack first, record.

Deletion keeps what its template retains. What still stands in the way afterwards is named, and only what a person names is left behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from deploy import deployed as deployed_now
from deploy import entry, holding, lock, needs
from deploy.account import Account
from deploy.aws.stacks import Stacks
from deploy.deployed import Deployed
from deploy.errors import Conflict, Invalid, Refused
from deploy.ledger import Ledger
from deploy.manifest import Manifest
from deploy.manifest import Stack as Wanted
from deploy.model import Event
from deploy.noun import Noun
from deploy.progress import Cause, begin
from deploy.record import Moved, Outcome, Record
from deploy.show import Show
from deploy.stateful import STATEFUL
from deploy.status import Status
from deploy.watch import Feed, follow
from deploy.whose import whose

_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")


class Holder(Noun, frozen=True, kw_only=True):
    """A resource that holds data. ``path``: with its stack where the environment has several; ``keeps``: what its template says becomes of it, Retain, Snapshot or Delete."""

    path: str
    type: str
    holds: str
    physical_id: str
    policy: str

    @property
    def kept(self) -> bool:
        return self.policy in _KEPT


class Survey(Noun, frozen=True, kw_only=True):
    """What a destroy would find. ``stacks``: names in the order of deletion; ``protected``: those that cannot be deleted;
    ``blocked``: stack name -> what an earlier deletion could not delete, by path.
    """

    environment: str
    stacks: tuple[str, ...]
    holders: tuple[Holder, ...]
    protected: tuple[str, ...] = ()
    blocked: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def check(self, accepted: frozenset[str], retain: frozenset[str]) -> None:
        """Raises:
        Refused: a stack is protected, or a loss is not accepted.
        Invalid: what is to be retained does not stand in the way. (A loss that was accepted may be over: the command is repeated.)
        """
        subject = f"deletion of {self.environment}"
        if self.protected:
            how = f"set termination_protection to false in env/{self.environment}.yaml and deploy that; then a person with the right to delete does it"
            raise Refused(subject, f"{', '.join(self.protected)} is protected", how)
        lost = {holder.path: holder for holder in self.holders if not holder.kept}
        blocked = {path for paths in self.blocked.values() for path in paths}
        if unknown := sorted(retain - blocked):
            how = "retain names what a failed deletion could not delete: run destroy without it first"
            raise Invalid(f"--retain {unknown[0]}", "it does not stand in the way of a deletion", how)
        if missing := sorted(lost.keys() - accepted):
            details = tuple(
                f"{path} ({lost[path].type}): its {lost[path].holds} would be gone\n    accept it with --allow-loss {path}"
                for path in missing
            )
            raise Refused(subject, f"{len(missing)} resources would lose data", "nothing was deleted", details)


def survey(account: Account, *, only: str = "") -> Survey:
    """Asks AWS, changes nothing. ``only``: this stack alone.

    Raises:
        Conflict: something runs on a stack.
    """
    names: list[str] = []
    holders: list[Holder] = []
    protected: list[str] = []
    blocked: dict[str, tuple[str, ...]] = {}
    for wanted in reversed(account.manifest.stacks):
        stacks = account.stacks("plan", wanted.region)
        stack = stacks.find(wanted.name)
        if stack is None or stack.status.is_absent or only not in ("", stack.name):
            continue
        if stack.status.is_busy and stack.status is not Status.DELETE_IN_PROGRESS:
            raise Conflict(
                f"stack {stack.name}", f"it is {stack.status}", f"wait for it: python -m deploy status {account.manifest.environment}"
            )
        names.append(stack.name)
        running = deployed_now.read(stacks, stack)
        holders += _holders(account.manifest, stacks, running)
        protected += [stack.name] if stack.termination_protection else []
        if stack.status is Status.DELETE_FAILED:
            blocked[stack.name] = tuple(account.manifest.named(stack.name, path) for path in _blocked(stacks, running))
    return Survey(
        environment=account.manifest.environment, stacks=tuple(names), holders=tuple(holders), protected=tuple(protected), blocked=blocked
    )


@dataclass(kw_only=True)
class Destruction:
    """``verb``: whose operation it is recorded as; recover goes on with a deletion that failed."""

    account: Account
    survey: Survey
    retain: frozenset[str]
    show: Show
    verb: str = "destroy"
    causes: tuple[Cause, ...] = ()
    events: tuple[Event, ...] = ()

    def run(self) -> Record:
        """Raises:
        Conflict: somebody works on the environment.
        OutcomeUnknown: AWS could not be followed to the end.
        """
        account = self.account
        store = account.store("deploy", account.manifest.region)
        ledger = Ledger(store=store)
        # Of the same stacks the same operation: whoever runs it again after a kill holds the same lock, and AWS goes on deleting.
        ids = " ".join(self._ids())
        operation = sha256(f"{self.verb} {account.manifest.environment} {ids}".encode()).hexdigest()
        held = lock.acquire(store, operation=operation, verb=self.verb, by=account.caller.arn, host=whose()[1])
        with contextlib.ExitStack() as stack:
            stack.callback(holding.give_back, held, self.show.warn)
            stands = tuple(Moved(stack=name) for name in self.survey.stacks)
            choice = " ".join(f"--retain {path}" for path in sorted(self.retain))
            record = entry.begun(account, held.holder.fence, self.verb, operation, stacks=stands, message=choice)
            ledger.began(record)
            moved, outcome = self._stacks(held, f"tapline-{self.verb}-{operation[:16]}-{held.holder.fence}")
            ended = entry.ended(account, record, outcome, self.events, stacks=tuple(moved), causes=self.causes)
            ledger.keep(ended, self.events)
            return ledger.ended(ended)

    def _ids(self) -> Iterator[str]:
        for wanted in self.account.manifest.stacks:
            if wanted.name in self.survey.stacks and (found := self.account.stacks("plan", wanted.region).find(wanted.name)):
                yield found.id

    def _stacks(self, held: lock.Lock, token: str) -> tuple[list[Moved], Outcome]:
        moved = []
        for name in self.survey.stacks:
            wanted = next(stack for stack in self.account.manifest.stacks if stack.name == name)
            one = self._one(wanted, held, token)
            moved.append(one)
            if Status(one.after) is not Status.DELETE_COMPLETE:
                return moved, "stuck"
            needs.forget(self.account, name)
        return moved, "succeeded"

    def _one(self, wanted: Wanted, held: lock.Lock, token: str) -> Moved:
        stacks = self.account.stacks("deploy", wanted.region)
        stack = stacks.find(wanted.name)
        if stack is None:
            return Moved(stack=wanted.name, after=Status.DELETE_COMPLETE)
        feed = Feed(reads=stacks, stack_id=stack.id, token=token)
        held.check()
        retain = [path for name in self.retain if (path := self.account.manifest.path_in(wanted.name, name))]
        self._retain_nested(stacks, wanted.name, token, retain)
        kept = [path for path in retain if "/" not in path]
        stacks.delete(stack.id, token, retain=kept)
        progress = begin(wanted.name, token=token)
        with self.show.follow(progress) as shown:
            progress = follow(feed, progress, shown)
        self.events = (*self.events, *progress.own)
        if not progress.status.endswith("COMPLETE"):
            self.causes = (*self.causes, *progress.failures)
        return Moved(stack=wanted.name, before=stack.status, after=progress.status)

    def _retain_nested(self, stacks: Stacks, name: str, token: str, retain: list[str]) -> None:
        """A nested stack that cannot be deleted is deleted by itself, without what is to stay."""
        ids = {"/".join(path): stack_id for path, stack_id in stacks.nested(name).items()}
        for parent in sorted({path.rpartition("/")[0] for path in retain if "/" in path}):
            kept = [path.rpartition("/")[2] for path in retain if path.rpartition("/")[0] == parent]
            stacks.delete(ids[parent], f"{token}-{parent.replace('/', '-')}", retain=kept)
            stacks.wait_deleted(ids[parent], seconds=900)


def _holders(manifest: Manifest, stacks: Stacks, running: Deployed) -> list[Holder]:
    found = []
    for path, stack_id in running.ids.items():
        resources = running.templates[path].get("Resources", {})
        physical = {one.logical_id: one.physical_id for one in stacks.resources(stack_id) if one.status != "DELETE_COMPLETE"}
        for logical_id, resource in resources.items():
            if resource["Type"] in STATEFUL and logical_id in physical:
                found.append(
                    Holder(
                        path=manifest.named(running.stack.name, f"{path}/{logical_id}".lstrip("/")),
                        type=resource["Type"],
                        holds=STATEFUL[resource["Type"]],
                        physical_id=physical[logical_id],
                        policy=resource.get("DeletionPolicy", "Delete"),
                    )
                )
    return found


def _blocked(stacks: Stacks, running: Deployed) -> list[str]:
    found = [
        f"{path}/{resource.logical_id}".lstrip("/")
        for path, stack_id in running.ids.items()
        for resource in stacks.resources(stack_id)
        if resource.status == "DELETE_FAILED"
    ]
    # A nested stack that could not be deleted is no cause where something in it is.
    return [path for path in found if not any(other.startswith(f"{path}/") for other in found)]
