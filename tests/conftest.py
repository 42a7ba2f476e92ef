"""What all tests share: the repository's own environments, loaded and built once a process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import env
from env.model import ToolsEnvironment
from templates.build import Built, build

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ("dev", "prod", "staging")


@pytest.fixture(scope="session")
def platform() -> env.Platform:
    return env.load(ROOT / "env")


@pytest.fixture(scope="session")
def builds(platform: env.Platform) -> dict[str, Built]:
    return {environment.name: build(environment) for environment in platform.environments}


@pytest.fixture(scope="session")
def tools(platform: env.Platform) -> Built[ToolsEnvironment]:
    assert platform.home
    return build(platform.home)


@pytest.fixture
def env_dir(tmp_path: Path) -> Path:
    """A copy of the environment files that a test may break."""
    folder = tmp_path / "env"
    folder.mkdir()
    for path in (ROOT / "env").glob("*.yaml"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def edit(env_dir: Path) -> Callable[[str, str, str], Path]:
    """Replace a text in one of the copied files; the text must be there."""

    def change(name: str, old: str, new: str) -> Path:
        path = env_dir / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return change
