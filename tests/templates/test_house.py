"""How the house is built: who may import whom, what stands at the top, and how large a room may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

GENERATING = ("env", "resources", "templates")
AWS = {"boto3", "botocore"}
TOP = {
    "generate.py", "templates", "resources", "env", "deploy", "build", "tests", "setup.cfg", "README.md", "Makefile", "pyproject.toml",
    "constraints.txt", ".gitignore", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".ci", ".github", "docs",
}  # fmt: skip


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")) if "__pycache__" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    """The top name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_the_generating_half_knows_no_aws() -> None:
    for path in [*sources(*GENERATING), ROOT / "generate.py"]:
        if "handlers" not in path.parts:
            assert not AWS & set(imports(path)), path


def test_handlers_know_nothing_but_the_runtime() -> None:
    allowed = set(sys.stdlib_module_names) | AWS | {"shared"}
    for path in sources("resources/handlers"):
        assert set(imports(path)) <= allowed, path


def modules(path: Path) -> Iterator[str]:
    """The whole name of every module that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_the_deploying_half_knows_no_templates() -> None:
    """But for what it shares with the functions, which is made of Python's own library alone."""
    shared = "resources.handlers.shared"
    for path in sources("deploy"):
        names = {name.split(".")[0] for name in modules(path) if name != shared and not name.startswith(f"{shared}.")}
        assert not {"troposphere", "awacs", "env", "resources", "templates"} & names, path
    for name in {name for path in sources("deploy") for name in modules(path) if name.startswith(f"{shared}.")}:
        assert set(imports(ROOT / f"{name.replace('.', '/')}.py")) <= set(sys.stdlib_module_names), name


def test_what_the_function_and_the_command_share_needs_nothing_but_the_standard_library() -> None:
    """In a process that has neither the functions' folder on its path nor boto3: the command loads it under its own name."""
    program = "import sys; sys.modules.update(boto3=None, botocore=None); import deploy.detector as d; print(d.drift_report.__name__)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "resources.handlers.shared.drift_report"


def test_the_overlay_knows_only_the_emulator_and_the_deployer_does_not_know_the_overlay() -> None:
    for path in sources("deploy"):
        names = [node.module or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        if "overlay" in path.parts:
            assert not any(name.startswith("deploy") and "overlay" not in name for name in names), path
        else:
            assert not any("overlay" in name for name in names), path


def test_only_the_gateway_knows_boto3() -> None:
    for path in sources("deploy"):
        if path.parts[len(ROOT.parts) : len(ROOT.parts) + 2] != ("deploy", "aws") and "overlay" not in path.parts:
            assert not AWS & set(imports(path)), path


def test_builders_know_no_service() -> None:
    for path in sources("resources"):
        assert "templates" not in set(imports(path)), path


def test_services_do_not_know_each_other() -> None:
    """But for the root, which joins them, and drift, whose function is made as those of compute are."""
    registry = (ROOT / "templates" / "build.py").read_text()
    services = [path.stem for path in sources("templates") if f"{path.stem}.build" in registry]
    assert len(services) > 9
    for name in services:
        text = (ROOT / "templates" / f"{name}.py").read_text()
        known = {other for other in services if f"from templates.{other} import" in text}
        assert known <= {"drift": {"compute"}}.get(name, set()), name


def test_nothing_stands_at_the_top_beside_what_is_agreed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert {name.split("/")[0] for name in listed} <= TOP


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_longer_than_fifty_lines_and_no_file_than_three_hundred_and_fifty() -> None:
    product = [*sources(*GENERATING, "deploy"), ROOT / "generate.py"]
    assert [item for path in product for item in functions(path) if item[1] > 50] == []
    assert [path for path in product if path.read_text().count("\n") > 350] == []


def test_nothing_of_our_own_is_patched() -> None:
    for path in sources("tests"):
        text = path.read_text()
        for word in ("monkeypatch" + ".setattr", "mock" + ".patch", "mocker" + ".patch"):
            assert word not in text, path


@pytest.mark.parametrize("path", [*sources(*GENERATING, "deploy"), ROOT / "generate.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_begins_with_a_sentence(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text, "no docstring"
    assert text.split("\n\n")[0].rstrip().endswith((".", ":")), text
