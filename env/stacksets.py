"""StackSets that the tools account administers: which template, into which accounts and regions, in which order (`stacksets.yaml`)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from env.base import Account, Name, Region, Text, Value
from env.checks import AlarmsCheck, OutputsCheck, ParameterCheck

UNIT_PATTERN = "^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$"

Unit = Annotated[
    str, Meta(pattern=UNIT_PATTERN, description="an organizational unit's id, such as ou-ab12-cdefgh34, or a root's, such as r-ab12")
]
RoleName = Annotated[str, Meta(pattern="^[A-Za-z0-9_+=,.@-]{1,64}$", description="a role's name, without its ARN")]
SetName = Annotated[
    str, Meta(pattern="^[A-Za-z][A-Za-z0-9-]{0,127}$", description="a StackSet's name: a letter, then letters, digits and hyphens")
]
ParameterName = Annotated[str, Meta(pattern="^[A-Za-z0-9]{1,255}$", description="a parameter's name: letters and digits")]
AlarmName = Annotated[str, Meta(pattern="^[A-Za-z0-9_.:/+=@ -]{1,255}$", description="an alarm's name")]
ServiceName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$", description="a service's name, such as storage")]
Parameters = Annotated[dict[ParameterName, str], Meta(description="texts: numbers in quotes")]
SetCheck = AlarmsCheck | OutputsCheck | ParameterCheck


class Preferences(Value, frozen=True, kw_only=True):
    """How one operation goes over its accounts, in each region; of each pair one may be set (StackSetOperationPreferences)."""

    tolerance: (
        Annotated[int, Meta(ge=0, description="accounts that may fail in a region; without it, and without a percentage, none")] | None
    ) = None
    tolerance_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    concurrency: Annotated[int, Meta(ge=1, description="accounts at a time; without it, and without a percentage, one")] | None = None
    concurrency_percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    mode: Annotated[Literal["strict", "soft"], Meta(description="strict: never more accounts at a time than one above the tolerance")] = (
        "strict"
    )
    regions: Annotated[Literal["sequential", "parallel"], Meta(description="one region after the other, or all at once")] = "sequential"


class Targets(Value, frozen=True, kw_only=True):
    """Everywhere that the set goes, in all of its waves together. ``regions`` in the order in which they are gone through."""

    accounts: tuple[Account, ...] = ()
    units: Annotated[tuple[Unit, ...], Meta(description="service-managed alone")] = ()
    regions: Annotated[tuple[Region, ...], Meta(min_length=1)]


class Override(Value, frozen=True, kw_only=True):
    """Other values for some of the targets; without accounts, or without regions: for all of them. Of two that name a parameter of an instance, the later one counts."""

    accounts: tuple[Account, ...] = ()
    regions: tuple[Region, ...] = ()
    parameters: Annotated[Parameters, Meta(min_length=1)]


class Wave(Value, frozen=True, kw_only=True):
    """A part of the targets, rolled out by one operation. ``watch_minutes``: for so long its alarms are looked at before the next wave."""

    name: Name
    accounts: tuple[Account, ...] = ()
    units: tuple[Unit, ...] = ()
    filter: Annotated[
        Literal["none", "intersection", "difference", "union"],
        Meta(description="which accounts of the units: all, those of the list alone, all but those, or those as well"),
    ] = "none"
    regions: Annotated[tuple[Region, ...], Meta(description="without: all of the targets")] = ()
    preferences: Annotated[Preferences | None, Meta(description="without: those of the set")] = None
    watch_minutes: Annotated[int, Meta(ge=0, le=180)] = 0


class AutoDeployment(Value, frozen=True, kw_only=True):
    """What becomes of accounts that join or leave the units. ``depends_on``: sets that come before this one in a new account."""

    enabled: bool
    retain_stacks: bool = False
    depends_on: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()


class StackSet(Value, frozen=True, kw_only=True):
    """One StackSet. Its template is one of the registry's (``template``), or a flat copy of ``services`` of an ``environment``.

    ``set_name``: in AWS; without, project-name-tools. ``administration_role`` is the tools account's, the others are every target's; without
    them, those that bootstrap and `target.json` make.
    """

    description: Text
    template: ServiceName | None = None
    environment: Name | None = None
    services: Annotated[tuple[ServiceName, ...], Meta(description="merged into one template, without nested stacks")] = ()
    set_name: SetName | None = None
    permissions: Literal["self-managed", "service-managed"]
    administration_role: RoleName | None = None
    execution_role: RoleName | None = None
    plan_role: RoleName | None = None
    targets: Targets
    parameters: Parameters = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    waves: Annotated[tuple[Wave, ...], Meta(min_length=1, description="in their order, the canary first")]
    preferences: Preferences = field(default_factory=Preferences)
    managed_execution: Annotated[bool, Meta(description="true: operations that do not conflict run together, others wait")] = True
    auto_deployment: Annotated[AutoDeployment | None, Meta(description="service-managed alone")] = None
    checks: Annotated[tuple[SetCheck, ...], Meta(description="after each wave, in every account and region of it")] = ()
    alarms: Annotated[tuple[AlarmName, ...], Meta(max_length=20, description="of each account and region: none may be in ALARM")] = ()

    @property
    def is_service_managed(self) -> bool:
        return self.permissions == "service-managed"

    def regions(self, wave: Wave) -> tuple[str, ...]:
        return wave.regions or self.targets.regions

    def preferred(self, wave: Wave) -> Preferences:
        return wave.preferences or self.preferences


class StackSets(Value, frozen=True, kw_only=True):
    """`stacksets.yaml`. ``management_account``: of the organization; no set goes there."""

    management_account: Account
    stack_sets: Annotated[dict[Name, StackSet], Meta(min_length=1)]
