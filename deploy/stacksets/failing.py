"""Why instances failed: StackSets' words, and the first real cause as the account's own stack events have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from deploy import begun
from deploy.aws.failures import AwsRefusal
from deploy.errors import Denied, DeployError
from deploy.progress import Cause
from deploy.record import InstanceFailure
from deploy.stacksets.home import Home
from deploy.stacksets.model import Instance, Place, Result

MOST = 50
"""Stacks whose events are read; what more of them say is told in StackSets' own words."""


def failures(home: Home, results: Iterable[Result], instances: Mapping[Place, Instance]) -> tuple[InstanceFailure, ...]:
    failed = sorted((result for result in results if result.status == "FAILED"), key=lambda result: result.place)
    if not failed:
        return ()
    statuses = _statuses(home)
    causes = home.by_account(lambda result: _cause(home, instances.get(result.place)), failed[:MOST])
    causes += [None] * (len(failed) - len(causes))
    return tuple(
        InstanceFailure(account=one.account, region=one.region, reason=_reason(one, statuses), cause=cause)
        for one, cause in zip(failed, causes, strict=True)
    )


def _reason(result: Result, statuses: Mapping[str, str]) -> str:
    status = statuses.get(result.account, "ACTIVE")
    said = result.reason or "CloudFormation gives no reason"
    return said if status == "ACTIVE" else f"the account is {status.lower().replace('_', ' ')}; CloudFormation says: {said}"


def _statuses(home: Home) -> Mapping[str, str]:
    """An account that was closed meanwhile fails as one without a role: only the organization tells them apart."""
    try:
        return home.organization().statuses()
    except (AwsRefusal, Denied):
        return {}


def _cause(home: Home, instance: Instance | None) -> Cause | None:
    """Of a create that failed too: its stack is deleted, and its events are there by its id for 90 days."""
    if instance is None or not instance.stack_id:
        return None
    try:
        stacks = home.target(instance.place).stacks("plan", instance.region)
        last = next((one for one in begun.operations(stacks, instance.stack_id) if not one.deletes), None)
        found = begun.read(stacks, instance.stack_id, instance.stack, last).cause if last else None
        if found and "DescribeEvents" in found.reason and (reasons := stacks.stack_reasons(instance.stack_id)):
            return msgspec.structs.replace(found, reason="; ".join(reasons))
        return found
    except DeployError:
        return None  # the account lets nobody look; StackSets' own words stand for it
