"""The documents say what there is: every target, option, folder and rule, and every command in them runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def targets() -> list[str]:
    return re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("target", targets())
def test_every_make_target_is_documented(target: str) -> None:
    assert f"`{target}`" in README or f"make {target}" in README


def test_make_alone_lists_every_target() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.findall(r"make ([a-z-]+)", done.stdout) == targets()


@pytest.mark.parametrize("option", ["--env-dir", "--out", "--check", "--no-validate", "--format", "--explain"])
def test_every_option_of_generate_is_documented(option: str) -> None:
    usage = subprocess.run([sys.executable, "generate.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert option in usage
    assert f"`{option}" in README


def test_generate_has_no_option_that_is_not_documented() -> None:
    usage = subprocess.run([sys.executable, "generate.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for option in set(re.findall(r"--[a-z-]+", usage)) - {"--help"}:
        assert f"`{option}" in README, option


def commands() -> list[str]:
    """Every command line in a sh block of the README that runs generate.py itself."""
    lines = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
    return [line.split("#")[0].strip() for line in lines if "generate.py" in line]


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_readme_run(command: str, tmp_path: Path) -> None:
    _, script, *arguments = shlex.split(command)
    done = subprocess.run(
        [sys.executable, script, *arguments, "--no-validate", "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == (3 if "--check" in arguments else 0), done.stderr


def test_make_targets_named_in_the_readme_exist() -> None:
    named = set(re.findall(r"`?make ([a-z]+)`?", "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))))
    assert named
    assert named <= set(targets())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", document.read_text()):
        assert link.startswith("https://") or (document.parent / link).exists(), link


def test_the_number_of_rules_is_the_one_that_the_readme_says() -> None:
    from templates.validation.rules import RULES

    assert f"{len(RULES)} invariants" in README


def test_the_errors_shown_in_the_readme_are_what_the_loader_says(env_dir: Path) -> None:
    import env

    path = env_dir / "dev.yaml"
    path.write_text(path.read_text().replace("memory: 512", 'memory: "big"\n  timeot: 3'))
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    shown = re.findall(r"^env/(dev\.yaml:.*)$", README, re.MULTILINE)
    assert len(shown) == 2
    assert [str(problem).removeprefix(f"{env_dir.as_posix()}/") for problem in refused.value.problems] == shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_a_machine(document: Path) -> None:
    assert not re.search(r"/(home|root|tmp|work|Users)/", document.read_text())
