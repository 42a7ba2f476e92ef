"""The real dev on the local AWS: generated, bootstrapped and deployed by the commands that people use, once a process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from deploy import manifest as contract
from deploy.__main__ import run
from deploy.local.server import Running
from tests.api import Answer, Api
from tests.conftest import ROOT
from tests.deploy.world import credentials
from tests.local.conftest import Aws, local_aws

__all__ = ["local_aws"]

STACK = "tap-app-dev"


@dataclass(frozen=True)
class Deployed:
    """A running environment: its account, what it was made from, and its API. ``folder``: holds `env` and `build`."""

    aws: Aws
    manifest: contract.Manifest
    api: Api
    record: dict[str, Any]
    folder: Path = Path()

    def run(self, *arguments: str) -> int:
        """One command, as a person gives it."""
        with credentials(self.manifest.account):
            return run([*arguments, "--endpoint-url", self.aws.url, "--build", str(self.folder / "build")])

    def generate(self) -> None:
        _generate(self.folder)

    def output(self, name: str) -> str:
        return self.api.outputs[name]

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        return self.api.call(method, path, body)


@pytest.fixture(scope="session")
def deployed(local_aws: Running, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    folder = tmp_path_factory.mktemp("live")
    source = folder / "env"
    shutil.copytree(ROOT / "env", source, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    defaults = source / "defaults.yaml"
    # One second, so that a test sees a changed setting without waiting for the half minute of a real environment.
    defaults.write_text(defaults.read_text().replace("cache_seconds: 30", "cache_seconds: 1"))
    _generate(folder)
    manifest = contract.decode((folder / "build" / "dev" / "manifest.json").read_bytes())
    api = Api(url=local_aws.url, account=manifest.account, region=manifest.region, stack=STACK)
    aws = Aws(url=local_aws.url, account=manifest.account)
    made = Deployed(aws=aws, manifest=manifest, api=api, record={}, folder=folder)
    for verb in ("bootstrap", "up"):
        assert made.run(verb, "dev", "--yes") == 0
    return replace(made, record=_record(aws, manifest))


def _generate(folder: Path) -> None:
    command = [sys.executable, "generate.py", "--no-validate", "--env-dir", str(folder / "env"), "--out", str(folder / "build")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def _record(aws: Aws, manifest: contract.Manifest) -> dict[str, Any]:
    s3, bucket = aws.client("s3"), manifest.artifacts[0].name
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="ledger/")["Contents"]]
    (ended,) = [key for key in keys if key.endswith("ended.json")]
    found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=ended)["Body"].read())
    return found


def eventually(check: Any, seconds: float = 15.0) -> Any:
    """The first true value that ``check`` gives."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.1)
