"""cfn-lint, the verdict: every template with the environment's region, the root with its children beside it.

cfn-lint checks parameters and outputs across the boundary of a nested stack only where TemplateURL is a local relative
path, so each environment is laid out in a folder of its own with ``./keys.json`` and so on. Its rules are loaded once
and the templates are shared out over two processes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from templates.validation.finding import Finding
from templates.validation.local_root import local_root

if TYPE_CHECKING:
    from env.model import Environment
    from templates.build import Built

_SOURCE = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One template to judge, and the environment's build that it is part of."""

    built: Built
    service: str


def lint(judge: Judge, subjects: Sequence[Subject], *, workers: int) -> dict[tuple[str, str], tuple[Finding, ...]]:
    """(environment, service) -> what cfn-lint finds, errors and warnings."""
    with tempfile.TemporaryDirectory(prefix="tapline-") as folder:
        paths = _lay_out(Path(folder), subjects)
        ordered = sorted(zip(subjects, paths, strict=True), key=lambda pair: -len(pair[0].built.encoded[pair[0].service]))
        shares = [ordered[start::workers] for start in range(workers)] if workers > 1 and hasattr(os, "fork") else [ordered]
        results = _in_child(judge, shares[1:]) if len(shares) > 1 and shares[1] else []
        results.append([judge.judge(subject, path) for subject, path in shares[0]])
        found = [verdict for share in _collect(results) for verdict in share]
    return {(environment, service): tuple(findings) for environment, service, findings in found}


Verdict = tuple[str, str, list[Finding]]


class Judge:
    """cfn-lint with its rules loaded, which takes most of a second: make one, and judge many templates with it."""

    def __init__(self) -> None:
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import Runner

        self.rules = Runner(ConfigMixIn([])).rules

    def judge(self, subject: Subject, path: Path) -> Verdict:
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import run_template_by_file_path

        env = subject.built.env
        # W3002 speaks of the local paths that this copy of the root has and the published root has not.
        config = ConfigMixIn([], regions=regions_of(env), ignore_checks=["W3002"])
        matches = run_template_by_file_path(str(path), config, self.rules, False)
        return env.name, subject.service, [_finding(subject, match) for match in matches]


def regions_of(env: Environment) -> list[str]:
    """The regions that the environment's templates must be right in."""
    return [env.region, *([env.disaster_recovery.region] if env.disaster_recovery else [])]


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


def _in_child(judge: Judge, shares: list[Any]) -> list[Any]:
    """Start one forked child a share; it inherits the loaded rules and answers through a pipe."""
    readers = []
    for share in shares:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _answer(judge, share, reader, writer)
        os.close(writer)
        readers.append((child, reader))
    return readers


def _answer(judge: Judge, share: list[tuple[Subject, Path]], reader: int, writer: int) -> None:
    code = 1
    try:
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(msgspec.msgpack.encode([judge.judge(subject, path) for subject, path in share]))
        code = 0
    finally:
        os._exit(code)


def _collect(results: list[Any]) -> list[list[Verdict]]:
    """The children's answers and our own; a child that died is an error, never an empty verdict."""
    collected: list[list[Verdict]] = []
    for result in results:
        if isinstance(result, list):
            collected.append(result)
            continue
        child, reader = result
        with os.fdopen(reader, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(child, 0)
        if status:
            raise RuntimeError(f"a cfn-lint process ended with status {status}: run with --debug or on one core")
        collected.append(msgspec.msgpack.decode(data, type=list[Verdict]))
    return collected
