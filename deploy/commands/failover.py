"""`failover`: move an environment's traffic to its other region, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments

if TYPE_CHECKING:
    from deploy.account import Account
    from deploy.failover.facts import Readiness, Way
    from deploy.record import Record


@click.command("failover")
@click.argument("environment", shell_complete=environments)
@click.option("--to", metavar="REGION", default="", help="Where traffic is to go.  [default: the second region]")
@click.option("--back", is_flag=True, help="To the first region, once what was written meanwhile is there.")
@click.option("--dry-run", is_flag=True, help="Ask the checks, and move nothing.")
@click.option("--accept", metavar="CHECK", multiple=True, help="Move although this check refuses. May be given again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(common: Common, environment: str, to: str, back: bool, dry_run: bool, accept: tuple[str, ...], yes: bool) -> int:
    """Move an environment's traffic to its other region, and back.

    Looks first at what could be lost, and whether the other region can serve; works while the first one is out altogether. Run it again after
    whatever interruption: it goes on.

    \b
    Example: python -m deploy failover prod --dry-run
             python -m deploy failover prod
             python -m deploy failover prod --back
    """
    from deploy.errors import Refused, Unverified
    from deploy.failover import checks, gathering
    from deploy.failover.alone import alone
    from deploy.failover.moving import is_done

    # No gate is mended here: the region that has it may be out.
    account, console = common.account(environment, mend=False), common.console
    going = gathering.way(account, to, back=back)
    _ = alone(account, gathering.failover_of(account).standby).caller  # who asks, and whether AWS and this clock agree
    facts = gathering.gather(account, going, console.note)
    found = checks.judge(facts, accept)
    console.result(found)
    if is_done(account, found):
        console.note(f"traffic goes to {going.target} already; nothing to do")
        return 0
    if found.refusing:
        said = tuple(f"{one.check}: {one.words}; {one.remedy}" for one in found.refusing)
        what = "one check refuses" if len(said) == 1 else f"{len(said)} checks refuse"
        raise Refused(f"{'return' if going.back else 'failover'} of {environment} to {going.target}", what, "nothing was moved", said)
    if dry_run:
        return 0
    if not yes and not console.ask(_question(found, account), environment):
        raise Refused(f"failover of {environment}", "not approved", "nothing was moved")
    record = _move(common, account, going, found, facts.out)
    console.result(record)
    if record.code:
        bad = tuple(f"check {one.check} {one.name}: {one.reason}" for one in record.checks if one.ok is False)
        other = "" if going.back else " --back"
        how = f"mend it, or move again: python -m deploy failover {environment}{other}"
        raise Unverified(f"failover {record.number} of {environment}", f"traffic goes to {going.target}, and its checks fail", how, bad)
    for region in facts.out:
        console.warn(f"{region} was out: once it is back, look at what waits there, then: python -m deploy failover {environment} --back")
    return record.code


def _question(found: Readiness, account: Account) -> str:
    lost = "; ".join(found.lost) or "nothing"
    return f"Move traffic of account {account.manifest.account} from {found.way.source} to {found.way.target}? Lost at most: {lost}."


def _move(common: Common, account: Account, going: Way, found: Readiness, out: dict[str, str]) -> Record:
    from deploy.commands.story import pending
    from deploy.failover.edge import Edge
    from deploy.failover.gathering import failover_of
    from deploy.failover.moving import Failover
    from deploy.failover.switching import Switch

    console = common.console
    edge = Edge(account=account, pending=pending(common), show=console)
    return Failover(
        account=account,
        way=going,
        readiness=found,
        out=out,
        show=console,
        edge=lambda: console.result(edge.update()),
        switch=Switch(account=account, failover=failover_of(account), say=console.note),
    ).run()
