"""Which instances of a plan are previewed: few, always the same, and none alike."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.stacksets.model import Row


def sample(rows: Iterable[Row], *, every: bool) -> tuple[Row, ...]:
    """Of each wave, until every action, region and set of own values is in it that changes there; ``every``: all that change."""
    chosen: list[Row] = []
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if not row.changes:
            continue
        marks = {(row.wave, f"{kind} {value}") for kind, value in _marks(row)}
        if every or marks - seen:
            chosen.append(row)
            seen |= marks
    return tuple(chosen)


def _marks(row: Row) -> tuple[tuple[str, str], ...]:
    own = ",".join(f"{name}={value}" for name, value in sorted(row.overrides.items()))
    return ("action", row.action), ("region", row.region), ("own", own)
