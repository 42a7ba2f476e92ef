"""`status`: say what runs, since when, and whether somebody works on it."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common


@click.command("status")
@click.argument("environments", nargs=-1)
@common
def command(common: Common, environments: tuple[str, ...]) -> int:
    """Say what runs, since when, and whether somebody works on it.

    Without an environment: all that are built.

    \b
    Example: python -m deploy status dev --local
    """
    from deploy.state import state

    for environment in environments or common.built():
        common.console.result(state(common.account(environment)))
    return 0
