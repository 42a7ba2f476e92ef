"""`rehearse`: play what can go wrong, and say whether the product keeps its word."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments

if TYPE_CHECKING:
    from deploy.rehearsal.outcome import Outcome, Rehearsal
    from deploy.rehearsal.story import Story


@click.command("rehearse")
@click.argument("environment", shell_complete=environments)
@click.option("--only", metavar="NAME", multiple=True, help="Play this story alone. May be given again.")
@click.option("--list", "listing", is_flag=True, help="List the stories, and play none.")
@click.option("--in-account", is_flag=True, help="Play in the environment's real account, with a disposable stack of its own.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def command(common: Common, environment: str, only: tuple[str, ...], listing: bool, in_account: bool, yes: bool) -> int:
    """Play what can go wrong with an environment, and say whether the product keeps its word.

    Each story has a local AWS and an account of its own, the environment's build as it stands, and one thing in it that goes wrong. With
    --in-account: the stories that need no faults, on a small disposable stack in the real account, through roles of its own; everything is
    deleted at the end. Exits with 7 where a promise is not kept.

    \b
    Example: python -m deploy rehearse dev
             python -m deploy rehearse dev --only broken-by-alarm --only slow
             python -m deploy rehearse dev --in-account --profile dev-admin
    """
    from deploy.rehearsal.story import named

    wanted = named(only)
    if listing:
        return _listed(common, wanted)
    return _ended(common, _in_account(common, environment, wanted, yes=yes) if in_account else _locally(common, environment, wanted))


def _listed(common: Common, wanted: tuple[Story, ...]) -> int:
    from deploy.rehearsal.outcome import Listed
    from deploy.report.rehearsal import listing

    found = tuple(Listed(name=one.name, sentence=one.sentence, in_account=one.in_account) for one in wanted)
    common.console.result(found if common.format == "json" else listing(found, common.console.ink))
    return 0


def _locally(common: Common, environment: str, wanted: tuple[Story, ...]) -> Rehearsal:
    from deploy.local.verb import errors
    from deploy.rehearsal.rehearse import rehearse
    from deploy.rehearsal.theatre import local_theatre

    account = common.account(environment)
    with errors(), local_theatre(account.folder) as theatre:
        return rehearse(environment, wanted, theatre, *_telling(common), regions=len(account.manifest.regions))


def _in_account(common: Common, environment: str, wanted: tuple[Story, ...], *, yes: bool) -> Rehearsal:
    """Raises:
    Refused: nobody said yes.
    """
    from deploy.bootstrapping import check_caller
    from deploy.errors import Refused
    from deploy.rehearsal.account import account_theatre
    from deploy.rehearsal.rehearse import rehearse

    account, console = common.account(environment), common.console
    check_caller(account)
    options = (
        *(("--profile", common.profile) if common.profile else ()),
        *(("--endpoint-url", common.endpoint_url) if common.endpoint_url else ()),
    )
    with account_theatre(account.manifest, account.sessions, options) as theatre:
        names = theatre.names
        console.note(
            f"makes the stacks {names.bootstrap} and {names.stack} with a bucket, an alarm, roles, a queue, a table and parameters"
        )
        console.note("and deletes all of it at the end; what stands in the account already is not touched")
        if not yes and not console.ask(f"Rehearse in account {names.account}?", environment):
            raise Refused(f"rehearsal of {environment}", "not approved", "nothing was made")
        return rehearse(environment, wanted, theatre, *_telling(common), in_account=True)


def _telling(common: Common) -> tuple[Callable[[Story], None], Callable[[Outcome], None]]:
    console = common.console

    def begins(story: Story) -> None:
        console.note(f"{story.name}: {story.sentence}")

    def told(outcome: Outcome) -> None:
        if outcome.kept:
            console.done("kept", outcome.seconds)
        else:
            console.warn(f"not kept: {outcome.broken}")

    return begins, told


def _ended(common: Common, found: Rehearsal) -> int:
    from deploy.report.rehearsal import text

    common.console.result(found if common.format == "json" else text(found, common.console.ink))
    return 0 if found.kept else 7
