"""What a rollout's guard is made of: its gate, its checks, its second way back; and the proof that what was put back works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from deploy import gate
from deploy.account import Account
from deploy.aws.stacks import Stacks
from deploy.background import manifest_of
from deploy.guard import Guard, patience
from deploy.ledger import Ledger
from deploy.pieces import Bucketed
from deploy.plan import Plan, Proposal
from deploy.record import CheckResult

if TYPE_CHECKING:
    from deploy.verification.traffic import Traffic

Say = Callable[[str], None]
Ended = Callable[[CheckResult], None]
Verify = Callable[[Account, str, threading.Event, Say, Ended], tuple[CheckResult, ...]]
"""Of one region."""

MOST_TRAFFIC_SECONDS = 4 * 3600
"""Longer than CloudFormation monitors."""


def verify(account: Account, region: str, stop: threading.Event, say: Say, ended: Ended) -> tuple[CheckResult, ...]:
    """What the environment file says a release must do, as far as the region can answer it."""
    from deploy import verification

    results = verification.verify(account, region=region, stop=stop, say=say, ended=ended)
    if region == account.manifest.region:
        return results
    return tuple(msgspec.structs.replace(one, name=f"{one.name} in {region}") for one in results)


def guard(account: Account, made: Plan, proposal: Proposal, stacks: Stacks, verify: Verify, traffic: float, say: Say) -> Guard:
    """``traffic``: requests a second, to the environment's own region. The checks speak of everything in a region: they run with the last
    stack that changes there, under the gate that its own region has.
    """
    wanted = next(stack for stack in account.manifest.stacks if stack.name == proposal.stack)
    region = proposal.region
    last = [one for one in made.proposals if one.change_sets and one.region == region][-1] is proposal
    return Guard(
        proposal=proposal,
        gate=gate.name_of(wanted),
        alarms=account.alarms("deploy", proposal.region),
        verify=(lambda stop, ended: verify(account, region, stop, say, ended)) if last else (lambda stop, ended: ()),
        cancel=(lambda: stacks.cancel_update(proposal.stack_id, f"{proposal.token}-cancel")) if proposal.kind == "update" else None,
        traffic=_stream(account, traffic) if last and traffic and region == account.manifest.region else None,
        patience=patience(proposal.settings.monitoring_minutes),
        who=f"plan {made.short} by {account.caller.arn}",
        say=say,
    )


def prove(account: Account, region: str, verify: Verify, say: Say) -> tuple[CheckResult, ...]:
    """That the release before does what it did in a region: its own checks, run again; none where there was none."""
    store = account.store("plan", account.manifest.region)
    last = Ledger(store=store).standing()
    before = manifest_of(store, last) if last else None
    if before is None:
        return ()
    # Its alarms still count the minutes of the release that was undone; what it does is asked of it itself.
    asked = tuple(check for check in before.checks if check.get("check") != "alarms")
    before = msgspec.structs.replace(before, checks=asked)
    there = account.with_manifest(before, Bucketed(store))
    say("verifying the release that was put back")
    results = verify(there, region, threading.Event(), say, lambda result: None)
    if not any(result.ok is False for result in results):
        say(f"the release before it answers as it did: {len(results)} checks passed")
    return results


def _stream(account: Account, per_second: float) -> Traffic:
    from deploy.verification.traffic import Traffic

    return Traffic(account, per_second, most=round(per_second * MOST_TRAFFIC_SECONDS))
