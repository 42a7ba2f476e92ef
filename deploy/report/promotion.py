"""A promotion's gates as a list, and which release is where as a table."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.index import Place, Places
from deploy.promotion.ground import Approved
from deploy.promotion.verdict import Promoted, Verdict
from deploy.report import values
from deploy.report.ink import PLAIN, Ink, cells, one_line, pad

_SIGNS = {"holds": ("done", "green"), "open": ("waiting", "yellow"), "refuses": ("failed", "bold red"), "overridden": ("warn", "yellow")}
_COLUMNS = ("environment", "account", "release", "commit", "since (UTC)", "by", "how")


def gates(promoted: Promoted, ink: Ink = PLAIN) -> str:
    commit = f"  commit {one_line(promoted.commit[:12])}" if promoted.commit else ""
    way = f"{one_line(promoted.source)} to {one_line(promoted.target)}"
    lines = [f"{ink('bold', f'Promotion from {way}')}  release {values.release(promoted.release)}{commit}"]
    for verdict in promoted.gates:
        lines += _verdict(verdict, ink)
    return "\n".join(lines) + "\n"


def _verdict(verdict: Verdict, ink: Ink) -> Iterator[str]:
    sign, style = _SIGNS[verdict.state]
    yield f"  {ink(style, ink.symbol(sign))} {verdict.gate:<10} {one_line(verdict.words)}"
    for detail in verdict.details:
        yield from ink.wrap(one_line(detail), "               ")
    if verdict.state == "overridden":
        yield from ink.wrap(f"overridden: {one_line(verdict.reason)}", "               ")
    elif verdict.state != "holds" and verdict.remedy:
        yield from ink.wrap(one_line(verdict.remedy), "               ")


def approved(one: Approved, ink: Ink = PLAIN) -> str:
    return f"{ink.symbol('done')} {one_line(one.by)} approves release {values.release(one.release)} for {one_line(one.environment)}\n"


def places(found: Places, ink: Ink = PLAIN) -> str:
    rows = [_row(place) for place in found.places]
    widths = [max(cells(row[column]) for row in [_COLUMNS, *rows]) for column in range(len(_COLUMNS))]
    return "".join(
        f"{ink.cut('  '.join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip(), ink.width)}\n"
        for row in [_COLUMNS, *rows]
    )


def _row(place: Place) -> tuple[str, ...]:
    how = f"from {place.source}" if place.source else place.operation
    return (
        one_line(place.environment),
        one_line(place.account),
        "-" if place.gone else values.release(place.release),
        one_line((place.commit or "")[:12]) or "-",
        f"{place.since:%Y-%m-%d %H:%M}",
        values.person(place.by),
        one_line(f"{how}, {place.outcome}" if place.outcome != "succeeded" else how),
    )
