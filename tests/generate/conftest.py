"""Runs `generate.py` as a person does: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str


def known_verdicts(out: Path) -> None:
    """What the repository's own build knows of its templates: a verdict is kept by the content that was judged."""
    known = ROOT / "build" / ".cache" / "verdicts"
    if known.exists():
        (out / ".cache").mkdir(parents=True)
        shutil.copy(known, out / ".cache")


@pytest.fixture
def generate(env_dir: Path, tmp_path: Path) -> Callable[..., Run]:
    """``generate("dev", "--check")``: validation off unless asked for, since most of these tests are not about it."""

    def run(*arguments: str, validate: bool = False, **options: Any) -> Run:
        fixed = ["--env-dir", str(env_dir), "--out", str(tmp_path / "build"), *([] if validate else ["--no-validate"])]
        done = subprocess.run(
            [sys.executable, str(ROOT / "generate.py"), *fixed, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            **options,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    return run


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the run's own records."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }
