"""A small organization: an account that administers a set, accounts that it reaches, and the build folder of the first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from deploy import manifest as contract
from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.stacksets.home import Home, declared
from tests.deploy.world import Answer, Document, credentials, parameter, process, queue
from tests.local.conftest import _ACCOUNTS, REGION, Aws
from tests.local.stack_sets import ADMINISTRATION, EXECUTION, StackSets

SECOND = "eu-west-1"
NAME, SET = "baseline", "tap-baseline-tools"
PLAN_ROLE = "tap-reach-plan-tools"

TEMPLATE: Document = {
    "Parameters": {"Size": {"Type": "String", "Default": "small"}, "Owner": {"Type": "String", "Default": "nobody"}},
    "Resources": {"Jobs": queue(QueueName="tap-jobs", VisibilityTimeout=30), "Size": parameter({"Ref": "Size"}, "/tap/size")},
}


def account() -> str:
    return str(next(_ACCOUNTS))


def preferences(tolerance: int = 0, concurrency: int = 8, **more: Any) -> contract.Preferences:
    """Concurrency does not follow the tolerance, so that a wave's accounts are all begun."""
    return contract.Preferences(
        failure_tolerance_count=tolerance, max_concurrent_count=concurrency, concurrency_mode="SOFT_FAILURE_TOLERANCE", **more
    )


def wave(name: str, *accounts: str, regions: tuple[str, ...] = (REGION,), tolerance: int = 0, **more: Any) -> contract.Wave:
    return contract.Wave(name=name, accounts=accounts, regions=regions, preferences=more.pop("preferences", preferences(tolerance)), **more)


@dataclass
class Organization:
    """``template`` and ``fields`` of the set may be edited between builds. ``more``: other sets of the manifest."""

    aws: Aws
    folder: Path
    members: tuple[str, ...]
    waves: tuple[contract.Wave, ...] = ()
    template: Document = field(default_factory=lambda: json.loads(json.dumps(TEMPLATE)))
    fields: dict[str, Any] = field(default_factory=dict)
    sets: StackSets = field(init=False)
    protected: bool = False

    def __post_init__(self) -> None:
        self.sets = StackSets(aws=self.aws, members=self.members)
        self.waves = self.waves or (
            wave("canary", *self.members[:1]),
            wave("first", *self.members[1:3]),
            wave("everyone", *self.members[3:]),
        )

    @property
    def bucket(self) -> str:
        return f"tap-artifacts-{self.aws.account}-{REGION}-tools"

    def ready(self) -> Organization:
        """The bucket, and the roles of self-managed permissions."""
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        readers = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{self.bucket}/templates/*"}
        s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [readers]}))
        self.sets.trust(*self.members)
        return self

    def declared(self) -> contract.StackSet:
        said: dict[str, Any] = {
            "name": NAME,
            "set_name": SET,
            "description": "What every account has",
            "region": REGION,
            "template": NAME,
            "capabilities": ("CAPABILITY_NAMED_IAM",),
            "permission_model": "SELF_MANAGED",
            "administration_role": ADMINISTRATION,
            "execution_role": EXECUTION,
            "plan_role": PLAN_ROLE,
            "parameters": {"Size": "small"},
            "waves": self.waves,
            "tags": {"Project": "tap"},
        }
        return contract.StackSet(**{**said, **self.fields})

    def manifest(self, encoded: bytes) -> contract.Manifest:
        roles = contract.Roles(
            publish="tap-publish-tools",
            plan="tap-plan-tools",
            deploy="tap-deploy-tools",
            gc="tap-gc-tools",
            execution="tap-execution-tools",
            external_id="tap",
        )
        return contract.Manifest(
            version=contract.VERSION,
            project="tap",
            environment="tools",
            account=self.aws.account,
            region=REGION,
            tags={"Project": "tap"},
            roles=roles,
            artifacts=(contract.Bucket(name=self.bucket, region=REGION),),
            bootstraps=(),
            stacks=(),
            templates=(
                contract.Template(
                    service=NAME,
                    path=f"{NAME}.json",
                    sha256=sha256(encoded).hexdigest(),
                    size=len(encoded),
                    resources=len(self.template["Resources"]),
                    parameters=len(self.template.get("Parameters", {})),
                    outputs=0,
                ),
            ),
            assets=(),
            joins=(),
            parameters="/tap/tools",
            checks=(),
            limits=(),
            values={},
            stack_sets=(self.declared(),),
        )

    def build(self, **fields: Any) -> Organization:
        """Write the build folder, as `generate.py` would. ``fields`` of the set are kept for later builds."""
        self.fields |= fields
        home = self.folder / "tools"
        home.mkdir(parents=True, exist_ok=True)
        encoded = msgspec.json.format(msgspec.json.encode(self.template, order="sorted"), indent=1) + b"\n"
        (home / f"{NAME}.json").write_bytes(encoded)
        (home / "manifest.json").write_bytes(contract.encode(self.manifest(encoded)))
        return self

    def home(self) -> Home:
        """As the command makes it of the build folder."""
        data = (self.folder / "tools" / "manifest.json").read_bytes()
        manifest = contract.decode(data)
        sessions = Sessions(endpoint=self.aws.url, keys=(self.aws.account, "secret"))
        return Home(
            account=Account(manifest=manifest, data=data, folder=self.folder / "tools", sessions=sessions),
            stack_set=declared(manifest, NAME),
        )

    def run(self, *arguments: str) -> Answer:
        """One verb of `stackset`."""
        return self.verb("stackset", *arguments)

    def verb(self, *arguments: str) -> Answer:
        """One command in this process, with the credentials of the administering account."""
        import contextlib
        import io

        from deploy.__main__ import run

        out, err = io.StringIO(), io.StringIO()
        with credentials(self.aws.account), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*arguments, "--endpoint-url", self.aws.url, "--build", str(self.folder)])
        return Answer(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, script: str = "", **environ: str) -> Any:
        return process(self.aws, self.folder, *arguments, script=script, **environ)

    def plan(self, *more: str) -> Path:
        path = self.folder / "the.plan.json"
        answer = self.run("plan", NAME, "--out", str(path), *more)
        assert answer.code == 0, answer.err
        return path

    def up(self, *more: str) -> Answer:
        """Plan and apply."""
        return self.run("apply", str(self.plan()), "--yes", *more)

    def rolled_out(self) -> Organization:
        self.ready().build()
        answer = self.up()
        assert answer.code == 0, answer.out + answer.err
        return self

    @property
    def api(self) -> Any:
        return self.aws.cloudformation

    def operations(self) -> list[Mapping[str, Any]]:
        """Oldest first."""
        pages = self.api.get_paginator("list_stack_set_operations").paginate(StackSetName=SET)
        return [one for page in pages for one in page["Summaries"]][::-1]

    def instances(self) -> dict[tuple[str, str], str]:
        """Account and region -> status."""
        pages = self.api.get_paginator("list_stack_instances").paginate(StackSetName=SET)
        return {(one["Account"], one["Region"]): one["Status"] for page in pages for one in page["Summaries"]}

    def size(self, member: str, region: str = REGION) -> str:
        client = self.aws.client("ssm", region, member)
        return str(client.get_parameter(Name="/tap/size")["Parameter"]["Value"])

    def stacks(self, member: str, region: str = REGION) -> dict[str, str]:
        """Name -> status, of every stack that was not deleted."""
        pages = self.aws.client("cloudformation", region, member).get_paginator("list_stacks").paginate()
        found = [one for page in pages for one in page["StackSummaries"]]
        return {one["StackName"]: one["StackStatus"] for one in found if one["StackStatus"] != "DELETE_COMPLETE"}

    def take(self, member: str, region: str = REGION) -> None:
        """Somebody has a queue of the set's name there already: the instance cannot be made."""
        self.aws.client("sqs", region, member).create_queue(QueueName="tap-jobs", Attributes={"DelaySeconds": "5"})

    def give_back(self, member: str, region: str = REGION) -> None:
        sqs = self.aws.client("sqs", region, member)
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="tap-jobs")["QueueUrl"])
