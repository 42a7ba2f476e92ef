"""A theatre for a worker: one local AWS, the environment as it is built, and the disposable one where a story needs no functions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.server import Running
from deploy.manifest import decode
from deploy.rehearsal import small
from deploy.rehearsal.theatre import LocalTheatre
from tests.conftest import ROOT
from tests.local.conftest import local_aws

__all__ = ["local_aws"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real dev, generated once a worker."""
    out = tmp_path_factory.mktemp("built")
    subprocess.run([sys.executable, "generate.py", "--no-validate", "--out", str(out)], cwd=ROOT, check=True, capture_output=True)
    return out / "dev"


@pytest.fixture(scope="session")
def disposable(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    manifest = decode((built / "manifest.json").read_bytes())
    return small.write(small.names_of(manifest), tmp_path_factory.mktemp("small") / "dev")


@pytest.fixture(scope="session")
def real(local_aws: Running, built: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalTheatre:
    return LocalTheatre(source=built, home=tmp_path_factory.mktemp("real"), running=local_aws)


@pytest.fixture(scope="session")
def tiny(local_aws: Running, disposable: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalTheatre:
    return LocalTheatre(source=disposable, home=tmp_path_factory.mktemp("tiny"), running=local_aws)


@pytest.fixture(scope="session")
def two_regions(local_aws: Running, built: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalTheatre:
    """The real prod."""
    return LocalTheatre(source=built.with_name("prod"), home=tmp_path_factory.mktemp("two"), running=local_aws)
