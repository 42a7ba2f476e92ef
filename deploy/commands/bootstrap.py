"""`bootstrap`: make what must stand in an account before its first deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments, waivers

if TYPE_CHECKING:
    from deploy.account import Account
    from deploy.approval import Approval
    from deploy.console import Console
    from deploy.record import Moved


@click.command("bootstrap")
@click.argument("environment", shell_complete=environments)
@click.option("--print-template", is_flag=True, help="Print the template, and do nothing.")
@common
@waivers
def command(
    common: Common,
    environment: str,
    print_template: bool,
    given: Approval,
) -> int:
    """Make what must stand in an account before its first deployment, or bring it up to date.

    The artifact bucket, its key, the deployment gate alarm, API Gateway's account role, the permissions boundary, and the five roles that
    everything else is done with. It needs an administrator's credentials of the environment's own account.

    \b
    Example: python -m deploy bootstrap dev --local
             python -m deploy bootstrap prod --profile prod-admin
    """
    from deploy import bootstrapping
    from deploy.approval import check_waivers, confirm

    account, console = common.account(environment, mend=False), common.console
    if print_template:
        for one in account.manifest.bootstraps:
            bootstrapping.template(account, one)
            console.stdout.write((account.folder / one.path).read_text(encoding="utf-8"))
        return 0
    made = bootstrapping.propose(account, console.note)
    console.result(made)
    try:
        if made.changes:
            check_waivers(made, given)
            confirm(made, given, lambda question, expected, digest: console.ask(question, expected))
    except BaseException:
        bootstrapping.discard(account, made.proposals)
        raise
    return _ended(account, bootstrapping.carry_out(account, made, console), console)


def _ended(account: Account, moved: tuple[Moved, ...], console: Console) -> int:
    """Raises:
    RolledBack, Stuck: as AWS ended.
    """
    from deploy.bootstrapping import outcome
    from deploy.errors import RolledBack, Stuck

    how = outcome(moved)
    if how == "succeeded":
        console.result(f"{account.manifest.environment}: account {account.manifest.account} is ready")
        return 0
    if how == "nothing to do":
        return 0
    names = ", ".join(f"{one.stack} is {one.after}" for one in moved)
    kind = Stuck if how == "stuck" else RolledBack
    raise kind(
        f"bootstrap of {account.manifest.environment}", f"it failed: {names}", "mend the cause that is shown above, then run it again"
    )
