"""Whether traffic may move, a line a check, and what is lost at most."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.failover.facts import Judged, Readiness
from deploy.report.ink import PLAIN, Ink, one_line

_SIGNS = {"ok": ("done", "green"), "warns": ("warn", "yellow"), "refuses": ("failed", "bold red"), "accepted": ("warn", "yellow")}


def text(found: Readiness, ink: Ink = PLAIN) -> str:
    way = found.way
    verb = "Back" if way.back else "Failover"
    now = f"traffic goes to {one_line(found.serving)}" if found.serving else "where traffic goes is not known"
    lines = [f"{ink('bold', f'{verb} from {one_line(way.source)} to {one_line(way.target)}')}  {one_line(way.environment)}, {now}"]
    for one in found.checks:
        lines += _judged(one, ink)
    lines += [f"lost at most: {one_line(words)}" for words in found.lost] or ["lost at most: nothing"]
    return "\n".join(lines) + "\n"


def _judged(one: Judged, ink: Ink) -> Iterator[str]:
    sign, style = _SIGNS[one.state]
    yield f"  {ink(style, ink.symbol(sign))} {one.check:<9} {one_line(one.words)}{', accepted' if one.state == 'accepted' else ''}"
    for detail in one.details:
        yield from ink.wrap(one_line(detail), "              ")
    if one.state == "refuses" and one.remedy:
        yield from ink.wrap(f"-> {one_line(one.remedy)}", "              ")
