"""`plan`: review what a deployment would change, and seal it."""

from __future__ import annotations

from pathlib import Path

import click

from deploy.commands.options import Common, common, environments, formats, revert_option


@click.command("plan")
@click.argument("environment", shell_complete=environments)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where the plan is written.  [default: build/plans/ENV-DIGEST.json]"
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where there are changes.")
@revert_option
@common
@formats("text", "json", "markdown")
def command(common: Common, environment: str, out: Path | None, detailed_exitcode: bool, revert: bool) -> int:
    """Review what a deployment would change, and seal it.

    Publishes what was built, opens a change set for each stack with everything nested in it, and writes a plan that `apply` executes to the
    letter, or not at all. A plan expires after a day.

    \b
    Example: python -m deploy plan dev --local
             python -m deploy plan prod --out prod.plan.json --format markdown
    """
    from deploy.commands.story import make_plan, show_plan

    _, made, path = make_plan(common, environment, out, revert=revert)
    show_plan(common, made, path)
    return 3 if detailed_exitcode and made.changes else 0
