"""The real dev on the local AWS, and checks of it that a test chooses."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.manifest import Guard, Trigger
from deploy.record import CheckResult
from deploy.verification import verify
from tests.live.conftest import Deployed, deployed, local_aws
from tests.local.conftest import aws, faults

__all__ = ["aws", "deployed", "faults", "local_aws"]


@dataclass(frozen=True)
class Ground:
    """A deployed environment, and what it takes to verify it with other checks than its own."""

    deployed: Deployed

    def account(self, *checks: dict[str, Any], endpoint: str = "") -> Account:
        manifest = msgspec.structs.replace(self.deployed.manifest, checks=checks)
        url = endpoint or self.deployed.aws.url
        return Account(
            manifest=manifest, data=b"", folder=Path("build/dev"), sessions=Sessions(endpoint=url, keys=(manifest.account, "secret"))
        )

    def check(self, kind: str, root: Path | None = None, triggers: tuple[Trigger, ...] = (), **fields: Any) -> CheckResult:
        """The result of one check, tried once; ``triggers`` in the place of the stack's own."""
        once = {"attempts": 1, "wait_seconds": 0, "timeout_seconds": 10}
        account = self.account({"check": kind, **once, **fields})
        if triggers:
            (stack,) = account.manifest.stacks
            stack = msgspec.structs.replace(stack, guard=Guard(triggers=triggers, monitoring_minutes=0))
            account = account.with_manifest(msgspec.structs.replace(account.manifest, stacks=(stack,)))
        (result,) = verify(account, root=root)
        return result

    def client(self, service: str) -> Any:
        return self.deployed.aws.client(service)

    def function(self, thing: str, source: str) -> str:
        """A function beside the environment's own, with the alias that all callers use; its name."""
        name, client = f"tap-{thing}-dev", self.client("lambda")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("handler.py", source)
        role = f"arn:aws:iam::{self.deployed.aws.account}:role/tap-api-us-east-1-dev"
        client.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="handler.handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
            Publish=True,
        )
        client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        return name

    def queue(self, thing: str, *, receives: int = 1, visibility: int = 1) -> str:
        """A queue with dead letters and nobody who takes from it; its ARN."""
        sqs, account = self.client("sqs"), self.deployed.aws.account
        sqs.create_queue(QueueName=f"tap-{thing}-dead-letters-dev")
        target = f"arn:aws:sqs:us-east-1:{account}:tap-{thing}-dead-letters-dev"
        redrive = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": receives})
        sqs.create_queue(QueueName=f"tap-{thing}-dev", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": str(visibility)})
        return f"arn:aws:sqs:us-east-1:{account}:tap-{thing}-dev"


@pytest.fixture(scope="module")
def ground(deployed: Deployed) -> Ground:
    return Ground(deployed)
