"""`rollback`: go back to an earlier release, by a reviewed plan from what it published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments, waivers

if TYPE_CHECKING:
    from deploy.approval import Approval


@click.command("rollback")
@click.argument("environment", shell_complete=environments)
@click.option("--to", metavar="RELEASE|N", default="", help="A release's digest, or an operation's number.  [default: the one before]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan there for `apply`, and do nothing more.")
@common
@waivers
def command(
    common: Common,
    environment: str,
    to: str,
    out: Path | None,
    given: Approval,
) -> int:
    """Go back to an earlier release: from the templates that it published, with no rebuild and no checkout of it.

    Reviewed, guarded and recorded as every deployment is: what would lose data is refused until it is named, since --yes accepts none of it.
    Without --to: to the last good deployment before the release that runs now.

    \b
    Example: python -m deploy rollback dev --local
             python -m deploy rollback prod --to 3f2a9c1b77d0 --out back.plan.json
    """
    from deploy import earlier
    from deploy.commands.story import carry_out, keep_plan, pending, show_plan, withdraw
    from deploy.propose import propose

    now, console = common.account(environment), common.console
    _ = now.caller  # before anything else: who asks, and whether AWS and this clock agree
    record = earlier.find(now, to)
    account = earlier.account_of(now, record)
    commit = f", commit {record.commit[:12]}" if record.commit else ""
    console.note(f"back to deployment {record.number} of {environment}: release {record.release[:12] or 'unknown'}{commit}")
    for stack in earlier.left_alone(now.manifest, account.manifest):
        console.warn(f"{stack} stays as it is: that release did not have it")
    made = propose(account, earlier.background(account, record), pending(common), console.note, operation="rollback")
    path = keep_plan(common, account, made, out)
    show_plan(common, made, path, hint=out is not None)
    if out is not None:
        return 0
    if made.does_nothing:
        console.note("nothing to do")
        return 0
    return carry_out(common, account, made, given, lambda: withdraw(account, made, path))
