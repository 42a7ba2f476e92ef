"""`verify`: run an environment's checks now."""

from __future__ import annotations

import click

from deploy.commands.options import Common, common, environments


@click.command("verify")
@click.argument("environment", shell_complete=environments)
@click.option(
    "--traffic",
    type=click.FloatRange(0, 50),
    default=0,
    metavar="N",
    help="Send N requests a second for as long as the checks run, for a minute at most.",
)
@common
def command(common: Common, environment: str, traffic: float) -> int:
    """Run an environment's checks now, and show what they see.

    The checks stand in the environment file. A deployment runs the same ones while CloudFormation can still roll back; this runs them at
    any time, and changes nothing. Exits with 7 where a check fails.

    \b
    Example: python -m deploy verify dev --local
    """
    from deploy import verification
    from deploy.verification.model import Verification
    from deploy.verification.traffic import Traffic

    account, console = common.account(environment), common.console
    _ = account.caller  # who asks, and whether AWS and this clock agree: what is wrong with that is no check's failure
    stream = Traffic(account, traffic, round(traffic * 60)) if traffic else None
    if stream:
        stream.start()
    try:
        results = verification.verify(account, say=console.note)
    finally:
        sent = stream.stop() if stream else None
    console.result(Verification(environment=environment, checks=results, traffic=sent))
    if bad := verification.failed(results):
        console.warn(
            f"{len(bad)} of {len(results)} checks failed; where the release is the cause, the way back is a reviewed plan to the previous "
            f"one: python -m deploy rollback {environment}"
        )
    return 7 if bad else 0
