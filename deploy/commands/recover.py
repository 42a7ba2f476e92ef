"""`recover`: say where stuck stacks stand, and do the one thing that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments
from deploy.errors import Invalid, Refused, Stuck

if TYPE_CHECKING:
    from deploy.record import Record
    from deploy.recovery import Choice, Situation, Standing


@click.command("recover")
@click.argument("environment", shell_complete=environments)
@click.option("--continue", "go_on", is_flag=True, help="UPDATE_ROLLBACK_FAILED: try again to put everything back.")
@click.option("--skip", metavar="PATH", multiple=True, help="The same, but leave this resource as it is. May be given again.")
@click.option("--force", is_flag=True, help="The same, and leave everything as it is that cannot be put back.")
@click.option("--roll-back", is_flag=True, help="UPDATE_FAILED: put everything back to what it was before the update.")
@click.option("--delete-failed-create", is_flag=True, help="Delete a stack whose first create failed, and that never succeeded.")
@click.option("--retain", metavar="PATH", multiple=True, help="DELETE_FAILED: delete the rest, leave this behind. May be given again.")
@click.option("--stack", metavar="NAME", default="", help="Of which stack, where several are in the way.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(
    common: Common,
    environment: str,
    go_on: bool,
    skip: tuple[str, ...],
    force: bool,
    roll_back: bool,
    delete_failed_create: bool,
    retain: tuple[str, ...],
    stack: str,
    yes: bool,
) -> int:
    """Say what state each stack is in, why, and which ways out there are; do the one that is chosen.

    Without an option nothing is changed. A resource is named by its path (Compute/ApiFunction) or as AWS does
    (tap-app-dev-Compute-1A2B.ApiFunction). A stack that ever succeeded is not deleted, but where a person began its deletion.
    Run it again after whatever interruption: it attaches.

    \b
    Example: python -m deploy recover dev --local
             python -m deploy recover prod --skip Compute/ApiFunction
    """
    from deploy import recovery
    from deploy.intervention import resume

    choice = _one_of(
        **{"--continue": go_on, "--force": force, "--roll-back": roll_back, "--delete-failed-create": delete_failed_create},
        **{"--skip": skip, "--retain": retain},
    )
    account, console = common.account(environment), common.console
    if left := resume(account, "recover", console):
        console.result(left)
        return _ended(left)
    found = recovery.look(account)
    if choice is None:
        return _shown(common, found)
    chosen = recovery.chosen(found, choice, stack)
    recovery.named(chosen, choice.paths)
    _confirm(common, found, chosen, choice, yes=yes)
    record = recovery.recover(account, chosen, choice, console)
    console.result(record)
    return _ended(record)


def _one_of(**given: bool | tuple[str, ...]) -> Choice | None:
    """Raises:
    Invalid: two ways at once.
    """
    from deploy.recovery import Choice

    ways = [option for option, value in given.items() if value]
    if len(ways) > 1:
        raise Invalid(" and ".join(ways), "these are two ways out, and one is taken at a time", "choose one: python -m deploy recover ENV")
    if not ways:
        return None
    value = given[ways[0]]
    return Choice(option=ways[0], paths=value if isinstance(value, tuple) else ())


def _shown(common: Common, found: Situation) -> int:
    from deploy.report.recovery import text

    console = common.console
    console.result(found if common.format == "json" else text(found, console.ink))
    return Stuck.code if found.is_stuck else 0


def _confirm(common: Common, found: Situation, chosen: Standing, choice: Choice, *, yes: bool) -> None:
    """Raises:
    Refused: the person says no, or nobody can be asked.
    """
    from deploy.report.recovery import text

    way = next(way for way in chosen.ways if way.option.split(" ")[0] == choice.option)
    common.console.note(text(found))
    if yes:
        return
    question = (
        f"{choice.words} for {chosen.stack} in account {found.account}: {way.does}{f'. It may lose: {way.loses}' if way.loses else ''}?"
    )
    if not common.console.ask(question, found.environment if way.loses else "y"):
        raise Refused(f"recovery of {found.environment}", "not approved", "nothing was changed")


def _ended(record: Record) -> int:
    """Raises:
    Stuck: it is stuck still.
    """
    if record.outcome != "stuck":
        return record.code
    from deploy.ending import causes_of

    names = ", ".join(f"{moved.stack} is {moved.after}" for moved in record.stacks)
    how = f"mend the cause, or take another way out: python -m deploy recover {record.environment}"
    raise Stuck(f"recovery {record.number} of {record.environment}", f"it did not help: {names}", how, causes_of(record))
