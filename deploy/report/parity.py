"""Parity as a table of fields and counts, then each finding in full: for people, for a pull request, for code hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from deploy.parity.proof import Finding
from deploy.parity.report import Explained, Parity
from deploy.report import markdown as md
from deploy.report import sarif as sarif_of
from deploy.report import values
from deploy.report.ink import PLAIN, Ink, cut, one_line, pad, plural

_WIDEST = 24
_NOTHING = "nothing"
_RULES = {
    "identity": ("parity/identity", "A template hangs on no name, account or region", "Make it a field of the environment file."),
    "field": ("parity/field", "A field that may not vary has one value", "Put it into env/defaults.yaml, or mark it in env/model.py."),
    "unexplained": ("parity/unexplained", "Environments differ by their fields alone", "Generate all environments from one checkout."),
    "deployed": ("parity/deployed", "What is deployed is what its release says", "Deploy the release again, or find who changed it."),
}


def text(parity: Parity, ink: Ink = PLAIN) -> str:
    blocks = [[ink("bold", heading(parity))], list(_table(parity, ink)), list(_carried(parity, ink))]
    blocks += [list(_finding(finding, ink)) for finding in parity.findings]
    blocks.append([f"{ink.symbol('note')} {one_line(note)}" for note in parity.notes])
    style = "bold red" if parity.findings else "green"
    blocks.append([ink(style, verdict(parity))])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def heading(parity: Parity) -> str:
    first, *others = parity.environments
    return f"Parity of {', '.join(others)} with {first}{', as deployed' if parity.live else ''}"


def verdict(parity: Parity) -> str:
    if parity.findings:
        return f"{plural(len(parity.findings), 'difference')} that no field of the environment files explains."
    fields = plural(len(parity.explained), "field")
    return f"The same infrastructure: every difference comes from one of {fields} of the environment files."


def _table(parity: Parity, ink: Ink) -> Iterator[str]:
    """A row a field: its value in each environment, and how many parts of the templates come from it."""
    rows = [("field", *parity.environments, "parts", "")]
    rows += [
        (one.field, *(_value(one.values.get(name)) for name in parity.environments), _count(one), _place(one)) for one in parity.explained
    ]
    if len(rows) == 1:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        line = "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield ink("dim", line) if number == 0 else line


def _count(one: Explained) -> str:
    return f"{len(one.parts):,}"


def _place(one: Explained) -> str:
    return next(reversed(one.places.values()), "")


def _value(given: Any) -> str:
    return cut(values.value(given), _WIDEST)


def _carried(parity: Parity, ink: Ink) -> Iterator[str]:
    if parity.carried:
        names = ", ".join(dict.fromkeys(one.field.partition("[")[0] for one in parity.carried))
        uses = sum(max(one.uses.values()) for one in parity.carried)
        yield from ink.wrap(f"Carried word for word, deciding nothing: {names}; {plural(uses, 'place')}.", "")


def _finding(finding: Finding, ink: Ink) -> Iterator[str]:
    yield f"{ink('bold red', ink.symbol('failed'))} {ink('bold', one_line(finding.environment))}  {one_line(finding.path) or 'the build'}"
    yield from ink.wrap(said(finding), "    ")
    yield from (f"    {name:<9}{one_line(line)}" for name, line in lines(finding))


def said(finding: Finding) -> str:
    match finding.kind:
        case "identity":
            cause = f"its {finding.because}" if finding.because else "what it is called or where it is"
            return f"it hangs on {cause}, not on a field that may vary"
        case "field":
            return "this field may not vary, and is another one"
        case "deployed":
            return "it is deployed otherwise than its release says"
        case _:
            return "it differs, and no field explains it"


def lines(finding: Finding) -> Iterator[tuple[str, str]]:
    """Both values in full, and the two lines to look at."""
    other = "expected" if finding.kind in ("identity", "deployed") else finding.other
    yield "has", _side(finding.has)
    yield other if len(other) < 9 else "other", _side(finding.expected)
    if finding.origin:
        yield "made at", finding.origin
    if finding.place:
        yield "set at", finding.place


def _side(leaf: str | None) -> str:
    return _NOTHING if leaf is None else values.value(_decoded(leaf))


def _decoded(leaf: str) -> Any:
    try:
        return msgspec.json.decode(leaf)
    except msgspec.DecodeError:
        return leaf


def markdown(parity: Parity) -> str:
    parts = [f"### {md.escaped(heading(parity))}", md.escaped(verdict(parity))]
    parts += ["\n".join(_marked(finding)) for finding in parity.findings]
    if parity.explained:
        names = [md.escaped(name) for name in parity.environments]
        rows = [f"| field | {' | '.join(names)} | parts |", f"|---|{'---|' * len(names)}--:|"]
        for one in parity.explained:
            cells = (md.code(_value(one.values.get(name))).replace("|", "\\|") for name in parity.environments)
            rows.append(f"| {md.code(one.field)} | {' | '.join(cells)} | {_count(one)} |")
        parts.append("\n".join(rows))
    if parity.notes:
        parts.append("\n".join(f"- {md.escaped(note)}" for note in parity.notes))
    return md.within(parts, md.LIMIT, "parity")


def _marked(finding: Finding) -> Iterator[str]:
    yield f"- **{md.escaped(finding.environment)}** {md.code(finding.path or 'the build')}: {md.escaped(said(finding))}"
    yield from (f"  - {name}: {md.code(line)}" for name, line in lines(finding))


def sarif(parity: Parity) -> str:
    """At the builder's line, with the environment file's beside it."""
    rules = [
        {"id": rule, "shortDescription": {"text": title}, "fullDescription": {"text": remedy}} for rule, title, remedy in _RULES.values()
    ]
    return sarif_of.document([sarif_of.run("tapline parity", rules, [_result(finding) for finding in parity.findings])])


def _result(finding: Finding) -> dict[str, Any]:
    # Code hosts show no result without a file: where no line is known, the environment's own file stands in.
    place = finding.origin or finding.place or f"env/{finding.environment}.yaml:1"
    shown = "; ".join(f"{name}: {line}" for name, line in lines(finding))
    result = {
        "ruleId": _RULES[finding.kind][0],
        "level": "error",
        "message": {"text": f"{finding.environment} {finding.path}: {said(finding)}; {shown}"},
        "locations": [
            sarif_of.physical(*place.rsplit(":", 1))
            | {"logicalLocations": [{"fullyQualifiedName": f"{finding.environment}/{finding.path}"}]}
        ],
        "partialFingerprints": sarif_of.fingerprint(finding.kind, finding.environment, finding.path),
    }
    if finding.place and finding.origin:
        result["relatedLocations"] = [
            sarif_of.physical(*finding.place.rsplit(":", 1)) | {"message": {"text": finding.because or "set here"}}
        ]
    return result
