"""`publish`: put templates and assets into the artifact bucket."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("publish")
@click.argument("environment", shell_complete=environments)
@common
def command(common: Common, environment: str) -> int:
    """Put templates and assets into the artifact bucket, each under its digest, the manifest last.

    A whole build is kept in the tools account as well, for promotions. A second run uploads nothing; a half-done one is completed. `plan`
    does it by itself.

    \b
    Example: python -m deploy publish dev --local
    """
    from deploy.commands.story import keep_release, publish_all

    account = common.account(environment)
    done = publish_all(account, common.console, every=True)
    keep_release(common, account)
    if common.format == "json":
        common.console.result(done)
    else:
        for one in done:
            common.console.result(f"{one.bucket}: {one.uploaded} uploaded, {one.objects - one.uploaded} were there")
    return 0
