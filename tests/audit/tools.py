"""The tools of the battery: each in an environment of its own, since their pins clash, each giving plain findings."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from templates.build import AnyBuilt
from tests.audit.literal import literal_policies, pseudo_resolved

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent

Found = tuple[str, str, str]  # rule, flat logical id, message


class ToolError(Exception):
    """A tool that crashed: a crash is never a pass."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """``name`` is its package list's name too; ``run`` judges one environment in a folder of its own; ``archive`` is packed in it."""

    name: str
    run: Callable[[Path, AnyBuilt, Path], Iterator[Found]]
    with_needs: bool = True
    archive: str | None = None


def environment(tool: Tool) -> Path:
    """The tool's own virtual environment, made at its first use and anew when its pins changed."""
    folder = ROOT / f".venv-audit-{tool.name}"
    pins = HERE / f"{tool.name}.txt"
    stamp = folder / ".installed"
    if stamp.exists() and stamp.read_text() == pins.read_text():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    extra = [] if tool.with_needs else ["--no-deps"]
    uv = shutil.which("uv")
    python = str(folder / "bin" / "python")
    install = (
        [uv, "pip", "install", "--quiet", "--python", python]
        if uv
        else [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    )
    subprocess.run([*install, *extra, "--requirement", str(pins)], check=True)
    if tool.archive:
        # Here and not where it is used: jobs of one tool run beside each other.
        (archive,) = folder.rglob(tool.archive)
        with tarfile.open(archive) as tar:
            tar.extractall(folder / "unpacked", filter="data")
    stamp.write_text(pins.read_text())
    return folder


def version(tool: Tool) -> str:
    """The pinned version of the tool itself."""
    lines = (HERE / f"{tool.name}.txt").read_text().splitlines()
    own = [line for line in lines if line.split("==")[0].lower() in (tool.name, "cdklabs.cdk-validator-cfnguard")]
    return own[0].split("==")[1]


def _call(command: list[str], *, good: tuple[int, ...]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode not in good:
        raise ToolError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def _checkov(folder: Path, built: AnyBuilt, venv: Path) -> Iterator[Found]:
    path = _write(folder / "flat.json", built.flat)
    command = [str(venv / "bin" / "python"), str(venv / "bin" / "checkov"), "--skip-download", "--compact", "--quiet"]
    answer = json.loads(_call([*command, "--framework", "cloudformation", "-o", "json", "-f", str(path)], good=(0, 1)))
    for report in answer if isinstance(answer, list) else [answer]:
        if report["summary"]["parsing_errors"]:
            raise ToolError("checkov could not read the flat copy")
        for failed in report["results"]["failed_checks"]:
            yield failed["check_id"], failed["resource"].rsplit(".", 1)[-1], failed["check_name"]


def _cfripper(folder: Path, built: AnyBuilt, venv: Path) -> Iterator[Found]:
    """Exit 3 is a crash; the last line is the answer."""
    path = _write(folder / "flat.json", built.flat)
    command = [str(venv / "bin" / "python"), str(venv / "bin" / "cfripper"), str(path), "--resolve", "--format", "json"]
    answer = json.loads(_call(command, good=(0, 2)).strip().splitlines()[-1])
    if answer["exceptions"]:
        raise ToolError(f"cfripper: {answer['exceptions']}")
    for failure in answer["failures"]:
        for flat_id in failure["resource_ids"]:
            yield failure["rule"], flat_id, failure["reason"]


def _control_tower(folder: Path, built: AnyBuilt, venv: Path) -> Iterator[Found]:
    """AWS's Control Tower rules through the cfn-guard that the package carries."""
    package = venv / "unpacked" / "package"
    system = "macos" if sys.platform == "darwin" else "ubuntu"
    machine = "aarch64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    guard = package / "bin" / system / machine / "cfn-guard"
    guard.chmod(0o755)
    path = _write(folder / "flat.json", pseudo_resolved(built))
    rules = package / "rules" / "control-tower"
    command = [str(guard), "validate", "-r", str(rules), "-d", str(path), "--structured", "--show-summary", "none", "-o", "json"]
    (answer,) = json.loads(_call(command, good=(0, 19)))
    if not answer["compliant"]:
        raise ToolError("cfn-guard applied no rule")
    for entry in answer["not_compliant"]:
        name = entry["Rule"]["name"]
        for flat_id in sorted({_resource(text) for text in _paths(entry["Rule"])} & built.flat["Resources"].keys()):
            yield name, flat_id, "see the AWS Control Tower controls reference"


def _parliament(folder: Path, built: AnyBuilt, venv: Path) -> Iterator[Found]:
    for flat_id, document in literal_policies(built).items():
        _write(folder / f"{flat_id}.json", document)
    command = [str(venv / "bin" / "python"), str(venv / "bin" / "parliament"), "--directory", str(folder), "--json"]
    for line in _call(command, good=(0, 1)).splitlines():
        issue = json.loads(line)
        yield issue["issue"], Path(issue["location"]["filepath"]).stem, str(issue["detail"] or issue["title"])


def _cloudsplaining(folder: Path, built: AnyBuilt, venv: Path) -> Iterator[Found]:
    for flat_id, document in literal_policies(built).items():
        path = _write(folder / f"{flat_id}.json", document)
        command = [str(venv / "bin" / "python"), str(venv / "bin" / "cloudsplaining"), "scan-policy-file", "-i", str(path)]
        text = _call(command, good=(0,))
        if "no results found" not in text:
            yield "risk", flat_id, " ".join(text.split())[:300]


def _write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def _paths(value: Any) -> Iterator[str]:
    """Every path that a report of cfn-guard names."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "path" and isinstance(item, str):
                yield item
            yield from _paths(item)
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item)


def _resource(path: str) -> str:
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "Resources" else ""


TOOLS = (
    Tool(name="checkov", run=_checkov),
    Tool(name="cfripper", run=_cfripper),
    Tool(name="control-tower", run=_control_tower, with_needs=False, archive="cdk-validator-cfnguard@*.jsii.tgz"),
    Tool(name="parliament", run=_parliament),
    Tool(name="cloudsplaining", run=_cloudsplaining),
)
