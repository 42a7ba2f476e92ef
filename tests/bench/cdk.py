"""The CDK beside it: an app of about the same size, synthesised with and without its validation, where node is there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench import copies, own
from tests.bench.clock import Case, Usage, rounds
from tests.bench.installed import NotInstalled, from_npm, said

DEFAULT, OFF = "npx cdk synth", "npx cdk synth, CDK_VALIDATION=false"
_APP = Path(__file__).parent / "app.js"
_PACKAGES = ("aws-cdk", "aws-cdk-lib", "constructs")
_STACKS = 3 * 10
_QUIET = {"CDK_DISABLE_CLI_TELEMETRY": "true", "npm_config_update_notifier": "false"}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Name -> usage for the CDK and for this project in the same rounds; ``versions``: program -> version."""

    usages: dict[str, Usage]
    versions: dict[str, str]
    resources: int


def compare(folder: Path, resources: int, runs: int) -> Comparison | str:
    """The comparison, or why there is none. ``resources``: how many the app shall have, about."""
    try:
        place = from_npm(folder / "cdk", *_PACKAGES)
    except NotInstalled as error:
        return f"The CDK is not compared: {error}."
    (place / "cdk.json").write_text('{"app": "node app.js"}\n', encoding="utf-8")
    shutil.copyfile(_APP, place / "app.js")
    each = max(round(resources / _STACKS), 1)
    usages = rounds([*_synths(place, each), own.cold(copies.copy(folder / "cold")), own.verdict(copies.copy(folder / "judged"))], runs)
    versions = {
        "node": (said(["node", "--version"], place) or "").removeprefix("v"),
        "aws-cdk": (said(["npx", "cdk", "--version"], place) or "").split(" ")[0],
        "aws-cdk-lib": said(["node", "-p", "require('aws-cdk-lib/package.json').version"], place) or "",
    }
    return Comparison(usages=usages, versions=versions, resources=each * _STACKS)


def _synths(place: Path, each: int) -> list[Case]:
    argv = ["npx", "cdk", "synth", "--quiet", "--no-notices", "--no-version-reporting"]
    size = {**_QUIET, "RESOURCES": str(each)}

    def prepare() -> None:
        shutil.rmtree(place / "cdk.out", ignore_errors=True)

    return [
        Case(name=DEFAULT, argv=argv, cwd=place, prepare=prepare, variables=size),
        Case(name=OFF, argv=argv, cwd=place, prepare=prepare, variables={**size, "CDK_VALIDATION": "false"}),
    ]
