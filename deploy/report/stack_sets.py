"""StackSets in words: a plan, what stands where, what has drifted, what was stopped; and the waves of a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from deploy.record import InstanceFailure, Record, WaveResult
from deploy.report import text, values
from deploy.report.ink import PLAIN, Ink, cells, one_line, pad, plural
from deploy.report.markdown import LIMIT, code, escaped, within
from deploy.stacksets.model import InstanceState, Preview, Row, SetDrift, SetPlan, SetStatus, Stopped

_MOST = 20
"""Instances of a kind that are named for people; JSON has all of them."""

_FOLD = 100
"""Rows of a table, so that a part that does not fit is small."""

_SIGNS = {"create": "+", "update": "~", "override": "~", "none": "=", "inoperable": "!", "remove": "-"}
_WORDS = {
    "create": "new",
    "update": "to update",
    "override": "own values change",
    "none": "unchanged",
    "inoperable": "inoperable",
    "remove": "declared no more",
}
_STYLES = {"CURRENT": "green", "OUTDATED": "yellow", "INOPERABLE": "bold red"}
_OUTCOMES = {"succeeded": "green", "failed": "bold red", "stopped": "yellow", "unverified": "red"}
Table = Sequence[Sequence[str]]


def plan(made: SetPlan, ink: Ink = PLAIN) -> str:
    blocks = [_heading(made, ink), [line for note in made.notes for line in ink.wrap(f"{ink.symbol('warn')} {one_line(note)}", "")]]
    blocks.append(text.finding_lines(text.findings_of(made), ink))
    blocks.append(
        [f"  {values.name(one.pointer)}  {' -> '.join(side or '(none)' for side in values.sides(one))}" for one in made.differences]
    )
    blocks += [_wave(made, wave.name, ink) for wave in made.stack_set.waves]
    blocks.append(_removed(made, ink))
    blocks.append([ink("bold", summary(made))])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def summary(made: SetPlan) -> str:
    counts = Counter(row.action for row in made.rows)
    if not made.changes:
        return f"No changes. {plural(counts['none'], 'instance')} of {one_line(made.subject)} are as the release says."
    removed = f", {counts['remove']} to take out" if made.remove else ""
    changed = counts["update"] + counts["override"]
    waves = plural(len({row.wave for row in made.rows if row.changes}), "wave")
    seen = sum(preview.review is not None for preview in made.previews)
    return (
        f"Plan: {plural(counts['create'], 'instance')} to make, {changed} to change, {counts['none']} unchanged{removed}, in {waves}; "
        f"{seen} of {counts['create'] + changed} previewed."
    )


def _heading(made: SetPlan, ink: Ink) -> list[str]:
    what = "will be made" if made.before is None else "will be changed" if made.before != made.after else "stays as it is"
    commit = f"  commit {one_line(made.commit[:12])}" if made.commit else ""
    return [
        f"{ink('bold', f'Plan {made.short}')}  StackSet {one_line(made.subject)} ({one_line(made.stack_set.set_name)})  account {made.account}  "
        f"{one_line(made.stack_set.region)}",
        ink(
            "dim", f"release {values.release(made.release)}{commit}  by {values.person(made.by)}  valid until {values.moment(made.expires)}"
        ),
        f"the set {what}; {made.stack_set.permission_model.lower().replace('_', '-')} permissions",
    ]


def _wave(made: SetPlan, name: str, ink: Ink) -> list[str]:
    rows = made.rows_of(name)
    counts = Counter(row.action for row in rows)
    told = values.listed(f"{count} {_WORDS[action]}" for action, count in counts.items()) or "no instances"
    lines = [f"{ink('bold', f'wave {one_line(name)}')}  {told}"]
    changed = [row for row in rows if row.action != "none"]
    lines += _aligned([_cells(row) for row in changed[:_MOST]], "  ", ink)
    lines += [f"  and {len(changed) - _MOST} more"] if len(changed) > _MOST else []
    for preview in made.previews:
        if preview.wave == name:
            lines += _preview(preview, ink)
    return lines


def _cells(row: Row) -> tuple[str, ...]:
    own = values.listed(f"{name}={value}" for name, value in row.overrides.items())
    drift = "drifted" if row.drift == "DRIFTED" else ""
    return (
        _SIGNS[row.action],
        row.account,
        row.region,
        _WORDS[row.action],
        values.listed(row.why if row.why != ("new",) else ()),
        own,
        drift,
    )


def _preview(preview: Preview, ink: Ink) -> Iterator[str]:
    head = f"  {ink('bold', 'preview')}  {preview.account} {preview.region}"
    if preview.review is None:
        yield f"{head}  {ink('yellow', 'none')}"
        yield from ink.wrap(one_line(preview.reason), "    ")
        return
    changes = text.review_lines(preview.review, ink)
    yield head if changes else f"{head}  nothing changes there"
    yield from (f"  {line}" for line in changes)


def _removed(made: SetPlan, ink: Ink) -> list[str]:
    rows = [row for row in made.rows if row.action == "remove"]
    if not rows:
        return []
    stacks = "their stacks stay" if made.retain else "their stacks are deleted"
    what = f"taken out of the set; {stacks}" if made.remove else "left as they are"
    return [
        f"{ink('bold', 'declared no more')}  {plural(len(rows), 'instance')}, {what}",
        *_aligned([("-", row.account, row.region) for row in rows[:_MOST]], "  ", ink),
    ]


def status(found: SetStatus, ink: Ink = PLAIN) -> str:
    blocks = [[*_status_heading(found, ink)]]
    if found.exists:
        blocks.append([*_aligned([_wave_cells(name, *counts) for name, counts in found.waves.items()], "  ", ink)])
        blocks.append([*_aligned([_instance_cells(one, found) for one in found.instances], "  ", ink, _STYLES)])
    if found.missing:
        places = values.listed(f"{account}/{region}" for account, region in found.missing[:_MOST])
        blocks.append(ink.wrap(f"declared, and not there: {places}{' ...' if len(found.missing) > _MOST else ''}", "  "))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _status_heading(found: SetStatus, ink: Ink) -> Iterator[str]:
    yield f"{ink('bold', one_line(found.name))}  {one_line(found.set_name)}  account {found.account}  {one_line(found.region)}"
    if not found.exists:
        yield "  nothing is rolled out"
        return
    commit = f"  commit {one_line(found.commit[:12])}" if found.commit else ""
    yield f"  release  {values.release(found.release) if found.release else 'not known to the ledger'}{commit}"
    if found.running:
        yield f"  at work  {ink('bold yellow', one_line(found.running.words))}{_begun(found)}"
    checked = f", checked {values.age(found.drift_checked, found.at)}" if found.drift_checked else ""
    yield f"  drift    {one_line(found.drift)}{checked}"
    current = sum(one.status == "CURRENT" for one in found.instances)
    yield f"  stands   {current} of {plural(len(found.instances), 'instance')} up to date, {found.outdated} outdated, {found.inoperable} inoperable"
    for record in found.rollouts:
        yield f"  {'rollout':<8} {_rollout(record, found)}"


def _begun(found: SetStatus) -> str:
    if found.begun_by:
        return f" by {values.person(found.begun_by)}"
    return "" if found.running and found.running.ours else " begun with another tool: CloudTrail says by whom"


def _rollout(record: Record, found: SetStatus) -> str:
    when = values.age(record.began, found.at)
    return f"#{record.number} {one_line(record.operation)} {record.outcome}  {values.release(record.release)}  {when} by {values.person(record.by)}"


def _wave_cells(name: str, current: int, whole: int) -> tuple[str, ...]:
    return f"wave {name}", f"{current} of {whole} up to date"


def _instance_cells(one: InstanceState, found: SetStatus) -> tuple[str, ...]:
    age = values.age(one.since, found.at) if one.since else ""
    drift = "drifted" if one.drift == "DRIFTED" else ""
    reason = one.reason if one.status != "CURRENT" else ""
    return (
        one.account,
        one.region,
        one.wave or "(no wave)",
        one.status,
        values.release(one.release) if one.release else "-",
        age,
        drift,
        reason,
    )


def drift(found: SetDrift, ink: Ink = PLAIN) -> str:
    style = "bold red" if found.drifted else "yellow" if found.unchecked else "green"
    lines = [f"{ink('bold', one_line(found.name))}  {ink(style, drift_summary(found))}"]
    for one in found.drifted:
        lines += ["", f"{ink('bold red', ink.symbol('failed'))} {one.account} {one.region}"]
        for resource in one.resources:
            lines.append(f"    {one_line(resource.resource)}  {one_line(resource.type)}  {resource.status.lower()}")
            lines += [
                f"      {values.name(path)}  {ink.cut(one_line(wanted), 40) or '(none)'} -> {ink.cut(one_line(actual), 40) or '(none)'}"
                for path, wanted, actual in resource.differences
            ]
    lines += [f"  {one.account} {one.region} gave no answer: {one_line(one.reason)}" for one in found.unchecked[:_MOST]]
    return "\n".join(lines) + "\n"


def drift_summary(found: SetDrift) -> str:
    said = f"{plural(len(found.drifted), 'instance')} drifted" if found.drifted else "no drift"
    return f"{said}, {found.checked} checked" + (f", {len(found.unchecked)} gave no answer" if found.unchecked else "")


def stopped(found: Stopped, ink: Ink = PLAIN) -> str:
    if found.operation is None:
        return f"{one_line(found.name)}: nothing runs; nothing to stop\n"
    return f"{one_line(found.name)}: {one_line(found.operation.words)} has ended\n"


def waves(results: Iterable[WaveResult], ink: Ink = PLAIN) -> Iterator[str]:
    """Of a record: a line a wave, and a table of what failed."""
    for one in results:
        more = [f"{len(one.failed)} failed" if one.failed else "", f"{one.cancelled} not begun" if one.cancelled else ""]
        more.append(f"{one.skipped} in suspended accounts" if one.skipped else "")
        told = values.listed([f"{one.done} done", *filter(None, more)])
        yield f"  {pad(f'wave {one_line(one.wave)}', 16)} {ink(_OUTCOMES[one.outcome], one.outcome)}  {told}"
        if one.reason:
            yield from ink.wrap(one_line(one.reason), "    ")
        yield from _aligned([_failure(failure) for failure in one.failed[:_MOST]], "    ", ink)
        yield from ([f"    and {len(one.failed) - _MOST} more"] if len(one.failed) > _MOST else [])
        yield from (
            f"    {one_line(check.check)} {one_line(check.name)}: {one_line(check.reason)}" for check in one.checks if check.ok is False
        )


def _failure(one: InstanceFailure) -> tuple[str, ...]:
    if one.cause is None:
        return one.account, one.region, "", one_line(one.reason)
    return one.account, one.region, one_line("/".join(one.cause.path) or "the stack"), one_line(one.cause.reason)


def _aligned(rows: Table, indent: str, ink: Ink, styles: dict[str, str] | None = None) -> Iterator[str]:
    """Columns; those that are empty in every row are left out, and the last one is cut."""
    kept = [index for index in range(len(rows[0]) if rows else 0) if any(row[index] for row in rows)]
    widths = {index: max(cells(one_line(row[index])) for row in rows) for index in kept}
    for row in rows:
        line = ink.cut(indent + "  ".join(pad(one_line(row[index]), widths[index]) for index in kept).rstrip(), ink.width)
        style = next((style for word, style in (styles or {}).items() if word in row), "")
        yield ink(style, line) if style and style != "green" else line


def plan_markdown(made: SetPlan) -> str:
    """For a pull request."""
    sections = [f"### StackSet {escaped(made.subject)}: plan {code(made.short)}\n\n{escaped(summary(made))}\n"]
    sections += [f"- {escaped(note)}\n" for note in made.notes]
    for finding in text.findings_of(made):
        option = f" accept it with {code(text.waiver(finding))}" if finding.waiver else ""
        sections.append(f"- **{finding.kind}** {code(finding.path)}: {escaped(finding.title)}{option}\n")
    for wave in made.stack_set.waves:
        rows = [row for row in made.rows_of(wave.name) if row.action != "none"]
        table = [
            ("account", "region", "what", "why"),
            *((row.account, row.region, _WORDS[row.action], values.listed(row.why)) for row in rows),
        ]
        sections.append(f"\n**wave {escaped(wave.name)}**\n\n{_table(table)}" if rows else f"\n**wave {escaped(wave.name)}**: no changes\n")
    previews = [line for preview in made.previews for line in _preview(preview, PLAIN)]
    sections.append("\n<details><summary>previews</summary>\n\n```text\n" + "\n".join(previews).replace("`", "'") + "\n```\n</details>\n")
    return within(sections, LIMIT, "plan")


def status_markdown(found: SetStatus) -> str:
    rows = [("account", "region", "wave", "status", "release", "age"), *(_instance_cells(one, found)[:6] for one in found.instances)]
    sections = [f"### StackSet {escaped(found.name)}"]
    sections += [_table([rows[0], *rows[start : start + _FOLD]]) for start in range(1, len(rows), _FOLD)]
    return within(sections, LIMIT, "status")


def drift_markdown(found: SetDrift) -> str:
    sections = [f"### StackSet {escaped(found.name)}: {escaped(drift_summary(found))}\n\n"]
    for one in found.drifted:
        resources = values.listed(f"{resource.resource} {resource.status.lower()}" for resource in one.resources)
        sections.append(f"- {code(f'{one.account}/{one.region}')}: {escaped(resources)}\n")
    return within(sections, LIMIT, "report")


def _table(rows: Table) -> str:
    lines = ["| " + " | ".join(escaped(cell) for cell in row) + " |\n" for row in rows]
    return "".join([lines[0], "|" + "---|" * len(rows[0]) + "\n", *lines[1:]])
