"""`cancel`: stop what runs on an environment, the right way for its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments
from deploy.errors import Conflict, Refused, RolledBack, Stuck

if TYPE_CHECKING:
    from deploy.cancelling import Running
    from deploy.record import Record


@click.command("cancel")
@click.argument("environment", shell_complete=environments)
@click.option("--stack", metavar="NAME", default="", help="Of which stack, where several are at work.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(common: Common, environment: str, stack: str, yes: bool) -> int:
    """Stop what runs: an update is cancelled and put back; a create is undone by closing the gate, or deleted where no gate watches it.

    Works beside the process that began it, which sees the rollback and ends by itself, and on what the console began. What goes back or
    cleans up already is not stopped: it ends by itself. Exits with 7 once everything is put back.

    \b
    Example: python -m deploy cancel dev --local
    """
    from deploy import cancelling
    from deploy.intervention import resume

    account, console = common.account(environment), common.console
    if left := resume(account, "cancel", console):
        console.result(left)
        return _ended(left)
    found = cancelling.running(account)
    chosen = cancelling.choose(found, stack, environment)
    if chosen is None or chosen.way is None:
        console.result(_nothing(environment, found))
        return 0
    cancelling.check(account, chosen)
    lost = f" It may lose: {chosen.way.loses}." if chosen.way.loses else ""
    console.note(f"{chosen.stack.name} is {chosen.stack.status}: {chosen.way.does}.{lost}")
    if not yes and not console.ask(f"Cancel it in account {account.manifest.account}?", environment if chosen.way.loses else "y"):
        raise Refused(f"cancel of {environment}", "not approved", "nothing was changed; what runs goes on")
    record = cancelling.cancel(account, chosen, console)
    console.result(record)
    return _ended(record)


def _nothing(environment: str, found: tuple[Running, ...]) -> str:
    if not found:
        return f"{environment}: nothing runs; nothing to cancel"
    states = ", ".join(f"{one.stack.name} is {one.stack.status}" for one in found)
    return (
        f"{environment}: {states}: that goes on by itself and cannot be stopped; follow it: python -m deploy status {environment} --follow"
    )


def _ended(record: Record) -> int:
    """Raises:
    RolledBack: everything is put back, as it was asked.
    Stuck: not everything could be.
    Conflict: it came too late.
    """
    from deploy.ending import causes_of

    subject = f"cancel of operation {record.number} of {record.environment}"
    names = ", ".join(f"{moved.stack} is {moved.after or moved.before}" for moved in record.stacks)
    if record.outcome == "rolled back":
        left = record.message.partition("; ")[2]
        how = "delete what is left, or the next create finds its names taken" if left else "the environment is as it was"
        raise RolledBack(subject, f"it was stopped and put back: {names}", how, (left,) if left else ())
    if record.outcome == "stuck":
        how = f"see the ways out: python -m deploy recover {record.environment}"
        raise Stuck(subject, f"it was stopped, and could not be put back: {names}", how, causes_of(record))
    raise Conflict(subject, f"it came too late: {names}", f"to go back: python -m deploy rollback {record.environment}")
