"""The deployments as Markdown: targets, every operation by every tool, and what it costs to start each."""

from __future__ import annotations

import os
from datetime import date

from tests.bench import platform
from tests.bench.deployers import OURS
from tests.bench.deployments import CREATE, NOTHING, OPERATIONS, RESOURCE_SECONDS, Deployments
from tests.bench.figures import table

MOST_OF_WORK = 1.1
MOST_OF_PEER = 1.0


def text(found: Deployments) -> str:
    parts = (
        _where(found),
        *found.missing,
        "### Targets of deployments",
        targets(found),
        "### Deployments",
        operations(found),
        _requests(found),
    )
    return "\n\n".join((*parts, "### Starting", starts(found)))


def targets(found: Deployments) -> str:
    """Two ratios of wall time within one run."""
    create = found.usages[CREATE][OURS].wall / found.work[CREATE]
    rows = [(CREATE, f"{create:.3g}", f"{MOST_OF_WORK:g}", "of the local AWS's own work", _met(create, MOST_OF_WORK))]
    peers = {tool: usage.wall for tool, usage in found.usages[NOTHING].items() if tool != OURS}
    if peers:
        fastest = min(peers, key=peers.__getitem__)
        nothing = found.usages[NOTHING][OURS].wall / peers[fastest]
        rows.append((NOTHING, f"{nothing:.3g}", f"{MOST_OF_PEER:g}", f"of the fastest peer, {fastest}", _met(nothing, MOST_OF_PEER)))
    return table(("what", "measured", "at most", "unit", "met"), rows)


def operations(found: Deployments) -> str:
    """A row for each operation and tool; the local AWS's own work stands above its operation."""
    heads = ("what", "wall s", "of its own work", "of this project", "CPU s", "requests")
    rows: list[tuple[str, ...]] = []
    for operation in OPERATIONS:
        work = found.work.get(operation)
        ours = found.usages[operation][OURS].wall
        if work:
            rows.append((f"{operation}: the local AWS's own work", f"{work:.2f}", "1", f"{work / ours:.3g}", "", ""))
        for tool, usage in found.usages[operation].items():
            share = f"{usage.wall / work:.3g}" if work else ""
            cells = (f"{usage.wall:.2f}", share, f"{usage.wall / ours:.3g}", f"{usage.cpu:.2f}")
            rows.append((f"{operation}: {tool}", *cells, f"{found.requests[operation][tool]}"))
    return table(heads, rows)


def starts(found: Deployments) -> str:
    first = next(iter(found.starts.values()))
    rows = [(name, f"{usage.wall:.3f}", f"{usage.cpu:.3f}", f"{usage.wall / first.wall:.3g}") for name, usage in found.starts.items()]
    return table(("what", "wall s", "CPU s", "wall, of the first"), rows)


def _where(found: Deployments) -> str:
    versions = ", ".join(f"{tool} {version}" for tool, version in found.versions.items())
    return (
        f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; {versions or 'no peers'}. A root with "
        f"{len(platform.CHAINS)} nested stacks and {platform.resources()} resources in them, {platform.DEPTH} one after the other, "
        f"{RESOURCE_SECONDS:g} s each; rounds: {found.runs}, figures are medians."
    )


def _requests(found: Deployments) -> str:
    told = ", ".join(f"{count} ({operation})" for operation, count in found.recorded.items())
    return f"This project's own ledger tells of {told} requests: it is written before the last ones of its operation are made."


def _met(measured: float, most: float) -> str:
    return "yes" if measured <= most else "no"
