"""`status`: say what runs, since when, and whether somebody works on it."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common
from deploy.commands.options import environments as built


@click.command("status")
@click.argument("environments", nargs=-1, shell_complete=built)
@common
def command(common: Common, environments: tuple[str, ...]) -> int:
    """Say what runs, since when, and whether somebody works on it.

    Without an environment: all that are built.

    \b
    Example: python -m deploy status dev --local
    """
    from deploy import gate
    from deploy.state import state

    accounts = [common.account(environment) for environment in environments or common.built()]
    for account in accounts:
        gate.mend(account, common.console.warn)
    found = tuple(state(account) for account in accounts)
    if common.format == "json":
        common.console.result(found[0] if len(environments) == 1 else found)
    else:
        for one in found:
            common.console.result(one)
    return 0
