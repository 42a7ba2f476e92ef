"""Findings as text for people, SARIF for code hosts, JUnit for build servers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from deploy.report import sarif as sarif_of
from templates.validation.finding import Finding


def text(findings: Sequence[Finding]) -> str:
    """Grouped by template; under each finding the builder's line and the environment's value."""
    lines = []
    ordered = sorted(findings)
    for (environment, service), group in groupby(ordered, key=lambda finding: (finding.environment, finding.service)):
        lines.append(f"{environment}/{service}" if service else environment)
        for finding in group:
            subject = ".".join(part for part in (finding.logical_id, finding.path) if part) or "template"
            lines.append(f"  {finding.level} {finding.rule} {subject}: {finding.message}")
            lines += [f"      {name} {value}" for name, value in (("made at", finding.origin), ("set at", finding.value)) if value]
    lines.append("")
    lines.append("python generate.py --explain RULE says what a rule wants and why")
    return "\n".join(lines)


def sarif(findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0, one run a tool, at the builder's line (OASIS Standard, 27 March 2020)."""
    tools = sorted({finding.tool for finding in findings} | {"cfn-lint"})
    runs = [_run(tool, [finding for finding in sorted(findings) if finding.tool == tool]) for tool in tools]
    return sarif_of.document(runs)


def _run(tool: str, findings: Sequence[Finding]) -> dict[str, Any]:
    sources = {finding.rule: finding.source for finding in findings}
    rules = [{"id": rule, **_words(rule), **({"helpUri": source} if source else {})} for rule, source in sorted(sources.items())]
    return sarif_of.run(tool, rules, [_result(finding) for finding in findings])


def _words(rule_id: str) -> dict[str, Any]:
    """What our own rules say of themselves; public ones say it on the page that ``helpUri`` names."""
    from templates.validation.rules import RULES

    for rule in RULES:
        if rule.id == rule_id:
            return {"shortDescription": {"text": rule.title}, "fullDescription": {"text": rule.reason}}
    return {}


def _result(finding: Finding) -> dict[str, Any]:
    # Code hosts show no result without a file: the service's module stands in where no line is known.
    place = finding.origin or (f"templates/{finding.service}.py:1" if finding.service else "templates/build.py:1")
    location = sarif_of.physical(*place.rsplit(":", 1)) | {
        "logicalLocations": [{"fullyQualifiedName": "/".join((finding.environment, finding.service, finding.logical_id))}]
    }
    subject = ".".join(part for part in (finding.logical_id, finding.path) if part) or "template"
    result = {
        "ruleId": finding.rule,
        "level": finding.level,
        "message": {"text": f"{finding.environment}/{finding.service} {subject}: {finding.message}"},
        "locations": [location],
        "partialFingerprints": _fingerprint(finding),
    }
    if finding.value:
        file, line, column, field = finding.value.split(":", 3)
        result["relatedLocations"] = [sarif_of.physical(file, line, column) | {"message": {"text": f"set by{field}"}}]
    return result


def _fingerprint(finding: Finding) -> dict[str, str]:
    return sarif_of.fingerprint(finding.rule, finding.environment, finding.service, finding.logical_id, finding.path)


def junit(findings: Sequence[Finding], templates: Iterable[str]) -> str:
    """One case a template (``dev/storage``), failed by its findings."""
    by_template: dict[str, list[Finding]] = {template: [] for template in templates}
    for finding in sorted(findings):
        by_template.setdefault(f"{finding.environment}/{finding.service}", []).append(finding)
    cases = [_case(template, found) for template, found in by_template.items()]
    failures = sum(bool(found) for found in by_template.values())
    head = f'<testsuite name="templates" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>"]) + "\n"


def _case(template: str, findings: Sequence[Finding]) -> str:
    start = f"  <testcase classname={quoteattr(template.split('/')[0])} name={quoteattr(template)}"
    if not findings:
        return f"{start}/>"
    body = "\n".join(f"{finding.rule} {finding.logical_id}: {finding.message} ({finding.origin})" for finding in findings)
    return f"{start}><failure message={quoteattr(f'{len(findings)} findings')}>{escape(body)}</failure></testcase>"
