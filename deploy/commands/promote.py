"""`promote`: carry a release to the next environment, once every gate holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, depth, environments, traffic_option, waivers
from deploy.errors import Invalid, Refused

if TYPE_CHECKING:
    from deploy.approval import Approval
    from deploy.promotion.moving import Asked
    from deploy.promotion.verdict import Promoted


@click.command("promote")
@click.argument("source", metavar="[FROM]", required=False, default="", shell_complete=environments)
@click.argument("target", metavar="[TO]", required=False, default="", shell_complete=environments)
@click.option("--all", "every", is_flag=True, help="Walk the whole way, as far as the gates allow.")
@click.option("--release", metavar="RELEASE", default="", help="Its digest, or its beginning.  [default: what runs in FROM]")
@click.option("--gates-only", is_flag=True, help="Ask every gate, and move nothing.")
@click.option("--override", "overrides", metavar="GATE", multiple=True, help="Take a gate on yourself, with --reason. May be given again.")
@click.option("--reason", metavar="TEXT", default="", help="Why; it stands in the ledger.")
@click.option("--wait", type=click.IntRange(0, 1440), default=0, metavar="MINUTES", help="Wait so long at most for the bake time.")
@click.option("--approve", is_flag=True, help="Say yes to the release in TO, for somebody else who promotes it.")
@traffic_option
@common
@waivers
def command(
    common: Common,
    source: str,
    target: str,
    every: bool,
    release: str,
    gates_only: bool,
    overrides: tuple[str, ...],
    reason: str,
    wait: int,
    approve: bool,
    given: Approval,
    traffic: float,
) -> int:
    """Carry a release to the next environment, once every gate holds.

    What moves is what was kept when it was first deployed: nothing is built again. All gates are asked and shown; then it is planned,
    reviewed, applied and verified as every deployment is. An override is recorded with who and why, and in production not every gate
    gives way.

    \b
    Example: python -m deploy promote dev staging --local
             python -m deploy promote staging prod --gates-only
             python -m deploy promote staging prod --approve
             python -m deploy promote --all
    """
    from datetime import timedelta

    from deploy.promotion.moving import Asked

    hops = _hops(common, source, target, every=every)
    waits = timedelta(minutes=wait)
    asked = Asked(release=release, overrides=overrides, reason=reason, approval=given, moves=not gates_only, wait=waits)
    asked.check()
    if approve:
        return _approve(common, *hops[0], release, yes=given.yes)
    for before, after in hops:
        code = _hop(common, before, after, asked, traffic)
        if code:
            return code
    return 0


def _hops(common: Common, source: str, target: str, *, every: bool) -> list[tuple[str, str]]:
    """Raises:
    Invalid: neither two environments nor --all.
    """
    if every and not source and not target:
        before = {name: common.account(name, mend=False).manifest.source for name in common.built()}
        found = sorted(((one, name) for name, one in before.items() if one), key=lambda hop: depth(before, hop[1]))
        if not found:
            raise Invalid("--all", "no environment takes releases from another", "see pipeline.environments in env/tools.yaml")
        return found
    if every or not source or not target:
        raise Invalid("promote", "it goes from one environment to another", "python -m deploy promote FROM TO, or promote --all")
    return [(source, target)]


def _hop(common: Common, source: str, target: str, asked: Asked, traffic: float) -> int:
    """Raises:
    Refused: a gate does not hold.
    """
    from deploy.commands.story import carry_out, keep_plan, pending, show_plan, withdraw
    from deploy.promotion.looking import compare, look
    from deploy.promotion.moving import Promotion

    console = common.console
    console.note(f"promotion from {source} to {target}: {'asking the gates' if not asked.moves else 'planning, and asking the gates'}")
    story = Promotion(
        source=common.account(source),
        target=common.account(target),
        build=common.build,
        pending=pending(common),
        asked=asked,
        show=console,
        look=look,
        compare=compare,
    )
    there, made, promoted = story.judge()
    if not asked.moves or promoted.refusing or made is None:
        if made:
            withdraw(there, made, None)
        console.result(promoted)
        return _refused(promoted)
    console.result(promoted)
    path = keep_plan(common, there, made, None)
    show_plan(common, made, path, hint=False)
    if made.does_nothing:
        console.note(f"{target} is there already: nothing to do")
        return 0
    return carry_out(common, there, made, asked.approval, lambda: withdraw(there, made, path), traffic=traffic)


def _refused(promoted: Promoted) -> int:
    """Raises:
    Refused: with every gate that does not hold.
    """
    if not promoted.refusing:
        return 0
    count = len(promoted.refusing)
    raise Refused(
        f"promotion from {promoted.source} to {promoted.target}",
        f"{count} of {len(promoted.gates)} gates {'does' if count == 1 else 'do'} not hold",
        "nothing was moved",
        tuple(f"{one.gate}: {one.words}" for one in promoted.refusing),
    )


def _approve(common: Common, source: str, target: str, release: str, *, yes: bool) -> int:
    """Raises:
    Refused: the release is not kept, or nothing runs in the source.
    """
    from deploy.promotion.approving import approve
    from deploy.promotion.moving import check_way, found

    here, there = common.account(source), common.account(target)
    check_way(here, there)
    made = found(here, release)
    commit = f", commit {made.commit[:12]}" if made.commit else ""
    question = f"Approve release {made.digest[:12]}{commit} for {target} (account {there.manifest.account})?"
    if not yes and not common.console.ask(question, target):
        raise Refused(f"approval of {made.digest[:12]}", "not given", "nothing was written")
    common.console.result(approve(there, made.digest))
    return 0
