"""``python -m tests.audit``: run every tool over every environment; what is not accepted with a reason fails."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import env
from templates.build import AnyBuilt, build
from templates.validation import allow
from templates.validation.finding import Finding
from tests.audit.canary import canary
from tests.audit.tools import HERE, ROOT, TOOLS, Tool, ToolError, environment, version

ACCEPTED = HERE / "accepted.yaml"
DOCUMENT = ROOT / "docs" / "security.md"
_FIGURES = re.compile(r"(<!-- figures -->\n).*(<!-- /figures -->)", re.DOTALL)


def main() -> int:
    """Exit 0: nothing but what is accepted. 1: something else, or an acceptance that is over or unused."""
    accepted = allow.load(ACCEPTED, "tests/audit/accepted.yaml")
    platform = env.load(ROOT / "env")
    assert platform.home
    services = [build(environment) for environment in platform.environments]
    builds: list[AnyBuilt] = [*services, build(platform.home)]
    jobs = [(tool, built.of(part)) for tool in TOOLS for built in builds for part in built.parts]
    dev = next(built for built in services if built.env.name == "dev")
    for tool in TOOLS:
        environment(tool)
    try:
        with ThreadPoolExecutor(2) as pool:
            found = [finding for findings in pool.map(lambda job: _judge(*job), jobs) for finding in findings]
            list(pool.map(lambda tool: _prove(tool, canary(dev), found), TOOLS))
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    left = accepted.apply(found, date.today(), {built.env.name: built.templates for built in builds})
    table = _table(builds, found)
    print(table)
    for finding in left:
        print(
            f"{finding.tool} {finding.rule} {finding.environment}/{finding.service}/{finding.logical_id} {finding.type}: {finding.message}"
        )
    if not left:
        DOCUMENT.write_text(_FIGURES.sub(lambda match: f"{match[1]}{table}{match[2]}", DOCUMENT.read_text()))
    return 1 if left else 0


def _judge(tool: Tool, built: AnyBuilt) -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="tapline-audit-") as folder:
        return [_finding(tool, built, *found) for found in tool.run(Path(folder), built, environment(tool))]


def _prove(tool: Tool, faulty: AnyBuilt, found: Sequence[Finding]) -> None:
    """Raises ToolError where a tool sees nothing in a build with known faults that it did not see without them."""
    known = {(finding.rule, finding.service, finding.logical_id) for finding in found if finding.tool == tool.name}
    if not {(finding.rule, finding.service, finding.logical_id) for finding in _judge(tool, faulty)} - known:
        raise ToolError(f"{tool.name} finds none of the faults seeded for it: it is blind, and its silence proves nothing")


def _finding(tool: Tool, built: AnyBuilt, rule: str, flat_id: str, message: str) -> Finding:
    service, logical_id = built.names.get(flat_id, (built.parts[0].root, flat_id))
    kind = str(built.flat["Resources"].get(flat_id, {}).get("Type", ""))
    return Finding(
        environment=built.env.name, service=service, logical_id=logical_id, rule=rule, tool=tool.name, message=message, type=kind
    )


def _table(builds: Sequence[AnyBuilt], found: Sequence[Finding]) -> str:
    """Figures by tool, in Markdown."""
    resources = sum(len(built.flat["Resources"]) for built in builds)
    lines = [
        f"{resources} resources in {len(builds)} environments:",
        "",
        "| tool | version | findings | per 100 resources | rules concerned |",
        "|---|---|---|---|---|",
    ]
    for tool in TOOLS:
        own = [finding for finding in found if finding.tool == tool.name]
        rules = ", ".join(sorted({finding.rule for finding in own})) or "-"
        lines.append(f"| {tool.name} | {version(tool)} | {len(own)} | {100 * len(own) / resources:.1f} | {rules} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
