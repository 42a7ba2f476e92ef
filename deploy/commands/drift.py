"""`drift`: compare what runs with the templates, and accept a difference until a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments, formats

if TYPE_CHECKING:
    from deploy.accepting import Wish
    from deploy.account import Account
    from deploy.drifting import DriftReport


@click.command("drift")
@click.argument("environment", shell_complete=environments)
@click.option("--who", is_flag=True, help="Ask CloudTrail as well, who changed what has drifted.")
@click.option("--accept", "name", metavar="ID", help="Accept this drift: a resource's path, or a property's below it.")
@click.option("--until", metavar="DATE", default="", help="With --accept: the last day on which it is accepted, as 2027-01-31.")
@click.option("--reason", metavar="TEXT", default="", help="With --accept: why it may stay.")
@common
@formats("text", "json", "markdown", "sarif")
def command(common: Common, environment: str, who: bool, name: str | None, until: str, reason: str) -> int:
    """Compare what runs with its templates, resource by resource, in all nested stacks.

    Exits with 3 where something has drifted that nobody has accepted, with 75 where a stack or a resource gave no answer. What is accepted is
    written down with who and when, holds for the values that are seen now, and ends by itself.

    \b
    Example: python -m deploy drift dev --local
             python -m deploy drift prod --format markdown --who
             python -m deploy drift dev --accept Messaging/JobsQueue --until 2027-01-31 --reason "a slow partner"
    """
    from datetime import UTC, datetime

    from deploy import accepting
    from deploy.drift import look
    from deploy.errors import Invalid

    if name is None and (until or reason):
        raise Invalid("--until and --reason", "they say how long and why something is accepted", "name it: --accept ID")
    wish = accepting.Wish(name, until, reason) if name is not None else None
    if wish:
        accepting.check(wish, datetime.now(UTC).date())
    account = common.account(environment)
    reports = look(account, who=who)
    if wish:
        return _accept(common, account, wish, reports)
    _show(common, account, reports)
    return max((report.code for report in reports), key=lambda code: (code == 3, code), default=0)


def _accept(common: Common, account: Account, wish: Wish, reports: tuple[DriftReport, ...]) -> int:
    from deploy import accepting

    given, record = accepting.accept(account, wish, accepting.subject(wish, reports), common.console)
    if common.format == "json":
        common.console.result(given)
    else:
        until = f"{given.path}{given.property} is accepted until {given.until}, for the values that it has now"
        common.console.result(f"{until} (operation {record.number})")
    return 0


def _show(common: Common, account: Account, reports: tuple[DriftReport, ...]) -> None:
    from deploy.background import lines_of
    from deploy.report import drift

    if common.format in ("markdown", "sarif"):
        words = drift.markdown(reports) if common.format == "markdown" else drift.sarif(reports, lines_of(account.folder))
        common.console.result(words)
    elif common.format == "json":
        common.console.result(reports[0] if len(reports) == 1 else reports)
    else:
        for report in reports:
            common.console.result(report)
