"""`apply`: execute exactly what a plan holds."""

from __future__ import annotations

from pathlib import Path

import click

from deploy.commands.options import Common, common


@click.command("apply")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--approve", metavar="DIGEST", default="", help="The digest that was reviewed; needs no one to type anything.")
@click.option("--allow-loss", metavar="PATH", multiple=True, help="Accept that this resource loses data. May be given again.")
@click.option("--allow-broadening", metavar="PATH", multiple=True, help="Accept that this permission widens. May be given again.")
@click.option(
    "--traffic", type=click.FloatRange(0, 50), default=0, metavar="N", help="Send N requests a second while CloudFormation monitors."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(
    common: Common, plan: Path, approve: str, allow_loss: tuple[str, ...], allow_broadening: tuple[str, ...], yes: bool, traffic: float
) -> int:
    """Execute exactly what a plan holds.

    Refuses a plan that was changed or has expired, and one whose stack, change sets, templates or triggers are not as they were when it
    was reviewed. Run it again after whatever interruption: it attaches to what runs, and never begins twice.

    \b
    Example: python -m deploy apply build/plans/dev-3f2a9c1b77d0.json --local
             python -m deploy apply prod.plan.json --approve 3f2a9c1b77d0
    """
    from deploy.approval import Approval
    from deploy.commands.story import carry_out
    from deploy.plan import load

    given = Approval(loss=frozenset(allow_loss), broadening=frozenset(allow_broadening), digest=approve, yes=yes)
    made = load(plan)
    return carry_out(common, common.account_of(made.manifest, made.manifest_digest), made, given, traffic=traffic, approvable=True)
