"""A small platform to deploy: a root and a few nested services in a build folder, an account that is ready for it.

What the real templates are too large for is told with these: one change, one failure, one replacement at a time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from deploy import manifest as contract
from deploy.__main__ import run
from tests.local.conftest import REGION, Aws, wait

Document = dict[str, Any]
ENVIRONMENT = "dev"
STACK = "tap-app-dev"
GATE = "tap-gate-dev"

POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": ["Update:Delete", "Update:Replace"],
            "Principal": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue"]}},
        },
    ]
}


def queue(**properties: Any) -> Document:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def parameter(value: Any, name: str = "") -> Document:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **({"Name": name} if name else {})}}


def table(key: str = "id", **more: Any) -> Document:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "tap-items-dev",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        },
        **more,
    }


def role(*statements: Document) -> Document:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "tap-worker-dev",
            "AssumeRolePolicyDocument": {
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
            },
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}],
        },
    }


def allow(*actions: str, resource: str = "arn:aws:sqs:*:*:tap-jobs-dev") -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


# What every story starts from: a queue whose ARN a second service reads, and a table.
SERVICES: dict[str, Document] = {
    "messaging": {
        "Resources": {"Jobs": queue(QueueName="tap-jobs-dev", VisibilityTimeout=30)},
        "Outputs": {"JobsArn": {"Value": {"Fn::GetAtt": ["Jobs", "Arn"]}}},
    },
    "data": {"Resources": {"Items": table()}},
    "compute": {
        "Parameters": {"JobsArn": {"Type": "String"}},
        "Resources": {
            "Worker": role(allow("sqs:ReceiveMessage")),
            "Target": parameter({"Ref": "JobsArn"}, "/tap/dev/target"),
            "Limit": parameter("10", "/tap/dev/limit"),
        },
    },
}


@dataclass
class Answer:
    """How a command ended. ``out`` and ``err`` are what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class World:
    """``services`` may be edited between builds; ``monitoring`` in minutes of the local AWS."""

    aws: Aws
    folder: Path
    services: dict[str, Document] = field(default_factory=lambda: json.loads(json.dumps(SERVICES)))
    monitoring: int = 0
    protected: bool = False
    triggers: tuple[contract.Trigger, ...] = (contract.Trigger(alarm=GATE, type="AWS::CloudWatch::Alarm", since="create"),)
    tags: dict[str, str] = field(default_factory=lambda: {"Environment": ENVIRONMENT, "Project": "tap"})
    values: dict[str, Any] = field(default_factory=dict)
    checks: tuple[dict[str, Any], ...] = ()
    settings: tuple[contract.Setting, ...] = ()
    commit: str = "0" * 40

    @property
    def bucket(self) -> str:
        return f"tap-artifacts-{self.aws.account}-{REGION}-dev"

    def ready(self) -> World:
        """What bootstrap would have made, as far as the stories need it."""
        self.prepare(self.bucket, GATE)
        return self

    def prepare(self, bucket: str, gate: str) -> None:
        """An artifact bucket and a gate of these names."""
        self.aws.client("s3").create_bucket(Bucket=bucket)
        self.prepare_alarm(gate)

    def prepare_alarm(self, name: str, region: str = REGION) -> None:
        self.aws.client("cloudwatch", region).put_metric_alarm(
            AlarmName=name,
            Namespace="tap",
            MetricName="gate",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )

    def build(self) -> World:
        """Write the build folder, as `generate.py` would."""
        home = self.folder / ENVIRONMENT
        home.mkdir(parents=True, exist_ok=True)
        encoded = self._encoded()
        for name, data in encoded.items():
            (home / f"{name}.json").write_bytes(data)
        data = contract.encode(self._manifest(encoded))
        (home / "manifest.json").write_bytes(data)
        (home / "sources.json").write_text(
            json.dumps({"data": {"Items": "templates/data.py:26"}, "messaging": {"Jobs": "templates/messaging.py:34"}})
        )
        digest = sha256(data).hexdigest()
        release = contract.Release(
            version=1, digest=digest, commit=self.commit, builds=(contract.Build(environment=ENVIRONMENT, manifest=digest),)
        )
        (self.folder / "release.json").write_bytes(contract.encode(release))
        return self

    def _encoded(self) -> dict[str, bytes]:
        """All templates, children before their root."""
        encoded = {name: _encode(document) for name, document in self.services.items()}
        encoded["root"] = _encode(self._root({name: sha256(data).hexdigest() for name, data in encoded.items()}))
        return encoded

    def run(self, *arguments: str) -> Answer:
        """One command in this process, with this account's credentials."""
        import contextlib
        import io

        out, err = io.StringIO(), io.StringIO()
        with credentials(self.aws.account), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*arguments, "--endpoint-url", self.aws.url, "--build", str(self.folder)])
        return Answer(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, script: str = "", **environ: str) -> subprocess.Popen[str]:
        """One command in a process of its own."""
        return process(self.aws, self.folder, *arguments, script=script, **environ)

    def plan(self, *more: str) -> Path:
        """Make a plan that has changes; its file."""
        path = self.folder / "the.plan.json"
        answer = self.run("plan", ENVIRONMENT, "--out", str(path), *more)
        assert answer.code == 0, answer.err
        return path

    def up(self, *more: str) -> Answer:
        return self.run("up", ENVIRONMENT, "--yes", *more)

    def deployed(self) -> World:
        """Ready, built, and running."""
        self.ready().build()
        answer = self.up()
        assert answer.code == 0, answer.out + answer.err
        return self

    def change_sets(self, stack: str = STACK) -> list[str]:
        """The names of the change sets that wait to be executed."""
        found = self.aws.cloudformation.list_change_sets(StackName=stack)["Summaries"]
        return [one["ChangeSetName"] for one in found if not one["ExecutionStatus"].startswith("EXECUTE_")]

    def status_of(self, name: str) -> str:
        """As AWS has it, of a stack that stands."""
        return self.aws.status(name)

    def drop(self, change_set: str) -> None:
        """What a person does with a change set that is not wanted: delete it, and the stack that it alone announced."""
        cloudformation = self.aws.cloudformation
        try:
            stack = cloudformation.describe_change_set(ChangeSetName=change_set)["StackId"]
            cloudformation.delete_change_set(ChangeSetName=change_set)
        except cloudformation.exceptions.ClientError:
            return  # executed, or gone with another one that was

        def gone() -> bool:
            found = cloudformation.list_change_sets(StackName=stack)["Summaries"]
            return change_set not in [one["ChangeSetId"] for one in found]

        wait(gone, "the change set to go")
        if self.aws.status(stack) == "REVIEW_IN_PROGRESS" and not self.change_sets(stack):
            cloudformation.delete_stack(StackName=stack)

    def stack_names(self) -> set[str]:
        """Of every stack that was not deleted."""
        pages = self.aws.cloudformation.get_paginator("list_stacks").paginate()
        return {one["StackName"] for page in pages for one in page["StackSummaries"] if one["StackStatus"] != "DELETE_COMPLETE"}

    def _root(self, digests: Mapping[str, str]) -> Document:
        producers = {name: service for service, document in self.services.items() for name in document.get("Outputs", {})}
        return {
            "Resources": {
                service.capitalize(): {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {
                        "TemplateURL": f"https://s3.{REGION}.amazonaws.com/{self.bucket}/templates/{digests[service]}.json",
                        "Parameters": {
                            name: {"Fn::GetAtt": [producers[name].capitalize(), f"Outputs.{name}"]} if name in producers else {"Ref": name}
                            for name in document.get("Parameters", {})
                        },
                    },
                }
                for service, document in self.services.items()
            }
        }

    def _manifest(self, encoded: Mapping[str, bytes]) -> contract.Manifest:
        roles = contract.Roles(
            publish="tap-publish-dev",
            plan="tap-plan-dev",
            deploy="tap-deploy-dev",
            execution="tap-execution-dev",
            external_id="tap",
            gc="tap-gc-dev",
        )
        return contract.Manifest(
            version=contract.VERSION,
            project="tap",
            environment=ENVIRONMENT,
            account=self.aws.account,
            region=REGION,
            tags=self.tags,
            roles=roles,
            artifacts=(contract.Bucket(name=self.bucket, region=REGION),),
            bootstraps=(),
            stacks=(
                contract.Stack(
                    name=STACK,
                    region=REGION,
                    root="root",
                    services=tuple(self.services),
                    capabilities=("CAPABILITY_NAMED_IAM",),
                    termination_protection=self.protected,
                    retain_except_on_create=True,
                    policy=POLICY,
                    guard=contract.Guard(triggers=self.triggers, monitoring_minutes=self.monitoring),
                ),
            ),
            templates=tuple(
                contract.Template(
                    service=name,
                    path=f"{name}.json",
                    sha256=sha256(data).hexdigest(),
                    size=len(data),
                    resources=len(msgspec.json.decode(data)["Resources"]),
                    parameters=0,
                    outputs=0,
                )
                for name, data in encoded.items()
            ),
            assets=(),
            joins=(),
            parameters="/tap/dev",
            checks=self.checks,
            limits=(),
            values=self.values,
            settings=self.settings,
        )


def gate_state(world: World) -> str:
    return str(world.aws.client("cloudwatch").describe_alarms(AlarmNames=[GATE])["MetricAlarms"][0]["StateValue"])


@contextmanager
def credentials(account: str) -> Iterator[None]:
    """This account's own, as the machine's environment has them."""
    before = dict(os.environ)
    os.environ.update(_keys(account))
    os.environ.pop("AWS_PROFILE", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def process(aws: Aws, folder: Path, *arguments: str, script: str = "", **environ: str) -> subprocess.Popen[str]:
    """A command, or a script with the same arguments behind its own, with an account's credentials."""
    command = [sys.executable, *(("-c", script) if script else ("-m", "deploy"))]
    return subprocess.Popen(
        [*command, *arguments, "--endpoint-url", aws.url, "--build", str(folder)],
        env={**os.environ, **_keys(aws.account), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def _keys(account: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}


def _encode(document: Document) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1) + b"\n"
