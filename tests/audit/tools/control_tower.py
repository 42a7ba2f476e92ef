"""AWS Control Tower's proactive controls, as rules of cfn-guard, over the flat copy with pseudo parameters filled in.

The rules and the program are data inside the package of a CDK plug-in, which is never loaded. References between resources
stay, since some rules follow them.
"""

from __future__ import annotations

import json
import platform
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.audit.finding import Finding
from tests.audit.subject import FLAT, Subject
from tests.audit.tools.tool import Tool
from tests.audit.values import Filler
from tests.audit.workplace import AuditError, Workplace

_JUDGED = (0, 19)
_SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_TITLE = re.compile(r"\[(CT\.[A-Z0-9.]+)\]: ?([^\n]+)")


def examine(place: Workplace, subjects: Sequence[Subject]) -> list[Finding]:
    package = _unpacked(place)
    paths: list[Path] = []
    for subject in subjects:
        for name, template in ((FLAT, subject.flat), *subject.unmerged.items()):
            paths.append(place.write(f"in/{subject.name}/{name}.json", Filler(subject, template, keep_references=True).document()))
    guard = package / "bin" / _SYSTEMS[platform.system()] / _machine() / "cfn-guard"
    options = ("--output-format", "json", "--show-summary", "none", "--structured")
    rules = package / "rules" / "control-tower" / "cfn-guard"
    text = place.run(guard, "validate", "--rules", rules, *(part for path in paths for part in ("--data", path)), *options, codes=_JUDGED)
    return parse(text, {subject.name: subject for subject in subjects})


def _machine() -> str:
    return _MACHINES.get(platform.machine().lower(), platform.machine())


def _unpacked(place: Workplace) -> Path:
    folder = place.scratch / "unpacked"
    archives = list(place.venv.glob("lib/*/site-packages/cdklabs/cdk_validator_cfnguard/_jsii/*.tgz"))
    if len(archives) != 1:
        raise AuditError(f"the package of Control Tower's rules holds {len(archives)} archives instead of one: its layout changed")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    guards = list(folder.glob("package/bin/*/*/cfn-guard"))
    for guard in guards:
        guard.chmod(0o755)
    return folder / "package"


def parse(text: str, subjects: dict[str, Subject]) -> list[Finding]:
    """One finding a rule and resource, however many of the rule's clauses it fails."""
    found: set[Finding] = set()
    for answer in json.loads(text):
        path = Path(answer["name"])
        subject = subjects[path.parent.name]
        for failed in answer["not_compliant"]:
            rule, message = _named(failed)
            for logical_id in {piece.split("/")[2] for piece in _paths(failed) if piece.startswith("/Resources/")}:
                resource, kind = subject.find(path.stem, logical_id)
                found.add(Finding(tool="control-tower", rule=rule, environment=subject.name, resource=resource, type=kind, message=message))
    return sorted(found)


def _named(failed: dict[str, Any]) -> tuple[str, str]:
    title = _TITLE.search(json.dumps(failed).replace("\\n", "\n"))
    return (title[1], title[2].strip()) if title else (failed["Rule"]["name"], failed["Rule"]["name"])


def _paths(value: Any) -> Iterator[str]:
    """Every place in the template that a failed clause names."""
    if isinstance(value, list):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, dict):
        if isinstance(value.get("path"), str):
            yield value["path"]
        for key, item in value.items():
            if key != "value" or (isinstance(item, dict) and "traversed_to" in item):
                yield from _paths(item)


TOOL = Tool(
    name="control-tower", package="cdklabs.cdk-validator-cfnguard", unit="resources", reads="the flat copy, literal values", examine=examine
)
