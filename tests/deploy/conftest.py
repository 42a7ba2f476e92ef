"""A world for each test: an account of the local AWS that nobody has used, and a build folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.server import LocalAws, Options, Running
from tests.deploy.world import World
from tests.local.conftest import Aws, aws, faults

__all__ = ["aws", "faults"]


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server a session and worker, as fast as it can be: what is told here is the deployer's story, not AWS's pace."""
    server = LocalAws(folder=Path(tmp_path_factory.mktemp("local-aws")))
    yield server.start(Options(minute_seconds=0.5, change_set_seconds=0.005, page_size=20))
    server.stop()


@pytest.fixture
def world(aws: Aws, tmp_path: Path) -> World:
    """Nothing is built and nothing runs."""
    return World(aws=aws, folder=tmp_path / "build")
