"""`up`: plan, review, ask and apply in one."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("up")
@click.argument("environment", shell_complete=environments)
@click.option("--allow-loss", metavar="PATH", multiple=True, help="Accept that this resource loses data. May be given again.")
@click.option("--allow-broadening", metavar="PATH", multiple=True, help="Accept that this permission widens. May be given again.")
@click.option(
    "--traffic", type=click.FloatRange(0, 50), default=0, metavar="N", help="Send N requests a second while CloudFormation monitors."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(
    common: Common, environment: str, allow_loss: tuple[str, ...], allow_broadening: tuple[str, ...], yes: bool, traffic: float
) -> int:
    """Plan, review, ask and apply in one.

    A no leaves nothing behind.

    \b
    Example: python -m deploy up dev --local
    """
    from deploy.approval import Approval
    from deploy.commands.story import carry_out, make_plan, show_plan, withdraw

    account, made, path = make_plan(common, environment, None)
    show_plan(common, made, path, hint=False)
    if not made.changes and not made.moves_release:
        return 0
    given = Approval(loss=frozenset(allow_loss), broadening=frozenset(allow_broadening), yes=yes)
    return carry_out(common, account, made, given, lambda: withdraw(account, made, path), traffic=traffic)
