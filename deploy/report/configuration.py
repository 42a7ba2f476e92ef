"""The runtime configuration in words: what is in force, what was changed, where two environments differ."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.report import values
from deploy.report.ink import PLAIN, Ink, cells, one_line, pad
from deploy.setting import Changes, Configuration, Differences, Value

_COLUMNS = ("setting", "value", "default", "type", "version", "set (UTC)", "by")
_WIDEST = 40
_PAST = ("at (UTC)", "setting", "before", "after", "version", "by", "reason")


def text(found: Configuration, ink: Ink = PLAIN) -> str:
    """One line each; below those that the functions refuse, why."""
    if not found.values and not found.strangers:
        return f"{found.environment} has no settings\n"
    lines = _table(_COLUMNS, [_row(value) for value in found.values], ink)
    for at, value in reversed([*enumerate(found.values, 1)]):
        for one in value.elsewhere:
            lines.insert(at + 1, f"      {one_line(one.words)}")
        if value.problem:
            lines.insert(at + 1, f"      the functions refuse it, {one_line(value.problem)}: the last good value stays in force")
    lines += [f"! {one_line(name)} is set, and this build has no such setting" for name in found.strangers]
    lines.append(ink("dim", f"in Parameter Store below {found.path}; the functions see a change within {found.cache_seconds} s"))
    return "\n".join(lines) + "\n"


def value(found: Value, ink: Ink = PLAIN) -> str:
    """Everything about one."""
    facts = [
        ("value", one_line(found.value) or "(none)"),
        ("default", one_line(found.default) or "(none)"),
        ("type", found.type),
        ("meaning", one_line(found.description)),
        ("version", str(found.version) if found.version else "0, nobody has it set"),
        ("set", f"{found.at:%Y-%m-%d %H:%M:%S} UTC by {values.person(found.by)}" if found.at else ""),
        *(("differs", one_line(one.words)) for one in found.elsewhere),
        ("refused", f"{one_line(found.problem)}: the last good value stays in force" if found.problem else ""),
    ]
    return "\n".join([ink("bold", found.name), *(f"  {ink('dim', f'{name:<8}')} {said}" for name, said in facts if said)]) + "\n"


def changes(found: Changes, ink: Ink = PLAIN) -> str:
    """One line each, newest first; what was made past the command is marked."""
    if not found.changes:
        return f"No setting of {found.environment} was ever changed, as far as the ledger and Parameter Store know.\n"
    rows = [
        (
            f"{past.at:%Y-%m-%d %H:%M:%S}",
            one_line(past.name),
            _cell(past.before),
            _cell(past.after),
            str(past.version or "-"),
            values.person(past.by),
            _remark(past.outcome, past.source, one_line(past.reason)),
        )
        for past in found.changes
    ]
    return "\n".join(_table(_PAST, rows, ink)) + "\n"


def differences(found: Differences, ink: Ink = PLAIN) -> str:
    """A row for each setting that differs; who set it stands beside its value."""
    if not found.differences:
        return f"{found.left} and {found.right} have the same in force\n"
    rows = [(one_line(row.name), _side(row.left), _side(row.right)) for row in found.differences]
    return "\n".join(_table(("setting", found.left, found.right), rows, ink)) + "\n"


def _row(found: Value) -> tuple[str, ...]:
    return (
        found.name,
        _cell(found.value),
        _cell(found.default),
        found.type,
        str(found.version or "-"),
        f"{found.at:%Y-%m-%d %H:%M}" if found.at else "-",
        values.person(found.by) if found.by else "-",
    )


def _remark(outcome: str, source: str, reason: str) -> str:
    if source != "ledger":
        return f"made past this command, in {source}"
    return reason if outcome == "succeeded" else f"{outcome}{f': {reason}' if reason else ''}"


def _side(found: Value | None) -> str:
    if found is None:
        return "(no such setting)"
    how = f"set by {values.person(found.by)}" if found.version else "default"
    return f"{_cell(found.value)} ({'refused, ' if found.problem else ''}{how})"


def _cell(text: str) -> str:
    """A value in a table: `get` shows it whole."""
    return PLAIN.cut(one_line(text), _WIDEST) or "(none)"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], ink: Ink) -> list[str]:
    widths = [max(cells(row[at]) for row in [columns, *rows]) for at in range(len(columns))]
    lines = [
        ink.cut("  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip(), ink.width)
        for row in [columns, *rows]
    ]
    return [ink("dim", lines[0]), *lines[1:]]
