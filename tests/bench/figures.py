"""The measurements as tables, and the targets beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench import cdk, own
from tests.bench.clock import Usage
from tests.bench.growth import Step

Usages = Mapping[str, Usage]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A figure that shall not be passed; ``measured`` takes the usages and the number of templates."""

    what: str
    most: float
    unit: str
    measured: Callable[[Usages, int], float]


def _of(name: str, peer: str = own.LINT) -> Callable[[Usages, int], float]:
    return lambda usages, templates: usages[name].wall / usages[peer].wall


TARGETS = (
    Target(what=own.COLD, most=0.04, unit="of cfn-lint", measured=_of(own.COLD)),
    Target(
        what=own.COLD, most=1.2, unit="ms of CPU a template", measured=lambda usages, templates: 1000 * usages[own.COLD].cpu / templates
    ),
    Target(what=own.COLD, most=30, unit="MiB", measured=lambda usages, templates: usages[own.COLD].mib),
    Target(what=own.NATIVE, most=0.15, unit="of cfn-lint", measured=_of(own.NATIVE)),
    Target(what=own.VERDICT, most=0.6, unit="of cfn-lint", measured=_of(own.VERDICT)),
    Target(what=own.CHANGED, most=0.25, unit="of cfn-lint", measured=_of(own.CHANGED)),
    Target(what=own.SAME, most=0.006, unit="of cfn-lint", measured=_of(own.SAME)),
    Target(what=own.SAME, most=1.6, unit="of python -c pass", measured=_of(own.SAME, own.PASS)),
)


def targets(usages: Usages, templates: int) -> str:
    """Ratios are of wall time, within one run."""
    rows = []
    for target in TARGETS:
        measured = target.measured(usages, templates)
        rows.append((target.what, f"{measured:.3g}", f"{target.most:g}", target.unit, "yes" if measured <= target.most else "no"))
    return table(("what", "measured", "at most", "unit", "met"), rows)


def processes(usages: Usages, peer: str) -> str:
    """Every process, with its wall time and CPU as a share of the peer's."""
    heads = ("what", "wall s", "CPU s", "MiB", "wall, of the first", "CPU, of the first")
    rows = []
    for name, usage in sorted(usages.items(), key=lambda item: item[0] != peer):
        wall, cpu = usage.wall / usages[peer].wall, usage.cpu / usages[peer].cpu
        rows.append((name, f"{usage.wall:.3f}", f"{usage.cpu:.3f}", f"{usage.mib:.0f}", f"{wall:.3g}", f"{cpu:.3g}"))
    return table(heads, rows)


def growth(what: str, steps: Sequence[Step]) -> str:
    """Sizes, and the CPU for each one added since the row before."""
    rows = []
    for before, step in zip((None, *steps), steps, strict=False):
        added = 1000 * (step.usage.cpu - before.usage.cpu) / (step.count - before.count) if before else None
        cells = (f"{step.templates}", f"{step.usage.wall:.3f}", f"{step.usage.cpu:.3f}", f"{step.usage.mib:.0f}")
        rows.append((f"{step.count}", *cells, "" if added is None else f"{added:.2f}"))
    return table((f"{what}s", "templates", "wall s", "CPU s", "MiB", f"CPU ms for each {what} more"), rows)


def beside(comparison: cdk.Comparison | str) -> str:
    if isinstance(comparison, str):
        return comparison
    return processes(comparison.usages, cdk.DEFAULT)


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table, columns padded so that it reads in a terminal too; all but the first column to the right."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]

    def line(row: tuple[str, ...]) -> str:
        cells = [cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))]
        return f"| {' | '.join(cells)} |"

    rule = "|".join(("-" * (width + 1) + ":") if column else ("-" * (width + 2)) for column, width in enumerate(widths))
    return "\n".join([line(heads), f"|{rule}|", *map(line, rows)])
