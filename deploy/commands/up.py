"""`up`: plan, review, ask and apply in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments, revert_option, traffic_option, waivers

if TYPE_CHECKING:
    from deploy.approval import Approval


@click.command("up")
@click.argument("environment", shell_complete=environments)
@traffic_option
@revert_option
@common
@waivers
def command(common: Common, environment: str, given: Approval, traffic: float, revert: bool) -> int:
    """Plan, review, ask and apply in one.

    A no leaves nothing behind.

    \b
    Example: python -m deploy up dev --local
    """
    from deploy.commands.story import carry_out, make_plan, show_plan, withdraw

    account, made, path = make_plan(common, environment, None, revert=revert)
    show_plan(common, made, path, hint=False)
    if not made.changes and not made.moves_release:
        return 0
    return carry_out(common, account, made, given, lambda: withdraw(account, made, path), traffic=traffic)
