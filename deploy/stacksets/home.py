"""Where a set is administered and where it goes: its own account by its roles, its targets by their plan role, its ledger in the tools bucket."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from deploy.account import Account
from deploy.aws.organizations import Member, Organization
from deploy.aws.stack_sets import StackSets
from deploy.errors import Invalid
from deploy.ledger import Ledger
from deploy.manifest import Guard, Manifest, Roles, Stack, StackSet
from deploy.parallel import WORKERS, each
from deploy.stacksets.model import Instance, Place

if TYPE_CHECKING:
    from deploy.aws.sessions import Task
    from deploy.aws.store import Held, Store


class InAccount(Protocol):
    """Whatever is in one account."""

    @property
    def account(self) -> str: ...


Item = TypeVar("Item", bound=InAccount)
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A part of a bucket, as if it were a bucket of its own: the ledger and the lock of one set, among others."""

    store: Store
    prefix: str

    def keys(self, prefix: str, most: int | None = None) -> Iterator[str]:
        return (key.removeprefix(self.prefix) for key in self.store.keys(self.prefix + prefix, most))

    def get(self, key: str) -> Held | None:
        return self.store.get(self.prefix + key)

    def put_if_absent(self, key: str, data: bytes, kind: str = "application/json") -> bool:
        return self.store.put_if_absent(self.prefix + key, data, kind)

    def swap(self, key: str, data: bytes, tag: str | None) -> str | None:
        return self.store.swap(self.prefix + key, data, tag)


def declared(manifest: Manifest, name: str) -> StackSet:
    """The set of this name; those that its automatic deployment waits for under the names that AWS knows.

    Raises:
        Invalid: the manifest has none.
    """
    found = {one.name: one for one in manifest.stack_sets}
    if name not in found:
        near = get_close_matches(name, found, 1)
        known = f"declared are {', '.join(sorted(found))}" if found else "none is declared"
        hint = f"did you mean '{near[0]}'?" if near else "declare it in env/stacksets.yaml, then: make generate"
        raise Invalid(f"StackSet {name}", f"there is none of this name in {manifest.environment}; {known}", hint)
    return _named(found[name], found)


def _named(stack_set: StackSet, found: dict[str, StackSet]) -> StackSet:
    automatic = stack_set.auto_deployment
    if automatic is None or not automatic.depends_on:
        return stack_set
    names = tuple(found[name].set_name for name in automatic.depends_on)
    return msgspec.structs.replace(stack_set, auto_deployment=msgspec.structs.replace(automatic, depends_on=names))


@dataclass(frozen=True, kw_only=True)
class Home:
    """One set in the account that administers it. ``account``: of the tools manifest."""

    account: Account
    stack_set: StackSet

    @property
    def name(self) -> str:
        return self.stack_set.name

    def sets(self, task: Task) -> StackSets:
        return self.other(task, self.stack_set.set_name)

    def other(self, task: Task, set_name: str) -> StackSets:
        api = self.account.sessions.role(self.account.target(self.stack_set.region), task, "cloudformation", self.stack_set.region)
        return StackSets(api=api, name=set_name, call_as=self.stack_set.call_as)

    def organization(self) -> Organization:
        return Organization(
            api=self.account.sessions.role(self.account.target(self.stack_set.region), "plan", "organizations", self.stack_set.region)
        )

    def shelf(self, task: Task) -> Shelf:
        return Shelf(store=self.account.store(task, self.account.manifest.region), prefix=f"stacksets/{self.name}/")

    def ledger(self, task: Task) -> Ledger:
        return Ledger(store=self.shelf(task))

    @cached_property
    def administration_role(self) -> str:
        """Its ARN."""
        return f"arn:{self.account.partition}:iam::{self.account.manifest.account}:role/{self.stack_set.administration_role}"

    @property
    def url(self) -> str:
        """Of the template."""
        return self.account.template_url(self.stack_set.region, self.account.template(self.stack_set.template).sha256)

    def stack(self, name: str, region: str) -> Stack:
        """An instance's stack, as the manifest would have it."""
        return Stack(
            name=name,
            region=region,
            root=self.stack_set.template,
            services=(),
            capabilities=self.stack_set.capabilities,
            termination_protection=False,
            policy={},
            guard=Guard(triggers=(), monitoring_minutes=0),
        )

    def target(self, place: Place, instance: Instance | None = None) -> Account:
        """An account that the set reaches, by its plan role alone, with the instance's stack for its checks."""
        mine, role = self.account.manifest, self.stack_set.plan_role
        roles = Roles(publish=role, plan=role, deploy=role, execution="", external_id=mine.roles.external_id)
        account, region = place
        stacks = (self.stack(instance.stack, region),) if instance and instance.stack else ()
        seen = msgspec.structs.replace(
            mine,
            account=account,
            region=region,
            roles=roles,
            bootstraps=(),
            stacks=stacks,
            checks=self.stack_set.checks,
            tools=None,
            stack_sets=(),
        )
        return Account(manifest=seen, data=b"", folder=self.account.folder, sessions=self.account.sessions)

    def member(self, place: Place) -> Member:
        account, region = self.target(place), place[1]
        sessions = account.sessions
        return Member(
            iam=sessions.role(account.target(region), "plan", "iam", region),
            account=sessions.role(account.target(region), "plan", "account", region),
        )

    def by_account(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What is to be done in targets, account by account and side by side, in the order of the items; an account's clients are let go of when
        it is done, so that of many accounts few are held at a time.
        """
        asked = list(items)
        groups: dict[str, list[int]] = {}
        for index, item in enumerate(asked):
            groups.setdefault(item.account, []).append(index)

        if len(groups) > WORKERS:
            gc.enable()  # clients are cycles: without it (deploy/__main__.py) letting go of them frees nothing

        def one(account: str) -> list[tuple[int, Result]]:
            try:
                return [(index, work(asked[index])) for index in groups[account]]
            finally:
                self.account.sessions.forget(self.target((account, self.stack_set.region)).target(self.stack_set.region))

        found = dict(pair for pairs in each(one, groups) for pair in pairs)
        return [found[index] for index in range(len(asked))]
