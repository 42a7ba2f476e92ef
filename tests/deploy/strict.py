"""A local AWS that enforces trusts, policies and boundaries, with the real environments and an operator of the tools account."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from deploy.local.server import LocalAws, Options
from templates.generation import Request, generate
from tests.conftest import ROOT
from tests.local.conftest import Aws

TOOLS, DEV, STAGING = "444444444444", "111111111111", "222222222222"
OTHERS = ("555555555555", "666666666666", "777777777777")
OPERATOR = "tap-operator-tools"


@dataclass(frozen=True)
class Accounts:
    """A strict local AWS; ``build``: what generate.py made for it."""

    url: str
    build: Path

    def root(self, account: str) -> Aws:
        return Aws(url=self.url, account=account)

    def operator(self, name: str = OPERATOR) -> dict[str, str]:
        """Credentials of a role in the tools account, as environment variables."""
        made = self.root(TOOLS).client("sts").assume_role(RoleArn=f"arn:aws:iam::{TOOLS}:role/{name}", RoleSessionName="ann")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "AWS_SESSION_TOKEN": made["SessionToken"],
        }

    def run(self, environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return subprocess.run(
            [sys.executable, "-m", "deploy", *arguments, "--endpoint-url", self.url, "--build", str(self.build)],
            env={**kept, **environ, "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
        )

    def as_role(self, task: str, environment: str, region: str, account: str) -> boto3.Session:
        """What a role may do when it is asked directly, past the deployer."""
        keys = self.operator()
        sts = boto3.client(
            "sts",
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys["AWS_SESSION_TOKEN"],
        )
        arn = f"arn:aws:iam::{account}:role/tap-{task}-{region}-{environment}"
        made = sts.assume_role(RoleArn=arn, RoleSessionName="test", ExternalId="tap-deploy")["Credentials"]
        return boto3.Session(
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
            region_name=region,
        )

    def client(self, session: boto3.Session, service: str) -> Any:
        connect: Any = session.client
        return connect(service, endpoint_url=self.url)


def root_keys(account: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "secret"}


@contextmanager
def strict(folder: Path, *, more_checks: str = "", more_sets: str = "") -> Iterator[Accounts]:
    """A strict local AWS with the real environments built for its organization, and an operator who may come. ``more_checks``, ``more_sets``: YAML.

    Nothing has a bake time or a change window there: no test can wait for them, and their gates are tried by themselves.
    """
    server = LocalAws(folder=folder / "local")
    url = server.start(Options(auth=True, minute_seconds=0.3, change_set_seconds=0.02)).url
    try:
        made = Accounts(url=url, build=_built(folder, url, more_checks, more_sets))
        operator(made.root(TOOLS), OPERATOR)
        yield made
    finally:
        server.stop()


def _built(folder: Path, url: str, more_checks: str, more_sets: str) -> Path:
    organizations = Aws(url=url, account=TOOLS).client("organizations")
    organization = organizations.describe_organization()["Organization"]["Id"]
    source = folder / "env"
    source.mkdir()
    for path in (ROOT / "env").glob("*.yaml"):
        (source / path.name).write_text(path.read_text().replace("o-exampleorg1", organization))
    sets = source / "stacksets.yaml"
    text = sets.read_text() + more_sets
    # Accounts that no environment has are made in the organization, which gives them ids of its own.
    for account in OTHERS if more_sets else ():
        made = organizations.create_account(Email=f"{account}@example.org", AccountName="member")["CreateAccountStatus"]
        text = text.replace(account, made["AccountId"])
    sets.write_text(text)
    defaults = source / "defaults.yaml"
    _at_any_time(source)
    last = "  - check: alarms\n"
    assert last in defaults.read_text()
    defaults.write_text(defaults.read_text().replace(last, last + more_checks.strip("\n") + "\n"))
    build = folder / "build"
    generate(Request(env_dir=source, out=build, validate=False), tell=lambda text: None)
    return build


def _at_any_time(source: Path) -> None:
    for path in source.glob("*.yaml"):
        text = re.sub(r"bake_minutes: \d+", "bake_minutes: 0", path.read_text())
        path.write_text(re.sub(r"  windows:\n(    .*\n)+", "  windows: []\n", text))


def operator(tools: Aws, name: str) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{TOOLS}:root"}}]}
    own = {"Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::*:role/tap-*"}]}
    iam = tools.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(own))
