"""What has drifted, in words for people, as a comment for a pull request, and as SARIF for code hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from deploy.drifting import Difference, Drifted, DriftReport
from deploy.report import values
from deploy.report.ink import PLAIN, Ink, one_line, plural
from deploy.report.markdown import LIMIT, code, escaped

_MOST = 20
"""Uncovered resources that are named for people; JSON has all of them."""


def text(report: DriftReport, ink: Ink = PLAIN) -> str:
    lines = [f"{ink('bold', one_line(report.environment))}  {one_line(report.stack)}  {_verdict(report, ink)}"]
    for one in report.drifted:
        lines += ["", *_drifted(one, report, ink, "bold red", "failed")]
    for one in report.accepted:
        lines += ["", *_drifted(one, report, ink, "yellow", "note")]
    if report.uncovered or report.unchecked_stacks:
        lines += ["", *_unknown(report, ink)]
    lines += [line for note in report.notes for line in ink.wrap(one_line(note), "  ")]
    return "\n".join(lines) + "\n"


def summary(report: DriftReport) -> str:
    """``1 resource has drifted, 2 accepted, 3 could not be checked, 41 as their templates say, in 11 stacks``."""
    first = f"{plural(len(report.drifted), 'resource')} {'has' if len(report.drifted) == 1 else 'have'} drifted"
    said = [first if report.drifted else "no drift"]
    said += [f"{len(report.accepted)} accepted"] if report.accepted else []
    said += [f"{len(report.uncovered)} could not be checked"] if report.uncovered else []
    said += [f"{plural(len(report.unchecked_stacks), 'stack')} gave no whole answer"] if report.unchecked_stacks else []
    return f"{', '.join(said)}, {report.counts.get('IN_SYNC', 0)} as their templates say, in {plural(report.stacks, 'stack')}"


def _verdict(report: DriftReport, ink: Ink) -> str:
    style = "bold red" if report.drifted else "green" if report.clean else "yellow"
    return ink(style, summary(report))


def _drifted(one: Drifted, report: DriftReport, ink: Ink, style: str, sign: str) -> Iterator[str]:
    word = {"MODIFIED": "changed", "DELETED": "deleted"}[one.status]
    since = f"since {values.moment(one.since)}, {values.age(one.since, report.at)}"
    yield f"{ink(style, f'{ink.symbol(sign)} {word}')}  {ink('bold', one_line(one.path))}  {ink('dim', one_line(one.type))}  {since}"
    for difference in one.differences:
        yield from _difference(difference, ink)
    for act in one.by:
        yield from ink.wrap(f"by {values.person(act.by)}: {one_line(act.event)} at {values.moment(act.at)}", "    ")
    for given in one.accepted:
        of = f" ({one_line(given.property)})" if given.property else ""
        yield from ink.wrap(f"accepted{of} until {given.until} by {values.person(given.by)}: {one_line(given.reason)}", "    ")
    for way in one.ways:
        yield from ink.wrap(f"-> {one_line(way)}", "    ")


def _difference(difference: Difference, ink: Ink) -> Iterator[str]:
    before, after = _sides(difference)
    line = f"    {values.name(difference.property)}  expected {before}, is {after}"
    if len(line) <= ink.width:
        yield line
        return
    before, after = values.contrast(before, after, ink.width - 16, ink.symbol("cut"))
    yield from (f"    {values.name(difference.property)}", f"      expected  {before}", f"      is        {after}")


def _sides(difference: Difference) -> tuple[str, str]:
    """Expected and actual."""
    absent = {"ADD": ("(nothing)", None), "REMOVE": (None, "(nothing)")}.get(difference.kind, (None, None))
    return absent[0] or one_line(difference.expected), absent[1] or one_line(difference.actual)


def _unknown(report: DriftReport, ink: Ink) -> Iterator[str]:
    yield ink("yellow", "not known, so not clean:")
    for stack in report.unchecked_stacks:
        yield from ink.wrap(one_line(f"stack {stack.path or report.stack}: {stack.reason}"), "  ")
    for one in report.uncovered[:_MOST]:
        reason = f": {one.reason}" if one.reason else ""
        yield from ink.wrap(one_line(f"{one.path} ({one.type}) {one.status}{reason}"), "  ")
    if len(report.uncovered) > _MOST:
        yield f"  and {len(report.uncovered) - _MOST} more: --format json"


def markdown(reports: tuple[DriftReport, ...], limit: int = LIMIT) -> str:
    """At most ``limit`` characters, whole lines; what does not fit is said to be missing."""
    lines = [line for report in reports for line in _marked(report)]
    kept, room = list[str](), limit - 100
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*kept, "", "> This is not all: `drift --format text` shows the rest."]) + "\n"
        kept.append(line)
    return "\n".join(kept) + "\n"


def _marked(report: DriftReport) -> Iterator[str]:
    yield f"### Drift of {escaped(report.environment)}, {code(report.stack)}"
    yield from ("", f"{escaped(summary(report))}.", "")
    for title, found in (("drifted", report.drifted), ("accepted", report.accepted)):
        for one in found:
            yield f"- **{title}** {code(one.path)} {escaped(one.type)}: {one.status}, since {values.moment(one.since)}"
            for difference in one.differences:
                before, after = _sides(difference)
                yield f"  - {code(values.name(difference.property))}: expected {code(before)}, is {code(after)}"
            yield from (f"  - by {escaped(act.by)}: {escaped(act.event)} at {values.moment(act.at)}" for act in one.by)
            yield from (f"  - until {each.until} by {escaped(each.by)}: {escaped(each.reason)}" for each in one.accepted)
            yield from (f"  - {escaped(way)}" for way in one.ways)
    for stack in report.unchecked_stacks:
        yield f"- not known: stack {code(stack.path or report.stack)}: {escaped(stack.reason)}"
    yield from (f"- not known: {code(each.path)} {escaped(each.type)}: {escaped(each.status)}" for each in report.uncovered)
    yield from (f"- {escaped(note)}" for note in report.notes)


def sarif(reports: tuple[DriftReport, ...], lines: Mapping[str, str]) -> str:
    """SARIF 2.1.0. ``lines``: resource path -> the builder's file and line; what is accepted is a suppressed result."""
    results = [_result(report, one, lines) for report in reports for one in (*report.drifted, *report.accepted)]
    rule = {"id": "drift", "shortDescription": {"text": "What runs is not what its template says"}}
    run = {"tool": {"driver": {"name": "tapline drift", "rules": [rule]}}, "results": results}
    return json.dumps({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _result(report: DriftReport, one: Drifted, lines: Mapping[str, str]) -> dict[str, Any]:
    # Code hosts show no result without a file: the root's module stands in where no line is known.
    file, line = lines.get(one.path, "templates/root.py:1").rsplit(":", 1)
    said = [f"{each.property} expected {before}, is {after}" for each in one.differences for before, after in (_sides(each),)]
    mark = sha256(f"{report.environment}\0{report.stack}\0{one.path}".encode()).hexdigest()[:32]
    found: dict[str, Any] = {
        "ruleId": "drift",
        "level": "note" if one.accepted else "error",
        "message": {"text": f"{report.environment} {one.path} ({one.type}) {one.status}{': ' if said else ''}{'; '.join(said)}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": file, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": int(line), "startColumn": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": f"{report.environment}/{one.path}"}],
            }
        ],
        "partialFingerprints": {"drift/v1": mark},
    }
    if one.accepted:
        why = [f"until {each.until} by {each.by}: {each.reason}" for each in one.accepted]
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "; ".join(why)}]
    return found
