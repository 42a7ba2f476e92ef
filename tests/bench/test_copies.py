"""What is measured is the whole: a copy for the bench generates as the repository does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench import copies


def generated(place: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "generate.py", "--no-validate", *arguments], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_copy_generates(tmp_path: Path) -> None:
    place = copies.copy(tmp_path / "copy")
    generated(place, "dev")
    assert copies.templates(place / "build")


def test_copies_with_more_environments_and_services_generate_them(tmp_path: Path) -> None:
    place = copies.with_services(tmp_path / "copy", 2)
    folder = copies.environments(place / "environments", 2)
    generated(place, "--env-dir", folder.name)
    made = {path.relative_to(place / "build").as_posix() for path in copies.templates(place / "build")}
    assert {path.split("/")[0] for path in made} == {"env000", "env001", "tools"}
    assert sum(path.startswith("env001/extra") for path in made) == 2
