"""`parity`: prove that environments differ in nothing but the fields of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.commands.options import Common, common, formats
from deploy.commands.options import environments as built

if TYPE_CHECKING:
    from deploy.parity.report import Parity


@click.command("parity")
@click.argument("environments", nargs=-1, shell_complete=built)
@click.option("--live", is_flag=True, help="Also ask what is deployed, through each environment's plan role.")
@common
@formats("text", "json", "markdown", "sarif")
def command(common: Common, environments: tuple[str, ...], live: bool) -> int:
    """Prove that environments differ in nothing but the fields of their files.

    Without an environment: all that are built. Every difference between their templates comes from a field of the environment file that may
    vary, which is named, or is a finding. With --live: the same of what is deployed, and that it is what its release says. Exits with 3
    where there is a finding.

    \b
    Example: python -m deploy parity
             python -m deploy parity staging prod --format markdown
             python -m deploy parity dev staging --live --local
    """
    from deploy.parity import folder
    from deploy.parity.report import parity

    names = _named(common, environments)
    proof = folder.proof(common.build)
    found = parity(proof, names, lambda name: folder.side(common.build, name, proof, common.manifest))
    if live:
        from deploy.parity.drifted import drifted
        from deploy.parity.live import live as deployed

        found = deployed(found, [common.account(name) for name in names], proof, drift=drifted)
    _show(common, found)
    return 3 if found.findings else 0


def _named(common: Common, environments: tuple[str, ...]) -> tuple[str, ...]:
    """Raises:
    Invalid: fewer than two, or one that is not built.
    """
    from deploy.errors import Invalid

    known = common.built()
    names = tuple(dict.fromkeys(environments)) or known
    for name in names:
        if name not in known:
            raise Invalid(f"environment {name}", f"it is not built; built are {', '.join(known)}", "run: make generate")
    if len(names) < 2:
        raise Invalid(
            "parity", f"it compares environments, and here is {names[0]} alone", f"name another one beside it: {', '.join(known)}"
        )
    return names


def _show(common: Common, found: Parity) -> None:
    from deploy.report.render import render

    console = common.console
    console.result(found if common.format in ("text", "json") else render(found, common.format).rstrip("\n"))
