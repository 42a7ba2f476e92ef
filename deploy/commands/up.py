"""`up`: plan, review, ask and apply in one."""

from __future__ import annotations

import functools
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

    A no leaves nothing behind. Where a stack waited for what another one gives, or is given something else now, plans again, and asks again.

    \b
    Example: python -m deploy up dev --local
    """
    from deploy import approval
    from deploy.commands.story import carry_out, make_plan, say_what_waits, show_plan, withdraw

    rounds = 0
    while True:
        account, made, path = make_plan(common, environment, None, revert=revert)
        show_plan(common, made, path, hint=False)
        if made.does_nothing:
            return 0
        code = carry_out(common, account, made, given, functools.partial(withdraw, account, made, path), traffic=traffic)
        rounds += 1
        # A value that goes round among n stacks has come to rest after n of them.
        if code or rounds > len(account.manifest.stacks) or not say_what_waits(common, account, made):
            return code
        # What was accepted was accepted of the plan that showed it.
        given, revert = approval.Approval(yes=given.yes), False
