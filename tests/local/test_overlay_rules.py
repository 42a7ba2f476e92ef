"""What every module of the overlay owes: its own document, its line among what is not verified, and no import of the deployer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
OVERLAY = REPOSITORY / "deploy" / "local" / "overlay"
BEHAVIOURS = sorted(path.stem for path in OVERLAY.glob("*.py") if "\ndef install() -> None:" in path.read_text())


def imported(path: Path) -> set[str]:
    """The modules that a file imports, relative ones with their dots."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def test_there_are_behaviours() -> None:
    assert len(BEHAVIOURS) > 20


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_behaviour_is_installed(name: str) -> None:
    listed = (OVERLAY / "__main__.py").read_text().partition("BEHAVIOURS")[2].partition(")\n")[0]
    assert f"    {name},\n" in listed


@pytest.mark.parametrize("name", [name for name in BEHAVIOURS if name not in ("gate", "replacement", "resets", "existing_names")])
def test_a_behaviour_names_the_document_that_it_models(name: str) -> None:
    document = ast.get_docstring(ast.parse((OVERLAY / f"{name}.py").read_text()))
    assert document is not None
    assert "Models the " in document


@pytest.mark.parametrize("name", [name for name in BEHAVIOURS if name not in ("gate", "resets")])
def test_a_behaviour_has_its_line_among_what_is_not_verified(name: str) -> None:
    assert f"`{name}`" in (REPOSITORY / "docs" / "not-verified-on-aws.md").read_text()


@pytest.mark.parametrize("path", sorted(OVERLAY.glob("*.py")), ids=lambda path: path.stem)
def test_the_overlay_imports_nothing_of_the_deployer(path: Path) -> None:
    assert not [name for name in imported(path) if name.split(".")[0] in ("deploy", "boto3", "botocore") or name.startswith("..")]


def test_the_deployer_imports_nothing_of_the_overlay() -> None:
    outside = [path for path in (REPOSITORY / "deploy").rglob("*.py") if OVERLAY not in path.parents]
    assert outside
    assert not [path.name for path in outside if any("overlay" in name for name in imported(path))]


def test_ministack_has_one_door() -> None:
    """Everything that the overlay uses of MiniStack is named in one module, which checks its version."""
    through = [path.stem for path in OVERLAY.glob("*.py") if "ministack" in " ".join(imported(path)) or '"ministack.' in path.read_text()]
    assert through == ["emulator"]
