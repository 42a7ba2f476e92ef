"""cloudformation-validate, the fast first pass: AWS's own rules, compiled, in a child beside cfn-lint's loading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from templates.validation.finding import Finding
from templates.validation.lint import Subject

_SOURCE = "https://github.com/aws-cloudformation/cloudformation-validate"


def check(subjects: Sequence[Subject]) -> list[Finding]:
    """Warnings and worse."""
    if not subjects:
        return []
    from cloudformation_validate import (
        CompositeEngine,
        DetailLevel,
        PseudoParameterOverrides,
        Severity,
        TemplateContent,
        ValidateConfig,
    )

    engine = CompositeEngine()
    found: list[Finding] = []
    for subject in subjects:
        env = subject.built.env
        config = ValidateConfig(
            severity_level=Severity.WARN,
            detail_level=DetailLevel.STANDARD,
            pseudo_parameter_overrides=PseudoParameterOverrides(region=env.region, account_id=env.account),
        )
        content = TemplateContent(subject.built.encoded[subject.service], f"{env.name}/{subject.service}.json")
        report = engine.validate_template(content, config)
        found += [_finding(subject, diagnostic) for diagnostic in report.diagnostics]
    return found


def _finding(subject: Subject, diagnostic: Any) -> Finding:
    return Finding(
        environment=subject.built.env.name,
        service=subject.service,
        logical_id=diagnostic.entity.logical_id if diagnostic.entity else "",
        path=diagnostic.property_path or "",
        rule=diagnostic.rule_id,
        level="warning" if diagnostic.severity.name == "WARN" else "error",
        tool="cloudformation-validate",
        message=diagnostic.message,
        source=diagnostic.documentation_url or _SOURCE,
    )
