"""`gc`: remove what was published and is needed no more."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("gc")
@click.argument("environment", shell_complete=environments)
@click.option("--keep", type=click.IntRange(min=1), default=10, show_default=True, help="Releases that stay, the newest.")
@click.option(
    "--older-than", "days", type=click.IntRange(min=1), default=30, show_default=True, metavar="DAYS", help="Younger ones stay too."
)
@click.option("--remove", is_flag=True, help="Remove what is listed; without it, nothing is.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(common: Common, environment: str, keep: int, days: int, remove: bool, yes: bool) -> int:
    """List what was published and is needed no more, and remove it.

    Needed is whatever a deployed stack, a release within the window, a rollback, an approval or another environment may still ask for. What
    cannot be proven unused stays; while anybody works or has a plan, nothing is judged.

    \b
    Example: python -m deploy gc dev --local
             python -m deploy gc tools --keep 20 --older-than 90 --remove
    """
    from deploy.clearing.story import Clearing
    from deploy.manifest import TOOLS
    from deploy.report.clearing import text

    account, console = common.account(environment), common.console
    others = {name: common.account(name, mend=False) for name in common.built(needed=False)} if environment == TOOLS else {}
    clearing = Clearing(account=account, keep=keep, days=days, show=console, others=others)
    choice = clearing.look()
    if not remove or not choice.removable:
        console.result(choice)
        if choice.removable:
            console.note("nothing was removed: --remove removes what is listed")
        return 0
    console.note(text(choice))
    question = f"Remove {len(choice.removable)} objects from the artifact bucket of {environment} (account {account.manifest.account})?"
    if not yes and not console.ask(question, environment):
        from deploy.errors import Refused

        raise Refused(f"gc of {environment}", "not approved", "nothing was removed")
    console.result(clearing.remove(choice))
    return 0
