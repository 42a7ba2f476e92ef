"""A virtual environment for each tool, since their pins clash, and a folder to lay files out in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PINS = Path(__file__).parent / "pins"


class AuditError(Exception):
    """A tool that could not be installed or that crashed: it proves nothing."""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """One tool's environment and scratch folder."""

    tool: str
    venv: Path
    scratch: Path

    def write(self, path: str, document: Any) -> Path:
        target = self.scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document, indent=1), encoding="utf-8")
        return target

    def run(self, program: str | Path, *arguments: str | Path, codes: Collection[int] = (0,)) -> str:
        """What the program prints. ``codes`` are the exit codes that mean it did its work, whatever it found."""
        path = self.venv / "bin" / program
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AWS_", "BC_", "PRISMA_"))}
        done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False, cwd=self.scratch, env=environment)
        if done.returncode not in codes:
            raise AuditError(f"{self.tool} ended with {done.returncode}, which is a crash and not a verdict: {done.stderr.strip()[-1000:]}")
        return done.stdout


def prepare(tool: str, root: Path, scratch: Path) -> Workplace:
    """Make `.venv-audit-<tool>` where it is missing or its pins changed."""
    venv = root / f".venv-audit-{tool}"
    pins = PINS / f"{tool}.txt"
    stamp = venv / ".installed"
    wanted = f"{sys.version}\n{pins.read_text(encoding='utf-8')}"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(venv, ignore_errors=True)
        _install(tool, venv, pins)
        stamp.write_text(wanted, encoding="utf-8")
    folder = scratch / tool
    folder.mkdir()
    return Workplace(tool=tool, venv=venv, scratch=folder)


def version(tool: str, package: str) -> str:
    found = re.search(rf"^{re.escape(package)}==(.+)$", (PINS / f"{tool}.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"tests/audit/pins/{tool}.txt does not pin {package}"
    return found[1]


def _install(tool: str, venv: Path, pins: Path) -> None:
    uv = shutil.which("uv")
    make = [uv, "venv", "--quiet", "--python", sys.executable, venv] if uv else [sys.executable, "-m", "venv", venv]
    own = str(venv / "bin" / "python")
    pip = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", own] if uv else [own, "-m", "pip", "install", "--quiet"]
    for command in (make, [*pip, "--no-deps", "--requirement", pins]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AuditError(f"{tool} cannot be installed from tests/audit/pins/{tool}.txt: {done.stderr.strip()[-1000:]}")
