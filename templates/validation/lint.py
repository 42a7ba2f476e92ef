"""cfn-lint, the verdict: every template with the environment's region, the root with its children beside it.

cfn-lint checks parameters and outputs across the boundary of a nested stack only where TemplateURL is a local relative
path, so each environment is laid out in a folder of its own with ``./keys.json`` and so on. Its rules are loaded once
and the templates are shared out over two processes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from templates.validation import child
from templates.validation.finding import Finding
from templates.validation.local_root import local_root
from templates.validation.regions import regions_of

if TYPE_CHECKING:
    from templates.build import AnyBuilt

_SOURCE = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"

# Rules that say nothing of these templates, with the reason.
IGNORED = {
    "W3002": "the local paths that this copy of the root has, the published root has not",
    "I1022": "a TLS-only policy wants Fn::Join, since other rule sets read that form alone",
    "I3011": "asks for policies on nested stacks; TAP001 asks for them on what holds data",
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One template to judge, and the environment's build that it is part of."""

    built: AnyBuilt
    service: str


def lint(judge: Judge, subjects: Sequence[Subject], *, workers: int) -> dict[tuple[str, str], tuple[Finding, ...]]:
    """(environment, service) -> what cfn-lint finds: errors, warnings and what it calls informational."""
    with tempfile.TemporaryDirectory(prefix="tapline-") as folder:
        paths = _lay_out(Path(folder), subjects)
        ordered = sorted(zip(subjects, paths, strict=True), key=lambda pair: -len(pair[0].built.encoded[pair[0].service]))
        count = max(1, min(workers, len(ordered)))
        first, *others = [ordered[start::count] for start in range(count)]
        children = [child.start("a cfn-lint process", partial(judge.all, share)) for share in others]
        found = judge.all(first)
        for each in children:
            found += child.answer(each, list[Verdict])
    return {(environment, service): tuple(findings) for environment, service, findings in found}


Verdict = tuple[str, str, list[Finding]]


class Judge:
    """cfn-lint with its rules loaded, which takes most of a second: :func:`loaded` gives the process's one."""

    def __init__(self) -> None:
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import Runner

        self.rules = Runner(ConfigMixIn([])).rules

    def all(self, share: Sequence[tuple[Subject, Path]]) -> list[Verdict]:
        return [self.judge(subject, path) for subject, path in share]

    def judge(self, subject: Subject, path: Path) -> Verdict:
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import run_template_by_file_path

        env = subject.built.env
        config = ConfigMixIn([], regions=regions_of(env, subject.service), include_checks=["I"], ignore_checks=list(IGNORED))
        matches = run_template_by_file_path(str(path), config, self.rules, False)
        return env.name, subject.service, [_finding(subject, match) for match in matches]


@cache
def loaded() -> Judge:
    """One for all templates, as the cfn-lint command does it."""
    return Judge()


def _lay_out(folder: Path, subjects: Sequence[Subject]) -> list[Path]:
    """The templates of each environment in one folder, children named as the root's copy calls them."""
    done: dict[str, Path] = {}
    for subject in subjects:
        name = subject.built.env.name
        if name in done:
            continue
        done[name] = folder / name
        done[name].mkdir()
        for service, data in subject.built.encoded.items():
            content = msgspec.json.encode(local_root(subject.built)) if service == "root" else data
            (done[name] / f"{service}.json").write_bytes(content)
    return [done[subject.built.env.name] / f"{subject.service}.json" for subject in subjects]


def _finding(subject: Subject, match: Any) -> Finding:
    path = [str(part) for part in (match.path or [])]
    logical_id = path[1] if len(path) > 1 and path[0] == "Resources" else ""
    return Finding(
        environment=subject.built.env.name,
        service=subject.service,
        logical_id=logical_id,
        path=".".join(path[2:] if logical_id else path),
        rule=match.rule.id,
        level="error" if match.rule.severity == "error" else "warning",
        tool="cfn-lint",
        message=match.message,
        source=match.rule.source_url or _SOURCE,
    )
