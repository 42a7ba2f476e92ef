"""What all tests share: the repository's own environments, loaded and built once a process."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import env
from env.model import ToolsEnvironment
from templates.build import AnyBuilt, Built, build
from templates.parts import APP

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ("dev", "prod", "staging")
STACKS = (*ENVIRONMENTS, "prod replica", "prod edge")


# Files whose tests deploy whole environments, break them, or tell a story of many commands: they take as long as all others together.
LIVE = (
    "clearing/test_story.py",
    "clearing/test_verify.py",
    "deploy/test_accounts.py",
    "deploy/test_command.py",
    "deploy/test_config.py",
    "deploy/test_guard.py",
    "deploy/test_killed.py",
    "deploy/test_plan_and_apply.py",
    "deploy/test_reach.py",
    "deploy/test_throttled.py",
    "deploy/test_trouble.py",
    "deploy/test_two_regions.py",
    "docs/test_extending.py",
    "docs/test_readme_commands.py",
    "drift",
    "failover/test_front.py",
    "failover/test_region_out.py",
    "failover/test_roles.py",
    "failover/test_story.py",
    "live",
    "local/test_stack_sets_limits.py",
    "local/test_stack_sets_operations.py",
    "local/test_stack_sets_organizations.py",
    "parity/test_live.py",
    "pipeline/test_stages.py",
    "promotion/test_story.py",
    "recovery",
    "rehearsal",
    "review/test_live.py",
    "soak",
    "stacksets/test_apply.py",
    "stacksets/test_clearing.py",
    "stacksets/test_copy.py",
    "stacksets/test_gc.py",
    "stacksets/test_killed.py",
    "stacksets/test_looks.py",
    "stacksets/test_organization.py",
    "stacksets/test_plan.py",
    "stacksets/test_scale.py",
    "verification/test_checks.py",
    "verification/test_roles.py",
    "verification/test_traffic.py",
)

# Where pytest runs in the background of a shell, interrupts are ignored, and whatever it starts would ignore them too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(ROOT / "tests").as_posix() if item.path.is_relative_to(ROOT / "tests") else ""
        if any(place == one or place.startswith(f"{one}/") for one in LIVE):
            item.add_marker(pytest.mark.live)


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules live as long as the session: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def platform() -> env.Platform:
    return env.load(ROOT / "env")


@pytest.fixture(scope="session")
def builds(platform: env.Platform) -> dict[str, Built]:
    return {environment.name: build(environment) for environment in platform.environments}


@pytest.fixture(scope="session")
def stacks(builds: dict[str, Built]) -> dict[str, AnyBuilt]:
    """Every stack as if it were alone: an environment's own under the environment's name, the others such as ``prod replica``."""
    return {
        built.env.name if part.thing == APP else f"{built.env.name} {part.thing}": built.of(part)
        for built in builds.values()
        for part in built.parts
    }


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
