"""`config`: look at the runtime configuration of an environment, and change it without a deployment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, environments
from deploy.errors import Invalid, Refused

if TYPE_CHECKING:
    from deploy.account import Account
    from deploy.configuring import Proposed

_expect = click.option(
    "--expect", type=click.IntRange(0), metavar="VERSION", help="Refuse it where the value has another version; 0: is not set."
)
_reason = click.option("--reason", metavar="TEXT", default="", help="Why; stands in the history.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_standby = click.option("--standby", is_flag=True, help="In the second region alone, while the first one does not answer.")


@click.group("config", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Look at the values that the functions read at run time, and change them without a deployment.

    \b
    Example: python -m deploy config list dev --local
             python -m deploy config set dev page-limit 20 --local
    """


@command.command("list")
@click.argument("environment", shell_complete=environments)
@common
def listed(common: Common, environment: str) -> None:
    """List every setting: what is in force, the default, who set it and when.

    \b
    Example: python -m deploy config list dev --local
    """
    from deploy.configuring import read

    common.console.result(read(common.account(environment)))


@command.command("get")
@click.argument("environment", shell_complete=environments)
@click.argument("name")
@common
def get(common: Common, environment: str, name: str) -> None:
    """Show one setting. A secret is never shown.

    \b
    Example: python -m deploy config get dev page-limit --local
    """
    from deploy.configuring import look

    common.console.result(look(common.account(environment), name))


@command.command("set")
@click.argument("environment", shell_complete=environments)
@click.argument("name")
@click.argument("value", required=False)
@click.option("--secure", is_flag=True, help="Read a secret from standard input, and keep it encrypted.")
@_expect
@_reason
@_standby
@_yes
@common
def put(
    common: Common, environment: str, name: str, value: str | None, secure: bool, expect: int | None, reason: str, standby: bool, yes: bool
) -> int:
    """Set a value. The functions see it within the cache time, and no deployment overwrites it.

    A value that begins with a hyphen stands behind `--`.

    \b
    Example: python -m deploy config set dev page-limit 20 --reason "the mobile app" --local
             python -m deploy config set dev api-key --secure --local <key.txt
    """
    from deploy.configuring import propose

    if secure and value is not None:
        raise Invalid("--secure", "the secret comes from standard input, not from the command line, which others can see", "leave it out")
    if not secure and value is None:
        raise Invalid(f"setting {name}", "no value is given", f"python -m deploy config set {environment} {name} VALUE")
    account = _account(common, environment, standby=standby)
    text = sys.stdin.read() if secure else value
    return _change(common, account, propose(account, name, text, secure=secure, expect=expect, reason=_checked(reason)), yes=yes)


@command.command("unset")
@click.argument("environment", shell_complete=environments)
@click.argument("name")
@_expect
@_reason
@_standby
@_yes
@common
def unset(common: Common, environment: str, name: str, expect: int | None, reason: str, standby: bool, yes: bool) -> int:
    """Take an operator's value away: the template's default holds again.

    \b
    Example: python -m deploy config unset dev page-limit --local
    """
    from deploy.configuring import propose

    account = _account(common, environment, standby=standby)
    return _change(common, account, propose(account, name, None, expect=expect, reason=_checked(reason)), yes=yes)


@command.command("history")
@click.argument("environment", shell_complete=environments)
@click.argument("name", default="")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@common
def history(common: Common, environment: str, name: str, limit: int) -> None:
    """List what was changed: when, by whom, from what to what, and why; also what was changed past this command.

    \b
    Example: python -m deploy config history dev page-limit --local
    """
    from deploy import configuring

    common.console.result(configuring.history(common.account(environment), name, limit))


@command.command("diff")
@click.argument("left", shell_complete=environments)
@click.argument("right", shell_complete=environments)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where there are differences.")
@common
def diff(common: Common, left: str, right: str, detailed_exitcode: bool) -> int:
    """Compare what is in force in two environments.

    \b
    Example: python -m deploy config diff dev staging --local
    """
    from deploy.configuring import read
    from deploy.setting import differences

    found = differences(*(read(common.account(environment)) for environment in (left, right)))
    common.console.result(found)
    return 3 if detailed_exitcode and found.differences else 0


def _account(common: Common, environment: str, *, standby: bool) -> Account:
    """``standby``: its second region by itself, with that region's ledger.

    Raises:
        Refused: it has one region, or the first one answers: then both are written.
    """
    account = common.account(environment)
    if not standby:
        return account
    from deploy.failover.alone import alone, silence
    from deploy.failover.gathering import failover_of

    failover = failover_of(account)
    if not (why := silence(account, failover.region)):
        raise Refused("--standby", f"{failover.region} answers, and both regions are to have the same", "leave it out: both are written")
    common.console.note(f"{failover.region} does not answer: {why}")
    how = f"once it is back, the same command without --standby writes both; until then config list {environment} shows the difference"
    common.console.warn(f"{failover.standby} alone gets it; {how}")
    return alone(account, failover.standby)


def _checked(reason: str) -> str:
    """Raises:
    Invalid, Refused: it is too long, or holds what looks like a secret: the ledger keeps it for ever.
    """
    from deploy.review.secrets import MASK, masked
    from deploy.setting import LONGEST_REASON

    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Invalid("--reason", f"it is one line of {LONGEST_REASON} characters at most", "say it shorter")
    if masked(reason) == MASK:
        raise Refused("--reason", "it looks like a secret (not shown), and the ledger keeps it", "say why in other words")
    return reason


def _change(common: Common, account: Account, proposed: Proposed, *, yes: bool) -> int:
    from deploy import configuring

    console, change, environment = common.console, proposed.change, account.manifest.environment
    if proposed.is_nothing:
        how = f"is {change.after or '(none)'} already" if proposed.text is not None else "is not set"
        console.result(f"{environment}: {change.name} {how}; nothing to do")
        return 0
    console.note(f"{change.name} of {environment}: {change.before or '(none)'} -> {change.after or '(none)'}")
    if running := configuring.running(account):
        console.warn(f"an operation runs here, and a check of it that depends on this setting may fail: {running}")
    if not yes and account.manifest.is_protected and not console.ask(f"Change it in account {account.manifest.account}?", environment):
        raise Refused(f"change of {change.name} in {environment}", "not approved", "nothing was changed")
    console.result(configuring.carry_out(account, proposed, console))
    return 0
