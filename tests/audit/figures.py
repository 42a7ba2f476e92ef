"""The audit's figures as tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tests.audit.accepted import AcceptedList, Judgement
from tests.audit.finding import Finding, Report
from tests.audit.marked import table
from tests.audit.subject import Subject

_HEADS = ("tool", "version", "read", "findings", "per 100", "accepted", "new")


def by_tool(reports: Sequence[Report], judgement: Judgement) -> str:
    """A row a tool. ``per 100`` is per 100 resources, or per 100 policies where a tool reads only these."""
    rows = []
    for report in reports:
        new = sum(finding.tool == report.tool for finding in judgement.new)
        found = len(report.findings)
        read = f"{report.subjects} {report.unit}"
        rows.append((report.tool, report.version, read, str(found), _rate(found, report.subjects), str(found - new), str(new)))
    return table(_HEADS, rows)


def by_environment(reports: Sequence[Report], subjects: Sequence[Subject]) -> str:
    """Findings per 100 resources, a column an environment."""
    heads = ("tool", *(f"{subject.name} ({subject.resources} resources)" for subject in subjects))
    rows = []
    for report in reports:
        counts = [sum(finding.environment == subject.name for finding in report.findings) for subject in subjects]
        cells = [f"{count}, {_rate(count, subject.resources)} per 100" for count, subject in zip(counts, subjects, strict=True)]
        rows.append((report.tool, *cells))
    return table(heads, rows)


def reasons(judgement: Judgement, accepted: AcceptedList) -> str:
    """What stays and why: a row for each rule and reason."""
    rows = []
    key = lambda finding: (finding.tool, finding.rule, accepted.reason(finding))  # noqa: E731 - groupby and sorted need the same one
    for (tool, rule, reason), group in groupby(sorted(judgement.accepted, key=key), key=key):
        found = list(group)
        rows.append(f"| {tool} {rule} | {_places(found)} | {reason} |")
    return "\n".join(["| rule | where | why it stays |", "|---|---|---|", *rows])


def _places(found: Sequence[Finding]) -> str:
    names: dict[str, list[str]] = {}
    for finding in found:
        names.setdefault(finding.resource, []).append(finding.environment)
    sets = {tuple(environments) for environments in names.values()}
    shown = ", ".join(sorted(names)) if len(names) < 4 else f"{len(names)} of {found[0].type}"
    return f"{shown} ({', '.join(sets.pop())})" if len(sets) == 1 else shown


def _rate(count: int, of: int) -> str:
    return f"{100 * count / of:.1f}"
