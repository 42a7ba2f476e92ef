"""cloudsplaining: the account's identities as IAM would list them, with literal values, trust policies included."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.audit.finding import Finding
from tests.audit.policies import authorization_details
from tests.audit.subject import Subject
from tests.audit.tools.tool import Tool
from tests.audit.workplace import Workplace

_KINDS = ("customer_managed_policies", "inline_policies", "roles")


def examine(place: Workplace, subjects: Sequence[Subject]) -> list[Finding]:
    found: list[Finding] = []
    for subject in subjects:
        path = place.write(f"{subject.name}.json", authorization_details(subject))
        place.run("cloudsplaining", "scan", "--input-file", path, "--output", place.scratch, "--skip-open-report", "--flag-trust-policies")
        answer = (place.scratch / f"iam-results-{subject.name}.json").read_text(encoding="utf-8")
        found += parse(json.loads(answer), subject)
    return found


def parse(answer: Mapping[str, Any], subject: Subject) -> list[Finding]:
    """A finding for each risk of each policy or role, whatever the number of actions that make it."""
    return sorted(finding for kind in _KINDS for name, risks in answer[kind].items() for finding in _findings(name, risks, subject))


def _findings(name: str, risks: Mapping[str, Any], subject: Subject) -> Iterator[Finding]:
    service, logical_id = name.split(".", 1)
    for risk, details in risks.items():
        if isinstance(details, dict) and details.get("findings"):
            yield Finding(
                tool="cloudsplaining",
                rule=risk,
                environment=subject.name,
                resource=f"{service}/{logical_id}",
                type=subject.type(service, logical_id),
                message=f"{details['severity']}: {json.dumps(details['findings'])[:200]}",
            )


TOOL = Tool(
    name="cloudsplaining",
    package="cloudsplaining",
    unit="policies",
    reads="the identity policies and trusts, literal values",
    examine=examine,
)
