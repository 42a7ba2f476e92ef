"""Everything that a plan looks at, gathered once: the set, its instances, the organization, the accounts that it reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.aws.failures import AwsRefusal
from deploy.aws.organizations import SERVICE
from deploy.errors import Denied, Invalid, Refused
from deploy.parallel import each
from deploy.stacksets import limits
from deploy.stacksets.home import Home
from deploy.stacksets.limits import Looked
from deploy.stacksets.model import Instance, Operation, Place, SetState
from deploy.stacksets.scope import Scope, Target, scope, units


@dataclass(frozen=True, kw_only=True)
class Ground:
    """``state`` None where there is no set; ``own``: the values that instances have for themselves; ``running``: what works on the set."""

    state: SetState | None
    instances: Mapping[Place, Instance]
    own: Mapping[Place, Mapping[str, str]]
    scope: Scope
    looked: tuple[Looked, ...]
    running: Operation | None


def look(home: Home, document: Mapping[str, Any]) -> Ground:
    """
    Raises:
        Invalid: what the manifest declares cannot be; everything at once.
        Refused: the organization or the accounts do not allow it; everything at once.
    """
    stack_set = home.stack_set
    declared = tuple(limits.of_declaration(stack_set, home.account.template(stack_set.template), document))
    if declared:
        raise Invalid(*_told(home, declared, "mend it in env/stacksets.yaml or its template, then: make generate"))
    sets = home.sets("plan")
    state = sets.find()
    if state and state.permission_model != stack_set.permission_model:
        problem = f"it has {state.permission_model.lower()} permissions, and {stack_set.permission_model.lower()} are declared"
        raise Refused(f"StackSet {home.name}", problem, "permissions cannot change while instances stand: give it another name")
    found, problems = reach(home)
    problems += limits.of_size(len(found.targets))
    looked = tuple(home.by_account(lambda target: _look_at(home, target), found.first))
    problems += [*found.problems, *limits.of_accounts(stack_set, found.targets, looked)]
    if problems:
        raise Refused(*_told(home, problems, "nothing was begun; mend this (docs/stacksets.md, set-up), then plan again"))
    instances = {one.place: one for one in sets.instances()} if state else {}
    return Ground(
        state=state,
        instances=instances,
        own=own_values(home, {target.place for target in found.targets} & instances.keys()),
        scope=found,
        looked=looked,
        running=sets.running() if state else None,
    )


def own_values(home: Home, places: set[Place]) -> dict[Place, Mapping[str, str]]:
    """A request an instance: no listing tells them."""
    sets, asked = home.sets("plan"), sorted(places)
    return dict(zip(asked, each(lambda place: sets.overrides(*place), asked), strict=True))


def _told(home: Home, problems: Sequence[str], remedy: str) -> tuple[str, str, str, tuple[str, ...]]:
    """What an error takes; a single problem is said once."""
    subject = f"StackSet {home.name}"
    if len(problems) == 1:
        return subject, problems[0], remedy, ()
    return subject, f"{len(problems)} things stand against it", remedy, tuple(problems)


def reach(home: Home) -> tuple[Scope, list[str]]:
    """Which instances are meant, and what the organization says against it."""
    organization, stack_set = home.organization(), home.stack_set
    if stack_set.permission_model == "SELF_MANAGED":
        try:
            statuses = organization.statuses()
        except (AwsRefusal, Denied):
            statuses = {}  # no organization, or none that may be asked: accounts are then taken as they are named
        return scope(stack_set, {}, statuses, ""), []
    problems = list(_access(home))
    try:
        management = organization.management()
        named = tuple(units(stack_set))
        found = dict(zip(named, each(organization.members, named), strict=True))
    except AwsRefusal as error:
        remedy = f"only the management account or a delegated administrator of {SERVICE} may have sets with service-managed permissions"
        raise Refused(
            f"organization of {home.account.manifest.account}", f"it cannot be asked: {error.message}", remedy, tuple(problems)
        ) from error
    members = {unit: accounts for unit, accounts in found.items() if accounts is not None}
    statuses = {account: status for accounts in members.values() for account, status in accounts.items()}
    return scope(stack_set, members, statuses, management), problems


def _access(home: Home) -> Iterator[str]:
    mine = home.account.manifest.account
    if home.sets("plan").access() is False:
        yield "the organization does not let StackSets in: its management account runs aws cloudformation activate-organizations-access"
    if home.stack_set.call_as == "DELEGATED_ADMIN":
        try:
            registered = mine in home.organization().delegated()
        except AwsRefusal as error:
            yield f"whether account {mine} is a delegated administrator cannot be asked: {error.message}"
            return
        if not registered:
            how = f"aws organizations register-delegated-administrator --account-id {mine} --service-principal {SERVICE}"
            yield f"account {mine} is no delegated administrator of StackSets: the management account runs {how}"


def _look_at(home: Home, target: Target) -> Looked:
    """An account's own roles and regions, by its plan role."""
    stack_set = home.stack_set
    try:
        member = home.member(target.place)
        role = member.has_role(stack_set.execution_role) if stack_set.permission_model == "SELF_MANAGED" else None
        return Looked(account=target.account, role=role, regions=member.regions())
    except Denied as error:
        assumed = "cannot be assumed" if error.subject.startswith("role ") else "may not look at roles and regions there"
        return Looked(account=target.account, reason=f"role {stack_set.plan_role} {assumed}")
