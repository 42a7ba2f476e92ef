"""`status`: say what runs, since when, and whether somebody works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, depth
from deploy.commands.options import environments as built

if TYPE_CHECKING:
    from deploy.account import Account
    from deploy.index import Places


@click.command("status")
@click.argument("environments", nargs=-1, shell_complete=built)
@click.option("--follow", is_flag=True, help="Follow what runs to its end, whoever began it, and exit as it ends.")
@common
def command(common: Common, environments: tuple[str, ...], follow: bool) -> int:
    """Say what runs, since when, and whether somebody works on it.

    Without an environment: which release is where, since when and by whom, as the tools account has it; where it has nothing, all that
    are built are asked. What the console or another tool began is recorded as well where it is followed.

    \b
    Example: python -m deploy status dev --local
             python -m deploy status prod --follow
    """
    if follow:
        return _follow(common, environments)
    from deploy.errors import DeployError
    from deploy.state import regional

    if not environments and (places := _places(common)):
        common.console.result(places)
        return 0
    found, codes = [], [0]
    for environment in environments or common.built():
        try:
            account = common.account(environment)
            found.append(regional(account))
        except DeployError as error:
            # One environment that cannot be asked hides no other one.
            common.console.error(error)
            codes.append(error.code)
    if common.format == "json":
        common.console.result(found[0] if len(environments) == len(found) == 1 else tuple(found))
    else:
        for one in found:
            common.console.result(one)
    return max(codes)


def _places(common: Common) -> Places | None:
    """From the tools account's index; None where there is none, or where it has nothing yet."""
    from deploy import index
    from deploy.errors import DeployError

    names = common.built()
    accounts = [common.account(name, mend=False) for name in names]
    account = next((one for one in accounts if one.manifest.tools), None)
    if account is None:
        return None
    try:
        places = index.read(account, tuple(sorted(names, key=lambda name: _turn(accounts, name))))
    except DeployError as error:
        common.console.note(f"the tools account cannot be asked, so every environment is: {error.subject}: {error.fact}")
        return None
    return places if places.places else None


def _turn(accounts: list[Account], name: str) -> int:
    """When a release comes there on its way."""
    sources = {one.manifest.environment: one.manifest.source for one in accounts}
    return depth(sources, name)


def _follow(common: Common, environments: tuple[str, ...]) -> int:
    """Raises:
    RolledBack, Stuck: as what ran has ended.
    """
    from deploy.attaching import attachments, error_of
    from deploy.errors import Invalid

    if len(environments) != 1:
        raise Invalid("--follow", "it follows one environment", "name it: python -m deploy status ENV --follow")
    account, console = common.account(environments[0]), common.console
    records = tuple(one.run() for one in attachments(account, console))
    if not records:
        console.result(f"{environments[0]}: nothing runs; nothing to follow")
        return 0
    for record in records:
        console.result(record)
    if error := error_of(max(records, key=lambda record: record.code)):
        raise error
    return 0
