"""The ledger as a table, newest first, and one record as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deploy.model import Event
from deploy.record import History, Outcome, Record
from deploy.report import values
from deploy.report.ink import PLAIN, Ink, cells, one_line, pad, plural, seconds

_STYLES: dict[Outcome, str] = {
    "succeeded": "green",
    "nothing to do": "dim",
    "rolled back": "yellow",
    "unverified": "bold red",
    "failed": "red",
    "stuck": "bold red",
    "unknown": "magenta",
    "refused": "yellow",
}
_COLUMNS = ("#", "began (UTC)", "operation", "outcome", "took", "release", "by")


def text(history: History, ink: Ink = PLAIN) -> str:
    """One line each; below the ones that failed, why."""
    records = sorted(history.records, key=lambda record: -record.number)
    if not records:
        return f"No operations{f' on {one_line(history.environment)}' if history.environment else ''} yet.\n"
    rows = [_row(record) for record in records]
    widths = [max(cells(row[column]) for row in [_COLUMNS, *rows]) for column in range(len(_COLUMNS))]
    lines = [ink("dim", _joined(_COLUMNS, widths, ink))]
    for record, row in zip(records, rows, strict=True):
        lines.append(_coloured(_joined(row, widths, ink), record, ink))
        lines += [ink.cut(f"      {line}", ink.width) for line in (_setting(record), *_why(record)) if line]
    return "\n".join(lines) + "\n"


def record(record: Record, ink: Ink = PLAIN) -> str:
    """Everything that the ledger has of one operation."""
    facts = [
        ("environment", one_line(record.environment)),
        ("began", values.moment(record.began)),
        ("ended", f"{values.moment(record.ended)} after {seconds(record.seconds)}" if record.seconds is not None else "not recorded"),
        ("by", f"{one_line(record.by)} on {one_line(record.host)}"),
        ("release", one_line(record.release) or ("" if record.change else "(none)")),
        ("before it", one_line(record.previous)),
        ("commit", one_line(record.commit or "")),
        ("plan", one_line(record.plan)),
        ("resources", "" if record.change or record.waves else _counts(record)),
        ("AWS", f"{plural(record.api_calls, 'request')}, {plural(record.events, 'event')}"),
        ("setting", _setting(record)),
        ("reason", one_line(record.change.reason) if record.change else ""),
        ("message", one_line(record.message)),
        ("promoted", _promoted(record)),
    ]
    head = f"{ink('bold', f'#{record.number} {one_line(record.operation)}')}  {ink(_STYLES[record.outcome], record.outcome)}  code {record.code}"
    lines = [head, *(f"  {ink('dim', f'{name:<12}')} {value}" for name, value in facts if value)]
    lines += [
        f"  {one_line(moved.stack)}  {one_line(moved.before) or '(none)'} -> {one_line(moved.after) or '(none)'}" for moved in record.stacks
    ]
    for why in _why(record):
        lines += ink.wrap(why, "  ")
    if record.waves:
        from deploy.report.stack_sets import waves

        lines += waves(record.waves, ink)
    return "\n".join(lines) + "\n"


def _row(record: Record) -> tuple[str, ...]:
    took = seconds(record.seconds) if record.seconds is not None else ""
    return (
        str(record.number),
        f"{record.began:%Y-%m-%d %H:%M}",
        one_line(record.operation),
        record.outcome,
        took,
        values.release(record.release) if record.manifest else "-",
        values.person(record.by),
    )


def _joined(row: Sequence[str], widths: Sequence[int], ink: Ink) -> str:
    padded = [pad(cell, width) for cell, width in zip(row, widths, strict=True)]
    return ink.cut("  ".join(padded).rstrip(), ink.width)


def _coloured(line: str, record: Record, ink: Ink) -> str:
    return line.replace(f"  {record.outcome} ", f"  {ink(_STYLES[record.outcome], record.outcome)} ", 1)


def _why(record: Record) -> Iterator[str]:
    for failed in [result for result in record.checks if result.ok is False][:1]:
        yield f"check {one_line(failed.check)} {one_line(failed.name)}: {one_line(failed.reason)}"
    for cause in record.causes[:1]:
        yield f"{one_line('/'.join(cause.path)) or 'the stack'}: {one_line(cause.reason)}"


def _promoted(record: Record) -> str:
    if record.promoted is None:
        return ""
    taken = [f"{one.gate}: {one_line(one.reason)}" for one in record.promoted.gates if one.state == "overridden"]
    return f"from {one_line(record.promoted.source)}{f', overriding {values.listed(taken)}' if taken else ''}"


def _setting(record: Record) -> str:
    if not (change := record.change):
        return ""
    version = f" (version {change.version})" if change.version else ""
    return f"{one_line(change.name)} {one_line(change.before) or '(none)'} -> {one_line(change.after) or '(none)'}{version}"


def _counts(record: Record) -> str:
    counts = record.counts
    named = {"added": counts.add, "changed": counts.modify, "replaced": counts.replace, "removed": counts.remove}
    return values.listed(f"{count} {name}" for name, count in named.items() if count) or "none changed"


def events(found: Sequence[Event], ink: Ink = PLAIN) -> str:
    """One line each, oldest first."""
    rows = [(f"{event.at:%H:%M:%S}", event.status, "/".join(event.path) or "the stack", one_line(event.reason)) for event in found]
    widths = [max((cells(row[column]) for row in rows), default=0) for column in range(3)]
    return "".join(
        ink.cut(f"{pad(row[0], widths[0])}  {pad(row[1], widths[1])}  {pad(one_line(row[2]), widths[2])}  {row[3]}".rstrip(), ink.width)
        + "\n"
        for row in rows
    )
