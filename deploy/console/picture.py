"""An operation as a picture of bounded size: what is in flight as a tree, finished stacks in one line each, failures pinned below.

Pure: from a `Progress` and a time to lines of styled pieces, so that a terminal, a test and a document can show the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from deploy.console import words
from deploy.model import NESTED
from deploy.progress import Cause, Node, Progress
from deploy.report.ink import Ink, cells, one_line, pad, plural, seconds

Piece = tuple[str, str]
Line = list[Piece]


@dataclass(frozen=True, kw_only=True)
class Row:
    """``weight``: what stays when there is no room for all, the heaviest longest."""

    line: Line
    weight: int


def picture(progress: Progress, now: datetime, ink: Ink, height: int) -> list[Line]:
    """At most ``height`` lines of at most ``ink.width`` cells each."""
    pinned = _pinned(progress, ink, most=max(height // 3, 3))
    tree = _chosen(_Tree(progress=progress, now=now, ink=ink).rows(progress.root), max(height - len(pinned) - 1, 1), ink)
    return [fitted(line, ink) for line in [_head(progress, now, ink), *tree, *pinned]][:height]


def fitted(line: Line, ink: Ink) -> Line:
    """The line within the width; the piece at the edge is cut in its middle."""
    room, kept = ink.width, []
    for style, text in line:
        if room <= 0:
            break
        kept.append((style, ink.cut(text, room)))
        room -= cells(kept[-1][1])
    return kept


def painted(line: Line, ink: Ink) -> str:
    return "".join(ink(style, text) for style, text in line).rstrip()


def _head(progress: Progress, now: datetime, ink: Ink) -> Line:
    """``tap-dev-app  updating  12 of 45  ━━━━━─────  1 m 05 s``; yellow from the moment that it goes back."""
    back = progress.going_back is not None
    style = "yellow" if back and not progress.root.failed else words.style(progress.status)
    line = [("bold", one_line(progress.operation.stack)), (style, f"  {words.said(progress.status)}")]
    elapsed = f"  {_elapsed(progress.root, now)}"
    if progress.over:
        return [*line, ("", "" if back else f"  {plural(progress.counts.done, 'resource')}"), ("dim", elapsed)]
    counts = progress.put_back if back else progress.counts
    line.append(("", f"  {counts.done} of {counts.all}  "))
    room = min(ink.width - sum(cells(text) for _, text in line) - len(elapsed), 40)
    return [*line, *(_bar(counts.done, counts.all, room, style, ink) if room >= 8 else []), ("dim", elapsed)]


def _bar(done: int, of: int, width: int, style: str, ink: Ink) -> Line:
    full = round(width * done / of) if of else 0
    return [(style, ink.symbol("bar") * full), (style, ink.symbol("rest") * (width - full))]


@dataclass(frozen=True, kw_only=True)
class _Tree:
    """What is shown of a progress: not what was cancelled, since its cause is pinned; at the end not what never began."""

    progress: Progress
    now: datetime
    ink: Ink

    def rows(self, stack: Node, prefix: str = "") -> list[Row]:
        """What stands below a stack: its nested stacks, and those of its resources that are in flight or failed."""
        shown = [child for child in stack.children if self._shows(child)]
        widest = min(max((cells(child.name) for child in shown), default=0), max(self.ink.width // 3, 12))
        rows: list[Row] = []
        for index, child in enumerate(shown):
            last = index == len(shown) - 1
            lead = prefix + self.ink.symbol("last" if last else "branch")
            rows.append(Row(line=_line(child, lead, widest, self.now, self.ink), weight=_weight(child)))
            if child.is_stack:
                rows += self.rows(child, prefix + self.ink.symbol("none" if last else "through"))
        return rows

    def _shows(self, node: Node) -> bool:
        if node.is_stack:
            return bool(node.events or node.children) or not (self.progress.over or self.progress.going_back)
        return node.in_flight or (node.failed and node.path in self._failed)

    @cached_property
    def _failed(self) -> frozenset[tuple[str, ...]]:
        return frozenset(failure.path for failure in self.progress.failures)


def _line(node: Node, lead: str, widest: int, now: datetime, ink: Ink) -> Line:
    name = pad(ink.cut(one_line(node.name), widest), widest)
    style = words.style(node.status)
    line = [("dim", lead), (style, ink.symbol(words.symbol(node.status))), ("", f" {name}  ")]
    if node.is_stack:
        line += [("", f"{node.counts.done:>3} of {node.counts.all:<3}  ")]
    line += [(style, words.said(node.status))]
    line += [("dim", f"  {_elapsed(node, now)}")] if node.started else []
    return line if node.is_stack else [*line, ("dim", f"  {one_line(node.type)}")]


def _elapsed(node: Node, now: datetime) -> str:
    if node.started is None:
        return ""
    return seconds(((node.ended or max(now, node.started)) - node.started).total_seconds(), tenths=False)


def _weight(node: Node) -> int:
    if node.failed:
        return 4
    if node.in_flight:
        return 2 if node.is_stack else 3
    return 1 if node.status else 0


def _chosen(rows: list[Row], room: int, ink: Ink) -> list[Line]:
    """All rows, or the heaviest in their order and how many are left out."""
    if len(rows) <= room:
        return [row.line for row in rows]
    by_weight = sorted(range(len(rows)), key=lambda index: (-rows[index].weight, index))
    kept = sorted(by_weight[: room - 1])
    return [*(rows[index].line for index in kept), [("dim", f"{ink.symbol('cut')} and {len(rows) - len(kept)} more")]]


def _pinned(progress: Progress, ink: Ink, most: int) -> list[Line]:
    """Failures, oldest first: the first is the cause."""
    lines = [line for failure in progress.failures for line in failure_lines(failure, progress, ink)]
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], [("dim", f"{ink.symbol('cut')} {len(progress.failures)} failures in all")]]


def failure_lines(failure: Cause, progress: Progress, ink: Ink) -> list[Line]:
    """``✗ Compute/ApiFunction  AWS::Lambda::Function  CREATE_FAILED``, and AWS's reason below."""
    path = one_line("/".join(failure.path)) or one_line(progress.operation.stack)
    said = {"alarm": "a rollback trigger fired", "cancelled": "somebody cancelled"}.get(failure.kind, failure.status)
    kind = "" if failure.type == NESTED else f"  {one_line(failure.type)}"
    head: Line = [("bold red", f"{ink.symbol('failed')} {path}"), ("dim", kind), ("red", f"  {said}")]
    return [head, *([("", text)] for text in ink.wrap(one_line(failure.reason), "    "))]
