"""`destroy`: delete an environment's stacks, and say what stays."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("destroy")
@click.argument("environment", shell_complete=environments)
@click.option("--allow-loss", metavar="PATH", multiple=True, help="Accept that this resource's data is deleted. May be given again.")
@click.option("--retain", metavar="PATH", multiple=True, help="After a failed deletion: leave this resource behind. May be given again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(common: Common, environment: str, allow_loss: tuple[str, ...], retain: tuple[str, ...], yes: bool) -> int:
    """Delete an environment's stacks, the last one first; bootstrap stays.

    Refuses while termination protection is on. Says first what holds data: what its template retains stays and is named, what would be
    deleted with its data has to be accepted by path.

    \b
    Example: python -m deploy destroy dev --local
    """
    from deploy.destruction import Destruction, survey
    from deploy.report.destruction import text

    account, console = common.account(environment), common.console
    found = survey(account)
    if not found.stacks:
        console.result(f"{environment}: no stack stands here; nothing to do")
        return 0
    console.note(text(found))
    found.check(frozenset(allow_loss), frozenset(retain))
    if not yes and not console.ask(f"Delete {', '.join(found.stacks)} in account {account.manifest.account}?", environment):
        from deploy.errors import Refused

        raise Refused(f"deletion of {environment}", "not approved", "nothing was changed")
    record = Destruction(account=account, survey=found, retain=frozenset(retain), show=console).run()
    console.result(record)
    if record.code:
        from deploy.ending import causes_of
        from deploy.errors import Stuck

        how = f"mend what stands in the way, or leave it behind by name: python -m deploy destroy {environment} --retain PATH"
        raise Stuck(f"deletion of {environment}", "something could not be deleted", how, causes_of(record))
    return 0
