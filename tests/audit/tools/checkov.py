"""checkov: each service's template, and the flat copy, where it can follow what one service's resource says of another's."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.audit.finding import Finding
from tests.audit.subject import FLAT, Subject
from tests.audit.tools.tool import Tool
from tests.audit.workplace import AuditError, Workplace


def examine(place: Workplace, subjects: Sequence[Subject]) -> list[Finding]:
    for subject in subjects:
        for name, template in (*subject.templates.items(), (FLAT, subject.flat)):
            place.write(f"in/{subject.name}/{name}.json", template)
    options = ("--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "--output", "json")
    return parse(place.run("checkov", "--directory", "in", *options, codes=(0, 1)), {subject.name: subject for subject in subjects})


def parse(text: str, subjects: dict[str, Subject]) -> list[Finding]:
    """Findings of the flat copy and of a service's template are one where resource and rule are."""
    answer = json.loads(text)
    results = answer["results"]
    if results.get("parsing_errors"):
        raise AuditError(f"checkov cannot read {', '.join(results['parsing_errors'])}")
    found = {_finding(failed, subjects) for failed in results["failed_checks"]}
    return sorted(found)


def _finding(failed: dict[str, str], subjects: dict[str, Subject]) -> Finding:
    environment, file = failed["file_path"].strip("/").removesuffix(".json").split("/")
    kind, logical_id = failed["resource"].split(".")[:2]
    resource, _ = subjects[environment].find(file, logical_id)
    return Finding(
        tool="checkov", rule=failed["check_id"], environment=environment, resource=resource, type=kind, message=failed["check_name"]
    )


TOOL = Tool(name="checkov", package="checkov", unit="resources", reads="every template and the flat copy", examine=examine)
