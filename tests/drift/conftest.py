"""A world for each test, as those of `tests/deploy`."""

from __future__ import annotations

from tests.deploy.conftest import aws, faults, local_aws, world

__all__ = ["aws", "faults", "local_aws", "world"]
