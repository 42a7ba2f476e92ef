"""cfripper: each service's template by itself, with literal values, since it gives up on parameters without a default."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.audit.finding import Finding
from tests.audit.subject import Subject
from tests.audit.tools.tool import Tool
from tests.audit.values import filled_services
from tests.audit.workplace import AuditError, Workplace

_JUDGED = (0, 2)  # 1 and 3 are crashes


def examine(place: Workplace, subjects: Sequence[Subject]) -> list[Finding]:
    found: list[Finding] = []
    for subject in subjects:
        options = ("--resolve", "--aws-account-id", subject.account, "--format", "json", "--logging", "ERROR")
        for service, template in filled_services(subject).items():
            path = place.write(f"{subject.name}/{service}.json", template)
            found += parse(place.run("cfripper", path, *options, codes=_JUDGED), subject, service)
    return found


def parse(text: str, subject: Subject, service: str) -> list[Finding]:
    answer = json.loads(text)
    if answer["exceptions"]:
        raise AuditError(f"cfripper failed over {subject.name}/{service}: {answer['exceptions']}")
    return [
        Finding(
            tool="cfripper",
            rule=failure["rule"],
            environment=subject.name,
            resource=f"{service}/{logical_id}",
            type=subject.type(service, logical_id) if logical_id in subject.templates[service]["Resources"] else "",
            message=failure["reason"],
        )
        for failure in answer["failures"]
        for logical_id in failure["resource_ids"] or ["-"]
    ]


TOOL = Tool(name="cfripper", package="cfripper", unit="resources", reads="each service's template, literal values", examine=examine)
