"""The commands of the pipeline and of the workflows as their own files have them, and a machine that runs them as one role."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT
from tests.deploy.strict import TOOLS, Accounts
from tests.templates.iam import Document

WORKFLOWS = ROOT / ".github" / "workflows"
KEPT = ("PATH", "HOME", "LANG", "PYTHONHASHSEED")


def buildspec(project: Document) -> Document:
    """Of a project as the template has it."""
    found: Document = yaml.safe_load(project["Source"]["BuildSpec"])
    return found


def workflow(name: str) -> Document:
    found: Document = yaml.safe_load((WORKFLOWS / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def step(job: Document, name: str) -> str:
    """What a named step of a workflow's job runs."""
    (found,) = [each["run"] for each in job["steps"] if each.get("name") == name]
    return str(found)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
    exported: dict[str, str]


@dataclass
class Machine:
    """What CodeBuild or GitHub gives a build: a folder with the release in it, variables, and one role's credentials.

    Nothing is installed: ``.venv/bin/python`` is this interpreter, and asks the local AWS.
    """

    folder: Path
    accounts: Accounts
    credentials: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        home = self.folder / ".venv" / "bin"
        home.mkdir(parents=True)
        for name in ("deploy", "resources"):
            (self.folder / name).symlink_to(ROOT / name)
        (self.folder / "build").symlink_to(self.accounts.build)
        python = home / "python"
        asked = f'if [ "$2" = deploy ]; then exec "{sys.executable}" "$@" --endpoint-url "{self.accounts.url}"; fi'
        python.write_text(f'#!/bin/sh\n{asked}\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)

    def run(self, commands: list[str], exported: tuple[str, ...] = ()) -> Ended:
        """One after the other in one shell, to the first that fails, as a phase of a buildspec runs."""
        told = [f'printf "%s" "${name}" > exported-{name}' for name in exported]
        kept = {key: value for key, value in os.environ.items() if key in KEPT}
        done = subprocess.run(
            ["bash", "-e", "-c", "\n".join([*commands, *told])],
            cwd=self.folder,
            env={**kept, "AWS_EC2_METADATA_DISABLED": "true", **self.variables, **self.credentials},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        files = {name: self.folder / f"exported-{name}" for name in exported}
        return Ended(done.returncode, done.stdout, done.stderr, {name: path.read_text() for name, path in files.items() if path.exists()})


def as_service(accounts: Accounts, role: str) -> dict[str, str]:
    """The credentials that CodeBuild would get. It cannot be played, so the role trusts this account as well; its permissions are its own."""
    iam = accounts.root(TOOLS).client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{TOOLS}:root"}}]}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    return accounts.operator(role)


def as_job(accounts: Accounts, role: str, subject: str) -> dict[str, Any]:
    """The credentials that GitHub's token for a job of this subject gets. Raises ClientError where the role's trust refuses it."""
    claims = {"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": subject}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)]
    token = ".".join([*parts, "x"])
    arn = f"arn:aws:iam::{TOOLS}:role/{role}"
    sts = accounts.root(TOOLS).client("sts")
    made: Mapping[str, str] = sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="job", WebIdentityToken=token)["Credentials"]
    names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey", "AWS_SESSION_TOKEN": "SessionToken"}
    return {name: made[key] for name, key in names.items()}
