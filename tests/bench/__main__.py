"""``python -m tests.bench``: measure whole processes beside the peers, and write the figures into docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from deploy.local.server import LocalAwsError
from tests.bench import cdk, copies, figures, growth, own
from tests.bench.clock import BenchError, rounds

DOCUMENT = copies.ROOT / "docs" / "performance.md"
TEMPLATES, DEPLOYMENTS, CONFIGURATION, PROMOTION, REACH = "figures", "deployments", "configuration", "promotion", "reach"
"""The parts, by the marks around their figures in their document."""
ELSEWHERE = {REACH: DOCUMENT.with_name("scale.md")}
"""The parts that stand in another document."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured: rounds of each part, and the sizes of the growth."""

    runs: int
    growth_runs: int
    environments: tuple[int, ...]
    services: tuple[int, ...]
    deployment_runs: int
    reach_runs: int


FULL = Plan(runs=7, growth_runs=5, environments=(1, 3, 10, 30, 100), services=(10, 40, 100), deployment_runs=5, reach_runs=3)
QUICK = Plan(runs=3, growth_runs=3, environments=(1, 3, 10), services=(10, 40), deployment_runs=1, reach_runs=1)


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    plan = QUICK if options.quick else FULL
    texts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="tapline-bench-") as folder:
        try:
            if options.only in (None, "templates"):
                texts[TEMPLATES] = measure(Path(folder), plan, beside_cdk=options.cdk)
            if options.only in (None, "deployments"):
                texts[DEPLOYMENTS] = _deployments(Path(folder), plan)
            if options.only in (None, "configuration"):
                texts[CONFIGURATION] = _configuration(Path(folder), plan)
            if options.only in (None, "promotion"):
                texts[PROMOTION] = _promotion(Path(folder), plan)
            if options.only in (None, "reach"):
                texts[REACH] = _reach(Path(folder), plan)
        except (BenchError, LocalAwsError, LookupError) as error:
            print(error, file=sys.stderr)
            return 2
    print("\n\n".join(texts.values()))
    _write(texts)
    return 0


def measure(folder: Path, plan: Plan, *, beside_cdk: bool) -> str:
    """All figures of the templates as Markdown.

    Raises:
        BenchError: a process failed.
        LookupError: the copies cannot be made as the figures say.
    """
    _tell("this project and cfn-lint")
    cases = own.cases(folder)
    usages = rounds(cases, plan.runs)
    built = copies.templates(folder / "still" / "build")
    resources = sum(len(json.loads(path.read_bytes())["Resources"]) for path in built)
    _tell("growth")
    environments = growth.environments(folder, plan.environments, plan.growth_runs)
    services = growth.services(folder, plan.services, plan.growth_runs)
    _tell("the CDK" if beside_cdk else "no CDK")
    skipped = "The CDK is not compared: `--no-cdk`."
    comparison = cdk.compare(folder, resources, plan.growth_runs) if beside_cdk else skipped
    parts = (
        _where(comparison, templates=len(built), resources=resources, runs=plan.runs),
        "### Targets",
        figures.targets(usages, len(built)),
        "### Processes",
        figures.processes(usages, own.LINT),
        "### Growth, without validation",
        figures.growth("environment", environments),
        figures.growth("service", services),
        "### Beside the CDK",
        figures.beside(comparison),
    )
    return "\n\n".join(parts)


def _deployments(folder: Path, plan: Plan) -> str:
    # Not above: what this process has imported counts as memory of each process that it starts.
    from tests.bench import deployment_figures, deployments

    return deployment_figures.text(deployments.measure(folder, plan.deployment_runs, _tell))


def _configuration(folder: Path, plan: Plan) -> str:
    # What handlers import is beside them in their zip.
    sys.path.insert(0, str(copies.ROOT / "resources" / "handlers"))
    from tests.bench import configuration

    _tell("runtime configuration")
    return configuration.text(folder, plan.runs)


def _promotion(folder: Path, plan: Plan) -> str:
    from tests.bench import promotion

    _tell("parity, gates and drift")
    return promotion.text(folder, plan.deployment_runs)


def _reach(folder: Path, plan: Plan) -> str:
    from tests.bench import reach

    return reach.text(folder, plan.reach_runs, _tell)


def _where(comparison: cdk.Comparison | str, *, templates: int, resources: int, runs: int) -> str:
    """What was measured, when, with which versions, on how many cores."""
    versions = {"Python": ".".join(map(str, sys.version_info[:3])), **{name: version(name) for name in ("cfn-lint", "troposphere")}}
    size = ""
    if isinstance(comparison, cdk.Comparison):
        versions |= comparison.versions
        size = f" The CDK app has {comparison.resources} resources in 3 stacks of 10 nested ones."
    programs = ", ".join(f"{name} {found}" for name, found in versions.items())
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; {programs}. {templates} templates with "
        f"{resources} resources; medians of {runs} rounds. The bench itself takes {floor:.0f} MiB, and Linux shows no process that it "
        f"starts with less.{size}"
    )


def _write(texts: Mapping[str, str]) -> None:
    for part, text in texts.items():
        path = ELSEWHERE.get(part, DOCUMENT)
        document = path.read_text(encoding="utf-8")
        begin, end = f"<!-- {part} -->", f"<!-- /{part} -->"
        head, _, rest = document.partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            raise ValueError(f"{path.name} has no place for the figures: put {begin} and {end} where they belong")
        path.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}", encoding="utf-8")
        _tell(f"{path.relative_to(copies.ROOT)} has new figures")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure against the peers on this machine.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, less growth")
    parser.add_argument(
        "--only",
        choices=("templates", "deployments", "configuration", "promotion", "reach"),
        help="measure one part; the others' figures stay as they are",
    )
    parser.add_argument("--no-cdk", dest="cdk", action="store_false", help="do not compare `cdk synth`, which is installed from npm")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
