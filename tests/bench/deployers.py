"""The tools that deploy the same platform, each as its users run it: this project, the AWS CLI, Sceptre, the CDK."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench import copies, platform
from tests.bench.clock import BenchError, Case, once
from tests.bench.installed import NotInstalled, from_npm, from_pypi, said
from tests.bench.platform import Services
from tests.deploy.world import STACK, World
from tests.local.conftest import REGION, Aws

OURS = "this project"
_QUIET = {"CDK_DISABLE_CLI_TELEMETRY": "true", "npm_config_update_notifier": "false"}
_APP = Path(__file__).parent / "deploy_app.js"


@dataclass(frozen=True, kw_only=True)
class Site:
    """An account that nobody has used, a folder, and where a tool finds AWS: at the local AWS itself, or through a relay."""

    aws: Aws
    endpoint: str
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """Everything that any of the tools reads."""
        return {
            "AWS_ACCESS_KEY_ID": self.aws.account,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }


class Deployer(Protocol):
    """A tool. ``stack``: what it calls the root."""

    @property
    def name(self) -> str: ...
    @property
    def stack(self) -> str: ...
    @property
    def version(self) -> str: ...

    @property
    def start(self) -> Case:
        """A command that does nothing else than start."""

    def ready(self, site: Site) -> None:
        """What an account needs before its first deployment; not measured."""

    def lay(self, site: Site, services: Services) -> None:
        """Put the templates where the tool reads them; not measured."""

    def case(self, site: Site) -> Case:
        """The command that deploys them."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """This project: plan, review, seal, apply, protect and record in one, as `up` does; no monitoring time."""

    name: str = OURS
    stack: str = STACK
    version: str = ""

    @property
    def start(self) -> Case:
        return Case(name="python -m deploy --help", argv=[sys.executable, "-m", "deploy", "--help"], cwd=copies.ROOT)

    def ready(self, site: Site) -> None:
        World(aws=site.aws, folder=site.folder).ready()

    def lay(self, site: Site, services: Services) -> None:
        World(aws=site.aws, folder=site.folder, services=services).build()

    def case(self, site: Site) -> Case:
        argv = [sys.executable, "-m", "deploy", "up", "dev", "--yes", "--endpoint-url", site.endpoint, "--build", str(site.folder)]
        return Case(name=self.name, argv=argv, cwd=copies.ROOT, variables=site.variables)


@dataclass(frozen=True, kw_only=True)
class AwsCli:
    """`package` puts the nested templates into a bucket, `deploy` does the rest, the second after the first."""

    commands: Path
    version: str
    name: str = "AWS CLI"
    stack: str = "bench"

    @property
    def start(self) -> Case:
        return Case(name="aws --version", argv=[str(self.commands / "aws"), "--version"], cwd=self.commands)

    def ready(self, site: Site) -> None:
        site.aws.client("s3").create_bucket(Bucket=_bucket(site))

    def lay(self, site: Site, services: Services) -> None:
        platform.write(site.folder, services)

    def case(self, site: Site) -> Case:
        aws = [str(self.commands / "aws"), "cloudformation"]
        package = [*aws, "package", "--template-file", "root.json", "--s3-bucket", _bucket(site), "--output-template-file", "packaged.yaml"]
        deploy = [*aws, "deploy", "--template-file", "packaged.yaml", "--stack-name", self.stack, "--no-fail-on-empty-changeset"]
        script = f"{shlex.join(package)} && {shlex.join([*deploy, '--capabilities', 'CAPABILITY_NAMED_IAM'])}"
        return Case(name=self.name, argv=["sh", "-c", script], cwd=site.folder, variables=site.variables)


@dataclass(frozen=True, kw_only=True)
class Sceptre:
    """It has no way to publish nested templates: they are in a bucket before, which is not measured."""

    commands: Path
    version: str
    name: str = "Sceptre"
    stack: str = "bench"

    @property
    def start(self) -> Case:
        return Case(name="sceptre --help", argv=[str(self.commands / "sceptre"), "--help"], cwd=self.commands)

    def ready(self, site: Site) -> None:
        config = site.folder / "config"
        config.mkdir(parents=True)
        (config / "config.yaml").write_text(f"project_code: bench\nregion: {REGION}\n", encoding="utf-8")
        (config / "app.yaml").write_text("template: {type: file, path: root.json}\nstack_name: bench\n", encoding="utf-8")

    def lay(self, site: Site, services: Services) -> None:
        published = {name: site.aws.publish(document) for name, document in services.items()}
        platform.write(site.folder / "templates", services, published.__getitem__)

    def case(self, site: Site) -> Case:
        argv = [str(self.commands / "sceptre"), "launch", "-y", "app.yaml"]
        return Case(name=self.name, argv=argv, cwd=site.folder, variables=site.variables)


@dataclass(frozen=True, kw_only=True)
class Cdk:
    """An app that includes the same templates, in an account that `cdk bootstrap` has made ready."""

    app: Path
    version: str
    name: str = "CDK"
    stack: str = "bench"

    @property
    def start(self) -> Case:
        return Case(name="npx cdk --version", argv=["npx", "cdk", "--version"], cwd=self.app, variables=_QUIET)

    def ready(self, site: Site) -> None:
        site.folder.mkdir(parents=True)
        # In a folder without an app, so that it synthesises none.
        argv = [str(self.app / "node_modules" / ".bin" / "cdk"), "bootstrap", f"aws://{site.aws.account}/{REGION}", "--no-notices"]
        once(Case(name="cdk bootstrap", argv=argv, cwd=site.folder, variables={**site.variables, **_QUIET}))

    def lay(self, site: Site, services: Services) -> None:
        platform.write(site.folder, services)

    def case(self, site: Site) -> Case:
        argv = ["npx", "cdk", "deploy", "--require-approval", "never", "--no-notices", "--no-version-reporting"]
        variables = {**site.variables, **_QUIET, "TEMPLATES": str(site.folder), "CDK_DEFAULT_ACCOUNT": site.aws.account}
        return Case(name=self.name, argv=argv, cwd=self.app, variables=variables)


def peers(folder: Path) -> tuple[list[Deployer], list[str]]:
    """Those that can be installed here, and why others are not compared."""
    found: list[Deployer] = []
    missing: list[str] = []
    for name, install in (("AWS CLI", _aws_cli), ("Sceptre", _sceptre), ("CDK", _cdk)):
        try:
            found.append(install(folder))
        except (NotInstalled, BenchError) as error:
            missing.append(f"{name} is not compared: {error}.")
    return found, missing


def _aws_cli(folder: Path) -> Deployer:
    commands = from_pypi(folder, "awscli")
    return AwsCli(commands=commands, version=_version([str(commands / "aws"), "--version"], folder).split()[0].removeprefix("aws-cli/"))


def _sceptre(folder: Path) -> Deployer:
    commands = from_pypi(folder, "sceptre")
    return Sceptre(commands=commands, version=_version([str(commands / "sceptre"), "--version"], folder).split()[-1])


def _cdk(folder: Path) -> Deployer:
    app = from_npm(folder / "cdk-deploy", "aws-cdk@2", "aws-cdk-lib@2", "constructs")
    (app / "cdk.json").write_text('{"app": "node deploy_app.js"}\n', encoding="utf-8")
    shutil.copyfile(_APP, app / _APP.name)
    node = _version(["node", "--version"], app).removeprefix("v")
    return Cdk(app=app, version=f"{_version(['npx', 'cdk', '--version'], app).split()[0]} on node {node}")


def _version(argv: list[str], place: Path) -> str:
    """Raises:
    NotInstalled: it is there and does not start.
    """
    found = said(argv, place)
    if not found:
        raise NotInstalled(f"{Path(argv[0]).name} does not start here")
    return found


def _bucket(site: Site) -> str:
    return f"bench-{site.aws.account}"
