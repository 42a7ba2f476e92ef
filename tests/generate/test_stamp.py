"""A run that changes nothing proves it by content; whatever is damaged, foreign or changed proves nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import copies
from tests.generate.conftest import known_verdicts


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a run reads."""
    folder = copies.copy(tmp_path_factory.mktemp("sources") / "repository")
    known_verdicts(folder / "build")
    return folder


@pytest.fixture(scope="module")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository that was generated once."""
    folder = shutil.copytree(sources, tmp_path_factory.mktemp("whole") / "repository")
    assert run(folder).returncode == 0
    return folder


@pytest.fixture
def repository(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "repository")


@pytest.fixture(scope="module")
def built_dev(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, of which only dev was."""
    folder = shutil.copytree(sources, tmp_path_factory.mktemp("part") / "repository")
    assert run(folder, "dev").returncode == 0
    return folder


@pytest.fixture
def of_dev(built_dev: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built_dev, tmp_path / "repository")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "generate.py", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def imports(folder: Path, *arguments: str) -> set[str]:
    """The modules that a run loads: a run with nothing to do loads no library at all."""
    command = [sys.executable, "-X", "importtime", "generate.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_a_second_run_loads_nothing_and_prints_the_table(repository: Path) -> None:
    assert not imports(repository) & {"yaml", "msgspec", "troposphere", "argparse", "pathlib", "hashlib", "json", "cfnlint"}
    done = run(repository)
    assert done.stdout.count("unchanged") == 61
    assert "nothing to do" in done.stdout


CHANGES: dict[str, tuple[str, Callable[[str], str]]] = {
    "a source": ("templates/data.py", lambda text: text + "\n# a remark\n"),
    "an environment file": ("env/dev.yaml", lambda text: text.replace("memory: 512", "memory: 640")),
    "a handler": ("resources/handlers/api/handler.py", lambda text: text + "\n# a remark\n"),
    "an output": ("build/dev/data.json", lambda text: text.replace("items", "things")),
    "the stamp": ("build/.cache/stamp", lambda text: text[:200]),
    "the stamp's text": ("build/.cache/stamp", lambda text: "x" * 500),
}


def test_a_second_run_of_one_environment_loads_nothing_either(of_dev: Path) -> None:
    assert not imports(of_dev, "dev") & {"yaml", "msgspec", "troposphere", "argparse"}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_never_overlooked(of_dev: Path, case: str) -> None:
    path, change = CHANGES[case]
    file = of_dev / path
    file.write_text(change(file.read_text()))
    assert "yaml" in imports(of_dev, "dev")
    expected = (of_dev / "build" / "dev" / "data.json").read_text()
    assert "things" not in expected


def test_a_removed_output_comes_back(of_dev: Path) -> None:
    (of_dev / "build" / "dev" / "data.json").unlink()
    assert "new" in run(of_dev, "dev").stdout
    assert (of_dev / "build" / "dev" / "data.json").exists()


@pytest.mark.live
def test_a_new_environment_file_is_seen(repository: Path) -> None:
    text = (repository / "env" / "dev.yaml").read_text().replace("111111111111", "666666666666").replace("10.10.", "10.60.")
    (repository / "env" / "qa.yaml").write_text(text)
    assert run(repository).returncode == 0
    assert (repository / "build" / "qa" / "root.json").exists()


def test_another_command_line_is_another_run(repository: Path) -> None:
    done = run(repository, "dev")
    assert "staging" not in done.stdout
    assert "dev  account" in done.stdout


def test_it_works_from_any_folder(repository: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(repository / "generate.py")], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "nothing to do" in done.stdout
    assert not (tmp_path / "build").exists()
