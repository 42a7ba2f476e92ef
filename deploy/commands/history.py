"""`history`: list what was done, when, by whom, and how it ended."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("history")
@click.argument("environment", shell_complete=environments)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@common
def command(common: Common, environment: str, limit: int) -> int:
    """List what was done, when, by whom, and how it ended.

    \b
    Example: python -m deploy history dev --local
    """
    from deploy.ledger import Ledger
    from deploy.record import History

    account = common.account(environment)
    records = Ledger(store=account.store("plan", account.manifest.region)).newest(limit)
    common.console.result(History(environment=environment, records=records))
    return 0
