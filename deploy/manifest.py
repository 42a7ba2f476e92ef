"""The contract between the two halves: everything that deploying an environment needs, in one file.

`generate.py` writes ``build/<environment>/manifest.json``, the deployer reads it. The JSON Schema of this module is
`docs/manifest.schema.json`. A change that an older reader would misunderstand raises ``VERSION``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from deploy.noun import Noun as _Noun
from deploy.noun import decoded
from deploy.reach import AutoDeployment as AutoDeployment
from deploy.reach import Count
from deploy.reach import Override as Override
from deploy.reach import Preferences as Preferences
from deploy.reach import StackSet as StackSet
from deploy.reach import Wave as Wave

VERSION = 1
TOOLS = "tools"
"""The environment of the tools account: it carries the others, and is none of those that a release goes through."""

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="of the published bytes")]


class Template(_Noun, frozen=True, kw_only=True):
    """One template, published as ``templates/<sha256>.json``."""

    service: str
    path: Annotated[str, Meta(description="in the build folder")]
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, description="bytes")]
    resources: Count
    parameters: Count
    outputs: Count


class Asset(_Noun, frozen=True, kw_only=True):
    """One function's code, published as ``assets/<sha256>.zip``."""

    name: str
    path: Annotated[str, Meta(description="in the build folder")]
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, description="bytes")]


class Trigger(_Noun, frozen=True, kw_only=True):
    """An alarm that rolls the stack back, by name in the stack's own account and region."""

    alarm: str
    type: Literal["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"]
    since: Annotated[Literal["create", "update"], Meta(description="an alarm that the stack itself makes can watch only its updates")]


class Guard(_Noun, frozen=True, kw_only=True):
    triggers: Annotated[tuple[Trigger, ...], Meta(max_length=5)]
    monitoring_minutes: Annotated[int, Meta(ge=0, le=180)]


class Need(_Noun, frozen=True, kw_only=True):
    """A parameter of a stack's root that is fed from Parameter Store in the stack's own region.

    Its value is another stack's output, which the deployer carries there once that stack has been deployed, or what a verb writes there,
    where ``stack`` is empty. While nothing is there, ``otherwise`` is the value; where that is empty as well, the stack waits.
    """

    parameter: Annotated[str, Meta(description="of the root template")]
    path: Annotated[str, Meta(description="in Parameter Store")]
    stack: Annotated[str, Meta(description="name of the stack that gives it, in whatever region")] = ""
    output: Annotated[str, Meta(description="of that stack's root")] = ""
    otherwise: str = ""


class Stack(_Noun, frozen=True, kw_only=True):
    """One root stack, in deployment order. ``needs``: what other stacks of the environment, and verbs, give it."""

    name: str
    region: str
    root: Annotated[str, Meta(description="the service name of its root template")]
    services: tuple[str, ...]
    capabilities: tuple[str, ...]
    termination_protection: bool
    retain_except_on_create: Annotated[
        bool,
        Meta(description="a failed operation also deletes those of its own resources that their template retains: they hold nothing yet"),
    ] = True
    policy: Annotated[dict[str, Any], Meta(description="the stack policy: what an update may not replace or delete")]
    guard: Guard
    needs: tuple[Need, ...] = ()


class Roles(_Noun, frozen=True, kw_only=True):
    """Names of the roles that bootstrap makes in the environment's account (docs/security.md). ``gc``: empty in manifests of older versions."""

    publish: str
    plan: str
    deploy: str
    execution: str
    external_id: str
    gc: str = ""


class Bucket(_Noun, frozen=True, kw_only=True):
    """Where the templates and assets of one region are published."""

    name: str
    region: str


class ToolsAccount(_Noun, frozen=True, kw_only=True):
    """Where the pipeline and the release builds live, and the roles there."""

    account: Annotated[str, Meta(pattern=r"^\d{12}$")]
    region: str
    bucket: Annotated[str, Meta(description="its artifact bucket")]
    roles: Roles


class Window(_Noun, frozen=True, kw_only=True):
    """When releases may come: days such as ``mon``, times of day in UTC such as ``09:30``."""

    days: tuple[str, ...]
    begin: str
    end: str


class Freeze(_Noun, frozen=True, kw_only=True):
    """Days on which no release comes, the last one included; dates such as ``2026-12-24``."""

    first: str
    last: str
    reason: str


class Promotion(_Noun, frozen=True, kw_only=True):
    """What must hold before a release comes here. ``bake_minutes``: for so long it ran in the environment before, verified; ``approvals``: of
    so many people; ``production``: some gates give way to nobody.
    """

    bake_minutes: Count
    drift_hours: Annotated[int, Meta(ge=1)]
    approvals: Count
    separate_approver: bool
    windows: tuple[Window, ...]
    freezes: tuple[Freeze, ...]
    production: bool


class Bootstrap(_Noun, frozen=True, kw_only=True):
    """What must stand in the account, in one region, before anything is deployed there.

    ``types``: the resource types that its execution role may handle; the template's ``Metadata.tapline.types`` says the same,
    so that what was bootstrapped can be compared with what a release needs.
    """

    name: Annotated[str, Meta(description="of the stack")]
    region: str
    path: Annotated[str, Meta(description="of the template in the build folder")]
    sha256: Sha256
    outputs: Annotated[tuple[str, ...], Meta(description="names of the outputs that the stack gives")]
    types: tuple[str, ...]
    roles: Annotated[
        Roles | None, Meta(description="that it makes, for this region; null in manifests of older versions: the manifest's own")
    ] = None


class Join(_Noun, frozen=True, kw_only=True):
    """A value that one service gives and others need, joined by its name."""

    name: str
    producer: str
    consumers: tuple[str, ...]


class Limit(_Noun, frozen=True, kw_only=True):
    """How much of a CloudFormation quota is used, and by what most."""

    name: str
    used: Count
    allowed: Count
    heaviest: str


class Setting(_Noun, frozen=True, kw_only=True):
    """One value of the runtime configuration, which operators change in Parameter Store without a deployment.

    ``default``: in this environment; null for a secret, which alone has none. ``minimum`` and ``maximum`` are a number's,
    ``choices`` and ``pattern`` a text's, or those of every item of a list.
    """

    name: str
    type: Literal["text", "number", "switch", "list", "secret"]
    description: str
    default: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""


class Drift(_Noun, frozen=True, kw_only=True):
    """Where the scheduled detector of one stack keeps its reports."""

    stack: str
    bucket: str
    region: str


class Failover(_Noun, frozen=True, kw_only=True):
    """The second region of an environment, and what moves its traffic there and back.

    ``region`` serves, unless the switch says otherwise; ``standby`` is the other one. ``switch`` stands in the standby region, so that it
    moves also while the first one is out: a metric of the namespace ``switch_namespace`` on which the alarm ``switch`` rings.
    ``edge``: the stack of the distribution in front of both, which reads the parameter ``active``; empty where a ``domain`` has records.
    """

    region: str
    standby: str
    app: Annotated[str, Meta(description="name of the stack in the first region")]
    replica: Annotated[str, Meta(description="name of the stack in the standby region")]
    bucket: Annotated[str, Meta(description="of the data, in the first region")]
    standby_bucket: str
    table: Annotated[str, Meta(description="the global table, of one name in both")]
    switch: Annotated[str, Meta(description="name of the alarm that moves the traffic")]
    switch_namespace: str
    domain: str = ""
    edge: str = ""
    active: Annotated[str, Meta(description="path of the parameter that says which region serves writes; empty with a domain")] = ""


class Manifest(_Noun, frozen=True, kw_only=True):
    """``values`` are the environment's own values, dotted path -> value, so that a change can name what caused it."""

    version: int
    project: str
    environment: str
    account: Annotated[str, Meta(pattern=r"^\d{12}$")]
    region: str
    tags: dict[str, str]
    roles: Roles
    artifacts: tuple[Bucket, ...]
    bootstraps: tuple[Bootstrap, ...]
    stacks: tuple[Stack, ...]
    templates: Annotated[tuple[Template, ...], Meta(description="children before their root")]
    assets: tuple[Asset, ...]
    joins: tuple[Join, ...]
    parameters: Annotated[str, Meta(description="the path of the environment's Parameter Store values")]
    checks: tuple[dict[str, Any], ...]
    limits: tuple[Limit, ...]
    values: dict[str, Any]
    source: Annotated[str, Meta(description="the environment that releases come from; empty for the first one")] = ""
    promotion: Promotion | None = None
    tools: Annotated[ToolsAccount | None, Meta(description="null in the tools account's own manifest, and in those of older versions")] = (
        None
    )
    settings: Annotated[tuple[Setting, ...], Meta(description="the runtime configuration, by name")] = ()
    drift: tuple[Drift, ...] = ()
    failover: Annotated[Failover | None, Meta(description="null where the environment has one region")] = None
    stack_sets: Annotated[tuple[StackSet, ...], Meta(description="in the tools account's manifest alone")] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """Where its stacks stand, its own region first."""
        return tuple(dict.fromkeys((self.region, *(stack.region for stack in self.stacks))))

    @property
    def main(self) -> Stack:
        """The stack of the environment's own services in its own region."""
        name = self.failover.app if self.failover else self.stacks[-1].name
        return next(stack for stack in self.stacks if stack.name == name)

    def named(self, stack: str, path: str) -> str:
        """How a person names something in a stack: with the stack's name where there are several."""
        return f"{stack}:{path}".rstrip(":") if len(self.stacks) > 1 else path

    def path_in(self, stack: str, name: str) -> str:
        """The path that a name has in this stack; empty where it is of another one."""
        before, found, path = name.partition(":")
        return (path if before == stack else "") if len(self.stacks) > 1 and found else "" if len(self.stacks) > 1 else name

    @property
    def is_protected(self) -> bool:
        """A slip costs much here: who says yes writes the environment's name, and not a letter."""
        return any(stack.termination_protection for stack in self.stacks)


class Build(_Noun, frozen=True, kw_only=True):
    """One environment's part of a release."""

    environment: str
    manifest: Sha256


class Release(_Noun, frozen=True, kw_only=True):
    """``build/release.json``: what one run of `generate.py` made of all environments. Promotion moves a release."""

    version: int
    digest: Annotated[Sha256, Meta(description="over the environments' manifests, by name")]
    commit: Annotated[str | None, Meta(description="the git commit of the sources; null outside a repository")]
    builds: tuple[Build, ...]
    tools: Annotated[Build | None, Meta(description="the tools account's, which no release changes: it is no part of the digest")] = None
    parity: Annotated[Sha256 | None, Meta(description="SHA-256 of the proof of parity; null where there is none")] = None


def encode(noun: Struct) -> bytes:
    """Indented JSON with sorted keys: the same value gives the same bytes anywhere."""
    return msgspec.json.format(msgspec.json.encode(noun, order="sorted"), indent=2) + b"\n"


def decode(data: bytes) -> Manifest:
    """Raises ``msgspec.ValidationError`` where the text is no manifest of this version."""
    manifest = decoded(data, Manifest)
    if manifest.version != VERSION:
        raise msgspec.ValidationError(
            f"manifest version {manifest.version}; this deployer reads {VERSION}: generate again with the same checkout"
        )
    return manifest


def schema() -> dict[str, Any]:
    """The JSON Schema of the manifest, as in `docs/manifest.schema.json`."""
    # As JSON has it: a default that is a tuple is a list there.
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Manifest)))
    return made


def main() -> None:
    """``python -m deploy.manifest`` writes the schema where the documents have it."""
    import json
    from pathlib import Path

    path = Path(__file__).parent.parent / "docs" / "manifest.schema.json"
    path.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
