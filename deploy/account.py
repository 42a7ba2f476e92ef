"""One environment as the verbs see it: its manifest, its build folder, and the gateway's parts by task.

The roles are assumed when a part is first used, each for its task alone: what publishes cannot execute.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from deploy import contents
from deploy.errors import Refused
from deploy.manifest import Manifest, Roles, Stack, Template
from deploy.pieces import Folder, Pieces

if TYPE_CHECKING:
    from deploy.aws.alarms import Alarms
    from deploy.aws.parameters import Parameters
    from deploy.aws.sessions import Sessions, Target, Task
    from deploy.aws.stacks import Stacks
    from deploy.aws.store import Store
    from deploy.model import Caller


@dataclass(frozen=True, kw_only=True)
class Account:
    """``data``: the manifest's bytes; ``folder``: `build/<environment>`, where its templates and assets lie; ``source``: where its
    templates are read from instead.
    """

    manifest: Manifest
    data: bytes
    folder: Path
    sessions: Sessions
    source: Pieces | None = None

    @cached_property
    def caller(self) -> Caller:
        """Raises:
        Denied: no credentials, or AWS does not know them, or this clock is off.
        """
        return self.sessions.caller(self.manifest.region)

    @property
    def pieces(self) -> Pieces:
        return self.source or Folder(self.folder)

    @cached_property
    def digest(self) -> str:
        return sha256(self.data).hexdigest()

    def stacks(self, task: Task, region: str) -> Stacks:
        from deploy.aws.stacks import Stacks

        return Stacks(api=self.sessions.role(self.target, task, "cloudformation", region))

    def store(self, task: Task, region: str) -> Store:
        return self.store_of(task, region, self.bucket(region))

    def store_of(self, task: Task, region: str, bucket: str) -> Store:
        from deploy.aws.store import Store

        return Store(api=self.sessions.role(self.target, task, "s3", region), bucket=bucket, owner=self.manifest.account)

    def tools(self, task: Task) -> Store:
        """The tools account's bucket, by its own role for the task.

        Raises:
            Refused: the manifest names no tools account.
            Denied: the role cannot be assumed.
        """
        from deploy.aws.store import Store

        tools = self.manifest.tools
        if tools is None:
            raise Refused(f"tools account of {self.manifest.environment}", "its manifest names none", "generate again: make generate")
        api = self.sessions.role(self._target(tools.account, tools.roles), task, "s3", tools.region)
        return Store(api=api, bucket=tools.bucket, owner=tools.account)

    def alarms(self, task: Task, region: str) -> Alarms:
        from deploy.aws.alarms import Alarms

        return Alarms(api=self.sessions.role(self.target, task, "cloudwatch", region))

    def parameters(self, task: Task) -> Parameters:
        from deploy.aws.parameters import Parameters

        return Parameters(api=self.sessions.role(self.target, task, "ssm", self.manifest.region))

    @cached_property
    def target(self) -> Target:
        return self._target(self.manifest.account, self.manifest.roles)

    def _target(self, account: str, roles: Roles) -> Target:
        from deploy.aws.sessions import Target

        names: dict[Task, str] = {"publish": roles.publish, "plan": roles.plan, "deploy": roles.deploy, "gc": roles.gc}
        return Target(account=account, roles=names, external_id=roles.external_id, partition=self.partition)

    @cached_property
    def partition(self) -> str:
        return str(self.sessions.own("sts", self.manifest.region).client.meta.partition)

    @property
    def execution_role(self) -> str:
        return f"arn:{self.partition}:iam::{self.manifest.account}:role/{self.manifest.roles.execution}"

    def with_manifest(self, manifest: Manifest) -> Account:
        """The same account as another release of it has it."""
        return Account(manifest=manifest, data=b"", folder=self.folder, sessions=self.sessions)

    def bucket(self, region: str) -> str:
        return next(bucket.name for bucket in self.manifest.artifacts if bucket.region == region)

    def template_url(self, region: str, digest: str) -> str:
        """The form that the root's own nested stacks have."""
        return contents.url(self.partition, region, self.bucket(region), f"templates/{digest}.json")

    def template(self, service: str) -> Template:
        return next(template for template in self.manifest.templates if template.service == service)

    def templates(self, stack: Stack) -> dict[str, str]:
        """Service -> SHA-256 of its template, of one stack, the root under its own name."""
        mine = {*stack.services, stack.root}
        return {template.service: template.sha256 for template in self.manifest.templates if template.service in mine}
