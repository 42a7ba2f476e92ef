"""`bootstrap`: make what must stand in an account before its first deployment."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("bootstrap")
@click.argument("environment", shell_complete=environments)
@click.option("--print-template", is_flag=True, help="Print the template, and do nothing.")
@click.option("--allow-loss", metavar="PATH", multiple=True, help="Accept that this resource loses data. May be given again.")
@click.option("--allow-broadening", metavar="PATH", multiple=True, help="Accept that this permission widens. May be given again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(
    common: Common, environment: str, print_template: bool, allow_loss: tuple[str, ...], allow_broadening: tuple[str, ...], yes: bool
) -> int:
    """Make what must stand in an account before its first deployment, or bring it up to date.

    The artifact bucket, its key, the deployment gate alarm, API Gateway's account role, the permissions boundary, and the four roles that
    everything else is done with. It needs an administrator's credentials of the environment's own account.

    \b
    Example: python -m deploy bootstrap dev --local
             python -m deploy bootstrap prod --profile prod-admin
    """
    from deploy import bootstrapping
    from deploy.approval import Approval, check_waivers, confirm
    from deploy.commands.story import bootstrap_ended

    account, console = common.account(environment, mend=False), common.console
    if print_template:
        for one in account.manifest.bootstraps:
            bootstrapping.template(account, one)
            console.stdout.write((account.folder / one.path).read_text(encoding="utf-8"))
        return 0
    made = bootstrapping.propose(account, console.note)
    console.result(made)
    given = Approval(loss=frozenset(allow_loss), broadening=frozenset(allow_broadening), yes=yes)
    try:
        if made.changes:
            check_waivers(made, given)
            confirm(made, given, lambda question, expected, digest: console.ask(question, expected))
    except BaseException:
        bootstrapping.discard(account, made.proposals)
        raise
    return bootstrap_ended(account, bootstrapping.carry_out(account, made, console), console)
