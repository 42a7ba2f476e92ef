"""A world for each test: an account of the local AWS that nobody has used, and a build folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.world import World
from tests.local.conftest import Aws, aws, faults, local_aws

__all__ = ["aws", "faults", "local_aws"]


@pytest.fixture
def world(aws: Aws, tmp_path: Path) -> World:
    """Nothing is built and nothing runs."""
    return World(aws=aws, folder=tmp_path / "build")
