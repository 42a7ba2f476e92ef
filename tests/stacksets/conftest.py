"""An organization for each test, whose accounts nobody has used."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.conftest import local_aws
from tests.local.conftest import Aws, aws
from tests.stacksets.world import Organization, account

__all__ = ["aws", "local_aws"]


@pytest.fixture
def organization(aws: Aws, tmp_path: Path) -> Organization:
    """Six accounts in three waves; nothing is built and nothing runs."""
    return Organization(aws=aws, folder=tmp_path / "build", members=tuple(account() for _ in range(6)))
