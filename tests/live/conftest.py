"""The real templates of dev on the local AWS: published, created and called over HTTP, once a process."""

from __future__ import annotations

import itertools
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import env
from deploy.local.server import Running
from resources.assets import asset_key, handlers, package
from templates.build import Built, build, digest
from tests.local.conftest import Aws, local_aws

__all__ = ["local_aws"]

_ACCOUNTS = itertools.count(900_000_000_000 + os.getpid() % 100_000 * 100)
STACK = "tap-app-dev"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


@dataclass(frozen=True)
class Deployed:
    """A running environment: its account, what it was built from, and how to call its API."""

    aws: Aws
    built: Built

    def output(self, name: str) -> str:
        outputs = self.aws.stack(STACK)["Outputs"]
        return next(str(output["OutputValue"]) for output in outputs if output["OutputKey"] == name)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One signed request to the live stage, at the address that the local AWS has for it."""
        api = self.output("ApiUrl").removeprefix("https://").split(".")[0]
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.aws.url}/_aws/execute-api/{api}/live{path}", method=method, data=data)
        for name, value in self._signed(method, request.full_url, data).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, json.loads(error.read() or b"null"))

    def _signed(self, method: str, url: str, data: bytes | None) -> dict[str, str]:
        """Headers of Signature Version 4, which every method but the health check wants."""
        request = AWSRequest(method=method, url=url, data=data, headers={"content-type": "application/json"})
        SigV4Auth(Credentials(self.aws.account, "secret"), "execute-api", "us-east-1").add_auth(request)
        return dict(request.headers)


@pytest.fixture(scope="module")
def deployed(platform: env.Platform, local_aws: Running) -> Deployed:
    dev = next(environment for environment in platform.environments if environment.name == "dev")
    # One second, so that a test sees a changed setting without waiting for the half minute of a real environment.
    built = build(msgspec.structs.replace(dev, runtime=msgspec.structs.replace(dev.runtime, cache_seconds=1)))
    aws = Aws(url=local_aws.url, account=str(next(_ACCOUNTS)))
    url = _publish(aws, built)
    aws.cloudformation.create_stack(StackName=STACK, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])
    state = aws.settled(STACK)
    assert state == "CREATE_COMPLETE", [event for event in aws.events(STACK) if "FAILED" in event["ResourceStatus"]]
    return Deployed(aws, built)


def _publish(aws: Aws, built: Built) -> str:
    """Everything under its digest, as the deployer will; the URL of the root."""
    bucket = f"tap-artifacts-{aws.account}-us-east-1-dev"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    for data in built.encoded.values():
        s3.put_object(Bucket=bucket, Key=f"templates/{digest(data)}.json", Body=data)
    for name in handlers():
        asset = package(name)
        s3.put_object(Bucket=bucket, Key=asset_key(asset.sha256), Body=asset.data)
    return f"https://s3.us-east-1.amazonaws.com/{bucket}/templates/{digest(built.encoded['root'])}.json"


def eventually(check: Any, seconds: float = 15.0) -> Any:
    """The first true value that ``check`` gives."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.1)
