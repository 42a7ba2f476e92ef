"""Every command of the deployer that the README shows runs, in its order, on a local AWS of its own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.server import LocalAws
from templates.generation import Request, generate
from tests.conftest import ROOT
from tests.docs.test_documents import README

ASKS = ("apply", "bootstrap", "destroy", "up")
"""Where a person answers; here nobody sits."""


@dataclass(frozen=True)
class Desk:
    """A folder with nothing but a build, and the address of a local AWS."""

    folder: Path
    local: Path

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        _, *arguments = shlex.split(command)
        verb = arguments[2]
        return subprocess.run(
            [sys.executable, *arguments, *(["--yes"] if verb in ASKS else [])],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TAPLINE_LOCAL": str(self.local), "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    made = Desk(folder=folder, local=folder / "local")
    generate(Request(env_dir=ROOT / "env", out=folder / "build", validate=False), tell=print)
    # By the command, so that it is nobody's child here when the last command of the README ends it.
    started = made.run("python -m deploy local start --minute-seconds 0.02")
    assert started.returncode == 0, started.stderr
    yield made
    made.run("python -m deploy local stop")


def commands() -> list[tuple[str, int]]:
    """Each with the exit code that its comment says, 0 where it says none."""
    lines = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
    found = [line.partition("#")[::2] for line in lines if "-m deploy" in line]
    return [(command.strip(), int(code[1]) if (code := re.search(r"exits with (\d+)", comment)) else 0) for command, comment in found]


def test_the_story_of_the_readme_can_be_told_from_its_begin_to_its_end(desk: Desk) -> None:
    story = commands()
    assert len(story) >= 8
    for command, code in story:
        done = desk.run(command)
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
    assert LocalAws(folder=desk.local).status() is None
