"""How an environment is now: its stacks, what watches them, its release, and who works on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from deploy import lock
from deploy.account import Account
from deploy.ledger import Ledger
from deploy.manifest import Stack as Wanted
from deploy.model import Alarm
from deploy.record import Record, Running, StackState, StatusReport, TriggerState
from deploy.whose import has_ended

_GATE_TYPE = "AWS::CloudWatch::Alarm"
RECORDS = 5
"""That are looked through for the last one that is not merely observed."""
SKEW = timedelta(seconds=5)
"""How far the clock of who wrote the ledger may be behind AWS's."""


def state(account: Account) -> StatusReport:
    """Asks AWS, changes nothing."""
    manifest = account.manifest
    store = account.store("plan", manifest.region)
    ledger = Ledger(store=store)
    newest = ledger.newest(RECORDS)
    ours = next((record for record in newest if record.operation != "observed"), None)
    stands = ledger.standing()
    holder = lock.holder(store)
    watching = {stack.name: _alarms(account, stack) for stack in manifest.stacks}
    ahead = _ahead(newest)
    stacks = tuple(_stack(account, stack, watching[stack.name], ours, ahead) for stack in manifest.stacks)
    return StatusReport(
        environment=manifest.environment,
        account=manifest.account,
        region=manifest.region,
        at=datetime.now(UTC),
        release=stands.release if stands else "",
        commit=stands.commit if stands else None,
        since=stands.ended if stands else None,
        by=stands.by if stands else "",
        stacks=stacks,
        gate=_worst([stack.gate for stack in stacks if stack.gate]),
        last=newest[0] if newest else None,
        running=_running(holder) if holder and holder.alive(lock.now()) else None,
        traffic=_traffic(account),
    )


def alarms(account: Account) -> tuple[TriggerState, ...]:
    """All rollback triggers that the manifest names, whether a stack has them already or not."""
    watching = [(stack, _alarms(account, stack)) for stack in account.manifest.stacks]
    return tuple(_trigger(trigger.alarm, found) for stack, found in watching for trigger in stack.guard.triggers)


def _alarms(account: Account, stack: Wanted) -> dict[str, Alarm]:
    names = [trigger.alarm for trigger in stack.guard.triggers]
    return {alarm.name: alarm for alarm in account.alarms("plan", stack.region).named(names)}


def regional(account: Account) -> StatusReport:
    """The same of an environment with a second region, which may be all that answers: then what that one says."""
    failover = account.manifest.failover
    if failover is None:
        return state(account)
    from deploy.failover.alone import alone, silence

    why = silence(account, failover.region)
    if not why:
        return state(account)
    found = state(alone(account, failover.standby))
    return msgspec.structs.replace(found, silent=f"{failover.region} does not answer: {why}", traffic=_traffic(account))


def _traffic(account: Account) -> str:
    if account.manifest.failover is None:
        return ""
    from deploy.failover.switching import serving

    found = serving(account, account.manifest.failover)
    return found if isinstance(found, str) else f"not known: {found.reason}"


def _ahead(newest: tuple[Record, ...]) -> dict[str, str]:
    """Stack -> the release that a failed operation left it at; what was deployed whole since then has brought it back."""
    for record in newest:
        if record.outcome in ("succeeded", "unverified") and record.manifest:
            return {}
        if record.ahead:
            return dict.fromkeys(record.ahead, record.release or "unknown")
    return {}


def _worst(gates: list[TriggerState]) -> TriggerState | None:
    order = ("ALARM", "MISSING", "INSUFFICIENT_DATA", "OK")
    return min(gates, key=lambda gate: order.index(gate.state), default=None)


def _stack(account: Account, wanted: Wanted, alarms: dict[str, Alarm], last: Record | None, ahead: dict[str, str]) -> StackState:
    stacks = account.stacks("plan", wanted.region)
    found = stacks.find(wanted.name)
    named = next((trigger.alarm for trigger in wanted.guard.triggers if trigger.type == _GATE_TYPE), "")
    gate = _trigger(named, alarms) if named else None
    if found is None:
        return StackState(name=wanted.name, region=wanted.region, gate=gate)
    changed = found.updated or found.created
    return StackState(
        name=found.name,
        region=wanted.region,
        status=found.status,
        reason=found.reason,
        since=changed,
        moved=bool(changed and last and last.ended and changed > last.ended + SKEW),
        drift=found.drift,
        drift_checked=found.drift_checked,
        termination_protection=found.termination_protection,
        policy=bool(stacks.policy(found.id)),
        triggers=tuple(_trigger(_name(arn), alarms) for arn in (trigger.arn for trigger in found.triggers)),
        gate=gate,
        ahead=ahead.get(wanted.name, ""),
        monitoring_minutes=found.monitoring_minutes,
        outputs=found.outputs,
    )


def _name(arn: str) -> str:
    return arn.rpartition(":alarm:")[2]


def _trigger(name: str, alarms: dict[str, Alarm]) -> TriggerState:
    alarm = alarms.get(name)
    return TriggerState(name=name, state=alarm.state, since=alarm.since) if alarm else TriggerState(name=name, state="MISSING")


def _running(holder: lock.Holder) -> Running:
    return Running(
        operation=holder.verb,
        plan=holder.operation if holder.verb == "apply" else "",
        ended=has_ended(holder.host, holder.pid),
        by=holder.by,
        host=holder.host,
        since=holder.since,
        expires=holder.until,
    )
