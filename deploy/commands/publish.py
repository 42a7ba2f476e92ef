"""`publish`: put templates and assets into the artifact bucket, and prove that they are there."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("publish")
@click.argument("environment", shell_complete=environments)
@click.option("--verify", is_flag=True, help="Publish nothing: read back what was published, and compare it.")
@common
def command(common: Common, environment: str, verify: bool) -> int:
    """Put templates and assets into the artifact bucket, each under its digest, the manifest last.

    A whole build is kept in the tools account as well, for promotions. A second run uploads nothing; a half-done one is completed. `plan`
    does it by itself. --verify ends with 3 where something is missing or is not what was published.

    \b
    Example: python -m deploy publish dev --local
             python -m deploy publish dev --verify --format json
    """
    from deploy.commands.story import keep_release, publish_all

    account = common.account(environment)
    if verify:
        from deploy.readback import read_back

        found = read_back(account, common.build)
        common.console.result(found)
        if common.format == "json":
            for way in found.ways_out:
                common.console.note(way)
        return found.code
    done = publish_all(account, common.console, every=True)
    keep_release(common, account)
    if common.format == "json":
        common.console.result(done)
    else:
        for one in done:
            common.console.result(f"{one.bucket}: {one.uploaded} uploaded, {one.objects - one.uploaded} were there")
    return 0
