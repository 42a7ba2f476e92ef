"""The small world of tests/deploy, for the ways back."""

from __future__ import annotations

from tests.deploy.conftest import aws, faults, local_aws, world

__all__ = ["aws", "faults", "local_aws", "world"]
