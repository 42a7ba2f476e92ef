"""The real dev on the local AWS: generated, bootstrapped and deployed by the commands that people use, once a process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
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
    """A running environment: its account, what it was made from, and its API. ``api_calls``: requests that the deployment took."""

    aws: Aws
    manifest: contract.Manifest
    api: Api
    record: dict[str, Any]
    build: Path

    def output(self, name: str) -> str:
        return self.api.outputs[name]

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        return self.api.call(method, path, body)


@pytest.fixture(scope="module")
def deployed(local_aws: Running, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    folder = tmp_path_factory.mktemp("live")
    source, build = folder / "env", folder / "build"
    shutil.copytree(ROOT / "env", source, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    defaults = source / "defaults.yaml"
    # One second, so that a test sees a changed setting without waiting for the half minute of a real environment.
    defaults.write_text(defaults.read_text().replace("cache_seconds: 30", "cache_seconds: 1"))
    command = [sys.executable, "generate.py", "--no-validate", "--env-dir", str(source), "--out", str(build)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    manifest = contract.decode((build / "dev" / "manifest.json").read_bytes())
    common = ("--endpoint-url", local_aws.url, "--build", str(build))
    with credentials(manifest.account):
        for verb in ("bootstrap", "up"):
            assert run([verb, "dev", "--yes", *common]) == 0
    api = Api(url=local_aws.url, account=manifest.account, region=manifest.region, stack=STACK)
    aws = Aws(url=local_aws.url, account=manifest.account)
    return Deployed(aws=aws, manifest=manifest, api=api, record=_record(aws, manifest), build=build)


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
