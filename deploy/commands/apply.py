"""`apply`: execute exactly what a plan holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, traffic_option, waivers

if TYPE_CHECKING:
    from deploy.approval import Approval


@click.command("apply")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--approve", metavar="DIGEST", default="", help="The digest that was reviewed; needs no one to type anything.")
@traffic_option
@common
@waivers
def command(common: Common, plan: Path, approve: str, given: Approval, traffic: float) -> int:
    """Execute exactly what a plan holds.

    Refuses a plan that was changed or has expired, and one whose stack, change sets, templates or triggers are not as they were when it
    was reviewed. Run it again after whatever interruption: it attaches to what runs, and never begins twice.

    \b
    Example: python -m deploy apply build/plans/dev-3f2a9c1b77d0.json --local
             python -m deploy apply prod.plan.json --approve 3f2a9c1b77d0
    """
    import msgspec

    from deploy.commands.story import carry_out, say_what_waits
    from deploy.plan import load

    given = msgspec.structs.replace(given, digest=approve)
    made = load(plan)
    account = common.account_of(made.manifest)
    code = carry_out(common, account, made, given, traffic=traffic, approvable=True)
    if say_what_waits(common, account, made):
        common.console.warn(f"plan again: python -m deploy plan {made.environment}")
    return code
