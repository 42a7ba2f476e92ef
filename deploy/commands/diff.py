"""`diff`: compare the deployed templates with the built ones."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("diff")
@click.argument("environment", shell_complete=environments)
@click.option("--service", metavar="NAME", multiple=True, help="Only this service. May be given again.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where there are differences.")
@common
def command(common: Common, environment: str, service: tuple[str, ...], detailed_exitcode: bool) -> int:
    """Compare the deployed templates with the built ones; asks for no change set and publishes nothing.

    \b
    Example: python -m deploy diff dev --service compute --local
    """
    from deploy.comparison import templates
    from deploy.report.difference import text

    found = templates(common.account(environment), frozenset(service))
    console = common.console
    console.result(found if common.format == "json" else text(found, console.ink))
    return 3 if detailed_exitcode and found.differ else 0
