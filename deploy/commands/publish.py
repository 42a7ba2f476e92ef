"""`publish`: put templates and assets into the artifact bucket."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("publish")
@click.argument("environment", shell_complete=environments)
@common
def command(common: Common, environment: str) -> int:
    """Put templates and assets into the artifact bucket, each under its digest, the manifest last.

    A second run uploads nothing; a half-done one is completed. `plan` does it by itself.

    \b
    Example: python -m deploy publish dev --local
    """
    from deploy.commands.story import publish_all

    done = publish_all(common.account(environment), common.console, every=True)
    if common.format == "json":
        common.console.result(done)
    else:
        for one in done:
            common.console.result(f"{one.bucket}: {one.uploaded} uploaded, {one.objects - one.uploaded} were there")
    return 0
