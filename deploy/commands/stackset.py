"""`stackset`: roll a template out over accounts and regions, wave by wave, and look after what stands there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, formats, waivers

if TYPE_CHECKING:
    from deploy.approval import Approval

_out = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where the plan is written.  [default: build/plans/NAME-DIGEST.json]"
)
_all = click.option("--all", "every", is_flag=True, help="Preview every instance that changes, and not a sample of each wave.")
_remove = click.option("--remove", is_flag=True, help="Take instances out of the set that are declared no more; their stacks stay.")
_delete = click.option("--delete-stacks", "delete", is_flag=True, help="With --remove: delete their stacks as well.")


@click.group("stackset", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Roll a template out over accounts and regions, wave by wave, and look after what stands there.

    Sets are declared in env/stacksets.yaml and administered in the tools account.

    \b
    Example: python -m deploy stackset plan baseline
             python -m deploy stackset status baseline
    """


@command.command("plan")
@click.argument("name")
@_all
@_remove
@_delete
@_out
@common
@formats("text", "json", "markdown")
def plan(common: Common, name: str, every: bool, remove: bool, delete: bool, out: Path | None) -> int:
    """Say what a set will change and where, preview it in the accounts themselves, and seal it.

    Compares template, values and each instance's own with what stands; opens a change set of the instance's own stack in a sample of each
    wave, by the account's plan role, shows the review, and deletes it.

    \b
    Example: python -m deploy stackset plan baseline
             python -m deploy stackset plan baseline --all --out baseline.plan.json
    """
    from deploy.commands.sets import make_plan, show_plan
    from deploy.errors import Invalid

    if delete and not remove:
        raise Invalid("--delete-stacks", "it says what becomes of the stacks of instances that --remove takes out", "give --remove as well")
    made, path = make_plan(common, name, out, every=every, remove=remove, retain=not delete)
    show_plan(common, made, path)
    return 0


@command.command("apply")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--approve", metavar="DIGEST", default="", help="The digest that was reviewed; needs no one to type anything.")
@common
@waivers
def apply(common: Common, plan: Path, approve: str, given: Approval) -> int:
    """Roll a plan out, the canary wave first; no wave begins before the one before it is well.

    Stops where more failed than a wave bears, where an alarm rings or a check fails there. The same command again, from whatever machine, goes on
    from where it stands: it attaches to what runs, tries again what failed, and never begins twice.

    \b
    Example: python -m deploy stackset apply build/plans/baseline-3f2a9c1b77d0.json
             python -m deploy stackset apply baseline.plan.json --approve 3f2a9c1b77d0
    """
    import msgspec

    from deploy.commands.sets import carry_out, load

    return carry_out(common, load(plan), msgspec.structs.replace(given, digest=approve), approvable=True)


@command.command("status")
@click.argument("name")
@common
@formats("text", "json", "markdown")
def status(common: Common, name: str) -> int:
    """Say by account and region what stands, since when, of which release, and what runs.

    \b
    Example: python -m deploy stackset status baseline
    """
    from deploy.commands.sets import home, show
    from deploy.stacksets.state import state

    show(common, state(home(common, name)))
    return 0


@command.command("drift")
@click.argument("name")
@common
@formats("text", "json", "markdown")
def drift(common: Common, name: str) -> int:
    """Compare every instance with its template; follow the detection that runs, where one does.

    Exits with 3 where something has drifted, with 75 where an instance gave no answer.

    \b
    Example: python -m deploy stackset drift baseline
    """
    from deploy.commands.sets import home, show
    from deploy.stacksets.drift import look

    found = look(home(common, name), common.console)
    show(common, found)
    return found.code


@command.command("stop")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def stop(common: Common, name: str, yes: bool) -> int:
    """End the operation that runs on a set, whoever began it: what has begun in an account is finished, nothing else is begun.

    \b
    Example: python -m deploy stackset stop baseline
    """
    from deploy.commands.sets import home
    from deploy.stacksets.stopping import stop as end

    common.console.result(end(home(common, name), common.console, None if yes else common.console.ask))
    return 0


@command.command("rollback")
@click.argument("name")
@click.option("--to", metavar="RELEASE|N", default="", help="A release's digest, or an operation's number.  [default: the one before]")
@_all
@_out
@common
@waivers
def rollback(common: Common, name: str, to: str, every: bool, out: Path | None, given: Approval) -> int:
    """Go back to the release before, from what it published: reviewed, and wave by wave, as every rollout is.

    \b
    Example: python -m deploy stackset rollback baseline
             python -m deploy stackset rollback baseline --to 3f2a9c1b77d0 --out back.plan.json
    """
    from deploy.commands.sets import carry_out, make_rollback, show_plan

    made, path = make_rollback(common, name, to, out, every=every)
    show_plan(common, made, path)
    return 0 if out is not None else carry_out(common, made, given)
