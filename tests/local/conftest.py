"""The local AWS for tests: one server a session, an account of its own for each test."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from deploy.local.server import LocalAws, Options, Running
from deploy.rehearsal.faults import Faults

__all__ = ["Aws", "Faults"]

REGION = "us-east-1"
_CONFIG = Config(
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    connect_timeout=5,
    read_timeout=60,
    request_checksum_calculation="when_required",
)
_ACCOUNTS = itertools.count(200_000_000_000 + os.getpid() % 100_000 * 100_000)


@dataclass(frozen=True, kw_only=True)
class Aws:
    """One account of the local AWS. ``faults`` are those of the gate, for this account alone."""

    url: str
    account: str
    clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = REGION, account: str | None = None) -> Any:
        owner = account or self.account
        key = (service, region, owner)
        if key not in self.clients:
            connect: Any = boto3.client  # typed for each service's name alone; here the name is a value
            self.clients[key] = connect(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id=owner,
                aws_secret_access_key="secret",
                config=_CONFIG,
            )
        return self.clients[key]

    @property
    def cloudformation(self) -> Any:
        return self.client("cloudformation")

    def publish(self, template: Mapping[str, Any], *, bucket: str = "artifacts") -> str:
        """Put a template into S3; its URL, as a nested stack's TemplateURL has it."""
        name = f"{bucket}-{self.account}"
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        body = json.dumps(template, sort_keys=True).encode()
        key = f"templates/{hashlib.sha256(body).hexdigest()}.json"
        s3.put_object(Bucket=name, Key=key, Body=body)
        return f"https://s3.{REGION}.amazonaws.com/{name}/{key}"

    def create(self, name: str, template: Mapping[str, Any], **more: Any) -> str:
        """Create a stack and wait; its state."""
        self.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template), **more)
        return self.settled(name)

    def update(self, name: str, template: Mapping[str, Any], **more: Any) -> str:
        self.cloudformation.update_stack(StackName=name, TemplateBody=json.dumps(template), **more)
        return self.settled(name)

    def stack(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def status(self, name: str) -> str:
        return str(self.stack(name)["StackStatus"])

    def settled(self, name: str) -> str:
        """Wait until nothing runs on a stack; its state."""
        wait(lambda: not self.status(name).endswith("IN_PROGRESS"), f"{name} to settle")
        return self.status(name)

    def wait_status(self, name: str, *wanted: str) -> str:
        wait(lambda: self.status(name) in wanted, f"{name} to be {' or '.join(wanted)}")
        return self.status(name)

    def child(self, name: str, logical_id: str) -> str:
        """The stack id of a nested stack."""
        found = self.cloudformation.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events of a stack, oldest first."""
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def statuses(self, name: str, logical_id: str | None = None) -> list[str]:
        """The states that the events of a stack, or of one resource in it, went through."""
        wanted = logical_id or self.stack(name)["StackName"]
        return [event["ResourceStatus"] for event in self.events(name) if event["LogicalResourceId"] == wanted]

    def change_set(self, name: str, template: Mapping[str, Any], kind: str = "UPDATE", **more: Any) -> dict[str, Any]:
        """Make a change set and wait until it, and all that is nested in it, is settled."""
        made = self.cloudformation.create_change_set(
            StackName=name, ChangeSetName=more.pop("set_name", "proposal"), ChangeSetType=kind, TemplateBody=json.dumps(template), **more
        )
        return self.settled_change_set(made["Id"])

    def settled_change_set(self, change_set_id: str) -> dict[str, Any]:
        def described() -> dict[str, Any]:
            found: dict[str, Any] = self.cloudformation.describe_change_set(ChangeSetName=change_set_id)
            return found

        wait(lambda: described()["Status"] != "CREATE_IN_PROGRESS", "the change set to settle")
        return described()


def wait(done: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server a session and worker. A minute of monitoring time lasts half a second; a page has few members."""
    server = LocalAws(folder=Path(tmp_path_factory.mktemp("local-aws")))
    yield server.start(Options(minute_seconds=0.5, change_set_seconds=0.1, page_size=20))
    server.stop()


@pytest.fixture
def aws(local_aws: Running) -> Aws:
    """An account that nobody has used."""
    return Aws(url=local_aws.url, account=str(next(_ACCOUNTS)))


@pytest.fixture
def faults(aws: Aws) -> Iterator[Faults]:
    made = Faults(url=aws.url, account=aws.account)
    yield made
    made.clear()
