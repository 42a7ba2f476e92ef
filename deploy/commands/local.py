"""`local`: start, stop, reset or look at the local AWS."""

from __future__ import annotations

import click

from deploy.commands.options import console_of, output


@click.group("local", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Start, stop, reset or look at the local AWS: an emulator on this machine that `--local` deploys to.

    \b
    Example: python -m deploy local start
             python -m deploy up dev --local
    """


@command.command("start")
@click.option("--minute-seconds", type=float, default=1.0, show_default=True, help="How long a minute of monitoring lasts.")
@click.option("--resource-seconds", type=float, default=0.0, show_default=True, help="How long each resource takes.")
@click.option("--auth", is_flag=True, help="Enforce IAM policies, trusts and signatures.")
@click.option("--persist", is_flag=True, help="Keep all data over a stop.")
@output
def start(format: str, minute_seconds: float, resource_seconds: float, auth: bool, persist: bool) -> None:
    """Start it, or say where it runs.

    \b
    Example: python -m deploy local start --resource-seconds 0.25
    """
    from deploy.local.server import LocalAws, Options
    from deploy.local.verb import errors

    options = Options(minute_seconds=minute_seconds, resource_seconds=resource_seconds, auth=auth, persist=persist)
    with errors():
        running = LocalAws().start(options)
    console_of(format).result(f"running at {running.url} (process {running.pid}, MiniStack {running.version})")


@command.command("status")
@output
def status(format: str) -> None:
    """Say whether it runs, and where.

    \b
    Example: python -m deploy local status
    """
    from deploy.local.server import LocalAws

    running = LocalAws().status()
    console_of(format).result(
        f"running at {running.url} (process {running.pid}, MiniStack {running.version})" if running else "not running"
    )


@command.command("reset")
@output
def reset(format: str) -> None:
    """Forget everything that it holds.

    \b
    Example: python -m deploy local reset
    """
    from deploy.local.server import LocalAws
    from deploy.local.verb import errors

    with errors():
        running = LocalAws().reset()
    console_of(format).result(f"empty again, at {running.url}")


@command.command("stop")
@output
def stop(format: str) -> None:
    """Stop it.

    \b
    Example: python -m deploy local stop
    """
    from deploy.local.server import LocalAws
    from deploy.local.verb import errors

    with errors():
        running = LocalAws().stop()
    console_of(format).result(f"stopped (process {running.pid})" if running else "not running")
