"""Which accounts and regions each wave of a set means: from the manifest, and from the organization where units are named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploy.manifest import StackSet, Wave
from deploy.noun import Noun
from deploy.stacksets.model import Place

Members = Mapping[str, Mapping[str, str]]
"""Unit -> account -> its status; a unit that does not exist is not there."""

ACTIVE = "ACTIVE"


class Target(Noun, frozen=True, kw_only=True):
    """One instance to be. ``unit``: the one of the wave that brings the account; empty where none does."""

    account: str
    region: str
    wave: str
    unit: str = ""

    @property
    def place(self) -> Place:
        return self.account, self.region


class Scope(Noun, frozen=True, kw_only=True):
    """``targets`` by wave, as the waves have them; ``notes``: who is left out, and why; ``problems``: what cannot be; ``incomplete``: waves that lack an
    account which AWS would try.
    """

    targets: tuple[Target, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()

    @property
    def first(self) -> tuple[Target, ...]:
        """One of each account, in the order of the waves."""
        found: dict[str, Target] = {}
        for target in self.targets:
            found.setdefault(target.account, target)
        return tuple(found.values())


def scope(stack_set: StackSet, members: Members, statuses: Mapping[str, str], management: str) -> Scope:
    """``statuses``: account -> its status, as far as the organization may be asked; ``management``: its account, empty where there is none."""
    notes: dict[str, None] = {}
    problems: list[str] = []
    incomplete: dict[str, None] = {}
    targets: dict[Place, Target] = {}
    for wave in stack_set.waves:
        problems += [f"wave {wave.name}: organizational unit {unit} does not exist" for unit in wave.units if unit not in members]
        for account, unit in _accounts(wave, members).items():
            if why := _left_out(stack_set, wave, account, statuses, management):
                incomplete |= {} if account == management else {wave.name: None}
                (problems.append if account in wave.accounts and wave.filter != "DIFFERENCE" else lambda text: notes.setdefault(text))(why)
                continue
            for region in wave.regions:
                target = Target(account=account, region=region, wave=wave.name, unit=unit)
                other = targets.setdefault(target.place, target)
                if other.wave != wave.name:
                    problems.append(f"{account} in {region} is in wave {other.wave} and in wave {wave.name}")
    return Scope(targets=tuple(targets.values()), notes=tuple(notes), problems=tuple(problems), incomplete=tuple(incomplete))


def _accounts(wave: Wave, members: Members) -> dict[str, str]:
    """Account -> the unit that brings it, as CloudFormation's account filters choose (API reference, DeploymentTargets)."""
    if not wave.units:
        return dict.fromkeys(wave.accounts, "")
    below: dict[str, str] = {}
    for unit in wave.units:
        for account in sorted(members.get(unit, {})):
            below.setdefault(account, unit)
    if wave.filter == "INTERSECTION":
        return {account: unit for account, unit in below.items() if account in wave.accounts}
    if wave.filter == "DIFFERENCE":
        return {account: unit for account, unit in below.items() if account not in wave.accounts}
    return below | ({account: below.get(account, "") for account in wave.accounts} if wave.filter == "UNION" else {})


def _left_out(stack_set: StackSet, wave: Wave, account: str, statuses: Mapping[str, str], management: str) -> str:
    """Why an account can have no instance; empty where it can."""
    if stack_set.permission_model == "SERVICE_MANAGED" and account == management:
        return f"wave {wave.name}: {account} manages the organization; StackSets with service-managed permissions never reach it"
    status = statuses.get(account, ACTIVE)
    if status != ACTIVE:
        return f"wave {wave.name}: account {account} is {status.lower().replace('_', ' ')}"
    return ""


def overrides(stack_set: StackSet, place: Place) -> dict[str, str]:
    """The instance's own values: of two that name a parameter, the later one counts."""
    account, region = place
    found: dict[str, str] = {}
    for override in stack_set.overrides:
        if account in (override.accounts or (account,)) and region in (override.regions or (region,)):
            found |= override.parameters
    return found


def units(stack_set: StackSet) -> Iterator[str]:
    yield from dict.fromkeys(unit for wave in stack_set.waves for unit in wave.units)
