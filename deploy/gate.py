"""The deployment gate: an alarm of our own among the rollback triggers, so that a failed check makes CloudFormation roll back.

Bootstrap makes it, no metric feeds it. Whoever closes it says who it was; whoever finds it closed afterwards, with nothing running,
opens it again, so that a killed run cannot stand in the way of the next.
"""

from __future__ import annotations

from collections.abc import Callable

from deploy import lock
from deploy.account import Account
from deploy.aws.alarms import Alarms
from deploy.errors import DeployError
from deploy.manifest import Stack as Wanted
from deploy.model import Alarm

Say = Callable[[str], None]
MARK = "closed by tapline"


def name_of(stack: Wanted) -> str:
    """The trigger that is there before the stack is; empty where the stack has none."""
    return next(
        (trigger.alarm for trigger in stack.guard.triggers if trigger.since == "create" and trigger.type == "AWS::CloudWatch::Alarm"), ""
    )


def close(alarms: Alarms, name: str, *, why: str, who: str) -> None:
    alarms.set_state(name, "ALARM", f"{MARK} for {who}: {why}"[:1000])


def open_again(alarms: Alarms, name: str, why: str) -> None:
    alarms.set_state(name, "OK", f"opened by tapline: {why}"[:1000])


def close_for(account: Account, stack: str, *, why: str, who: str) -> None:
    """By the name of the stack that it watches."""
    wanted = _wanted(account, stack)
    close(account.alarms("deploy", wanted.region), name_of(wanted), why=why, who=who)


def open_for(account: Account, stack: str, why: str) -> None:
    """Where it is closed; another run may have opened it."""
    wanted = _wanted(account, stack)
    if closed(account, stack):
        open_again(account.alarms("deploy", wanted.region), name_of(wanted), why)


def closed(account: Account, stack: str) -> bool:
    wanted = _wanted(account, stack)
    return any(is_closed(alarm) for alarm in account.alarms("plan", wanted.region).named([name_of(wanted)]))


def _wanted(account: Account, stack: str) -> Wanted:
    return next(wanted for wanted in account.manifest.stacks if wanted.name == stack)


def is_closed(alarm: Alarm) -> bool:
    """By us, that is: an alarm that somebody else has set is theirs."""
    return alarm.state == "ALARM" and alarm.reason.startswith(MARK)


def mend(account: Account, say: Say) -> None:
    """Open every gate that a run has left closed and that nothing needs closed any more; say whose it was either way."""
    for stack in account.manifest.stacks:
        name = name_of(stack)
        alarm = next(iter(account.alarms("plan", stack.region).named([name])), None) if name else None
        if alarm is None or not is_closed(alarm):
            continue
        if words := _running(account, stack):
            say(f"the gate of {stack.name} is {alarm.reason}; it stays closed: {words}")
            continue
        try:
            open_again(account.alarms("deploy", stack.region), name, f"left behind, and nothing runs; it was {alarm.reason}")
            say(f"the gate of {stack.name} was {alarm.reason}, and left behind; it is open again")
        except DeployError as error:
            say(f"the gate of {stack.name} is {alarm.reason}, and cannot be opened: {error.fact}")


def _running(account: Account, stack: Wanted) -> str:
    """Why the gate may still be needed; empty where nothing runs."""
    holder = lock.holder(account.store("plan", account.manifest.region))
    if holder and holder.alive(lock.now()):
        return f"held for {holder.words}"
    found = account.stacks("plan", stack.region).find(stack.name)
    return f"the stack is {found.status}" if found and found.status.is_busy else ""
