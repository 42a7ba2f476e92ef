"""parliament: every identity policy with literal values, its community rules included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.audit.finding import Finding
from tests.audit.policies import identity_policies
from tests.audit.subject import Subject
from tests.audit.tools.tool import Tool
from tests.audit.workplace import Workplace


def examine(place: Workplace, subjects: Sequence[Subject]) -> list[Finding]:
    for subject in subjects:
        for name, document in identity_policies(subject).items():
            place.write(f"in/{subject.name}/{name}.json", document)
    text = place.run("parliament", "--directory", "in", "--json", "--include-community-auditors", codes=(0, 1))
    return parse(text, {subject.name: subject for subject in subjects})


def parse(text: str, subjects: dict[str, Subject]) -> list[Finding]:
    return [_finding(json.loads(line), subjects) for line in text.splitlines() if line.startswith("{")]


def _finding(answer: dict[str, object], subjects: dict[str, Subject]) -> Finding:
    location = answer["location"]
    assert isinstance(location, dict)
    environment, service, file = Path(location["filepath"]).parts[-3:]
    logical_id = file.removesuffix(".json")
    return Finding(
        tool="parliament",
        rule=str(answer["issue"]),
        environment=environment,
        resource=f"{service}/{logical_id}",
        type=subjects[environment].type(service, logical_id),
        message=f"{answer['title']}. {answer['detail']}",
    )


TOOL = Tool(name="parliament", package="parliament", unit="policies", reads="the identity policies, literal values", examine=examine)
