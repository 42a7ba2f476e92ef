"""Stopping what runs, the right way for its state: an update is cancelled, a create undone, all else ends by itself.

CloudFormation has no request that stops a create. Where the deployment gate watches it, closing the gate makes CloudFormation undo it, also
what the templates retain (RetainExceptOnCreate); else the stack is deleted, once it is proven that it never succeeded.

The operation that is stopped has the lock, perhaps in another process that follows it, so a cancel does not take it: it is recorded under that
operation's number, beside it (`deploy.ledger`). Whoever follows the operation sees the rollback and ends with 7 by himself. Where nobody has
the lock (the console began it), the cancel takes it and is an operation of its own number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from deploy import begun, gate, lock
from deploy.account import Account
from deploy.aws.stacks import Stacks
from deploy.errors import Conflict, Invalid, Refused
from deploy.intervention import GATE, Intervention
from deploy.ledger import Ledger
from deploy.model import Stack
from deploy.record import Record
from deploy.show import Show
from deploy.status import Status, Way


class Running(NamedTuple):
    """A stack at work. ``way``: how it is cancelled, None where it is not."""

    stack: Stack
    region: str
    way: Way | None


def running(account: Account) -> tuple[Running, ...]:
    """The stacks that CloudFormation is at work on."""
    found = []
    for wanted in account.manifest.stacks:
        stack = account.stacks("plan", wanted.region).find(wanted.name)
        if stack and stack.status.is_busy:
            found.append(Running(stack, wanted.region, _way(stack, gate.name_of(wanted))))
    return tuple(found)


def _way(stack: Stack, name: str) -> Way | None:
    """``name``: of the gate, empty where there is none."""
    watched = bool(name) and any(trigger.arn.endswith(f":alarm:{name}") for trigger in stack.triggers)
    return next((way for way in stack.status.ways_out if way.verb == "cancel" and (watched or not way.gate)), None)


def choose(found: tuple[Running, ...], name: str, environment: str) -> Running | None:
    """The one to cancel; None where none can be.

    Raises:
        Invalid: there are several, or none of this name.
    """
    open_to = [one for one in found if one.way and one.stack.name == (name or one.stack.name)]
    if len(open_to) > 1:
        names = ", ".join(one.stack.name for one in open_to)
        raise Invalid(f"cancel {environment}", f"several stacks are at work: {names}", "say which: --stack NAME")
    if name and not open_to:
        raise Invalid(
            f"--stack {name}", "nothing that could be cancelled runs on it", f"see what runs: python -m deploy status {environment}"
        )
    return open_to[0] if open_to else None


def check(account: Account, one: Running) -> None:
    """Raises:
    Refused: it would delete a stack that is not proven to have never succeeded, or that is protected.
    """
    if one.stack.status.is_cancellable or (one.way and one.way.gate):
        return
    if one.stack.termination_protection:
        raise Refused(f"stack {one.stack.name}", "it is being created, and termination protection is on", "wait for the create to end")
    if not begun.never_succeeded(account.stacks("plan", one.region), one.stack.id):
        raise Refused(
            f"stack {one.stack.name}", "it is not proven that it never succeeded, so it is not deleted", "wait for the create to end"
        )


def cancel(account: Account, one: Running, show: Show, reached: Callable[[str], None] = lambda point: None) -> Record:
    """Ask, follow the way back, record. ``reached`` as in `deploy.rollout`.

    Raises:
        Conflict: it came too late.
    """
    check(account, one)
    stacks = account.stacks("deploy", one.region)
    operation = begun.last(stacks, one.stack.id)
    if operation is None:
        raise Conflict(f"stack {one.stack.name}", "AWS has no events of what runs on it", "run the same command again")

    def ask(gateway: Stacks, token: str) -> None:
        if one.way and one.way.gate:
            gate.close_for(account, one.stack.name, why="the create was cancelled", who=account.caller.arn)
        elif one.stack.status is Status.UPDATE_IN_PROGRESS:
            gateway.cancel_update(one.stack.id, token)
        else:
            gateway.delete(one.stack.id, token)

    return Intervention(
        account=account,
        verb="cancel",
        stack=one.stack,
        region=one.region,
        begun=operation,
        choice=(GATE if one.way.gate else one.way.api) if one.way else "",
        ask=ask,
        show=show,
        under=_holder(account),
        reached=reached,
    ).run()


def _holder(account: Account) -> Record | None:
    """The record of the operation that has the lock and has not ended; None where nobody is at work."""
    store = account.store("deploy", account.manifest.region)
    held = lock.holder(store)
    record = Ledger(store=store).find(held.operation) if held and held.held else None
    return record if record and record.ended is None and record.operation != "cancel" else None
