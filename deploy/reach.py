"""StackSets as the manifest says them: what goes where, in which order, how carefully."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from deploy.noun import Noun

Count = Annotated[int, Meta(ge=0)]


class Preferences(Noun, frozen=True, kw_only=True):
    """CloudFormation's operation preferences (API reference, StackSetOperationPreferences): of each pair one is given."""

    failure_tolerance_count: Count | None = None
    failure_tolerance_percentage: Annotated[int, Meta(ge=0, le=100)] | None = None
    max_concurrent_count: Annotated[int, Meta(ge=1)] | None = None
    max_concurrent_percentage: Annotated[int, Meta(ge=1, le=100)] | None = None
    concurrency_mode: Literal["STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"] = "STRICT_FAILURE_TOLERANCE"
    region_concurrency: Literal["SEQUENTIAL", "PARALLEL"] = "SEQUENTIAL"


class Wave(Noun, frozen=True, kw_only=True):
    """The instances that one operation of a StackSet reaches: accounts, or organizational units with a filter, times regions in order.

    ``watch_minutes``: for so long the alarms of its accounts are looked at before the next wave may begin.
    """

    name: str
    accounts: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    filter: Literal["NONE", "INTERSECTION", "DIFFERENCE", "UNION"] = "NONE"
    regions: Annotated[tuple[str, ...], Meta(min_length=1)]
    preferences: Preferences
    watch_minutes: Annotated[int, Meta(ge=0, le=180)] = 0


class Override(Noun, frozen=True, kw_only=True):
    """Parameter values of some instances; no account or no region means all of them. Of two that fit an instance, the later one counts."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    parameters: dict[str, str]


class AutoDeployment(Noun, frozen=True, kw_only=True):
    """What becomes of accounts that join or leave the units of a service-managed StackSet."""

    enabled: bool
    retain_stacks: bool = False
    depends_on: Annotated[tuple[str, ...], Meta(description="names of StackSets of this manifest")] = ()


class StackSet(Noun, frozen=True, kw_only=True):
    """One StackSet, administered in this manifest's account.

    ``set_name``: in AWS. ``template``: the service of its template in ``Manifest.templates``; it has no nested stacks. ``plan_role``: in each
    target account, what previews and checks are made with. ``alarms``: names that may not be in ALARM in an instance's account and region.
    """

    name: str
    set_name: str
    description: str
    region: Annotated[str, Meta(description="where the set is administered")]
    template: str
    capabilities: tuple[str, ...]
    permission_model: Literal["SELF_MANAGED", "SERVICE_MANAGED"]
    call_as: Literal["SELF", "DELEGATED_ADMIN"] = "SELF"
    administration_role: Annotated[str, Meta(description="name, in this account; self-managed")] = ""
    execution_role: Annotated[str, Meta(description="name, in each target account; self-managed")] = ""
    plan_role: Annotated[str, Meta(description="name, in each target account")]
    auto_deployment: AutoDeployment | None = None
    managed_execution: bool = False
    parameters: dict[str, str]
    overrides: tuple[Override, ...] = ()
    waves: Annotated[tuple[Wave, ...], Meta(min_length=1, description="the canary first")]
    tags: dict[str, str]
    checks: tuple[dict[str, Any], ...] = ()
    alarms: tuple[str, ...] = ()
