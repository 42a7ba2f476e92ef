"""`history`: list what was done, when, by whom, and how it ended."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("history")
@click.argument("environment", shell_complete=environments)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@click.option("--events", "number", type=int, metavar="NUMBER", help="AWS's events of one operation instead.")
@common
def command(common: Common, environment: str, limit: int, number: int | None) -> int:
    """List what was done, when, by whom, and how it ended.

    \b
    Example: python -m deploy history dev --local
             python -m deploy history dev --events 3 --local
    """
    from deploy.errors import Invalid
    from deploy.ledger import Ledger
    from deploy.record import History
    from deploy.report.history import events

    account, console = common.account(environment), common.console
    ledger = Ledger(store=account.store("plan", account.manifest.region))
    if number is None:
        found = sorted((*ledger.newest(limit), *ledger.changes(limit)), key=lambda record: record.began, reverse=True)
        console.result(History(environment=environment, records=tuple(found[:limit])))
        return 0
    told = ledger.events(number)
    if told is None:
        raise Invalid(
            f"operation {number}", f"the ledger of {environment} has no events of it", f"see python -m deploy history {environment}"
        )
    console.result(told if common.format == "json" else events(told, console.ink))
    return 0
