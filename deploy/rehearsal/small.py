"""A disposable environment, small and of its own: a root, two nested services, and a bootstrap with a bucket, a gate and four roles.

It has no functions and costs nothing while it stands. Everything in it is named ``<project>-rehearsal-...-<environment>``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from deploy import manifest as contract
from deploy.manifest import Manifest
from deploy.rehearsal import small_roles

Document = dict[str, Any]
SERVICES = ("messaging", "data")


@dataclass(frozen=True, kw_only=True)
class Names:
    """``project``, ``environment`` and ``region`` of the environment that is rehearsed."""

    project: str
    environment: str
    account: str
    region: str

    @property
    def stack(self) -> str:
        return f"{self.project}-rehearsal-{self.environment}"

    @property
    def bootstrap(self) -> str:
        return self.thing("bootstrap")

    @property
    def bucket(self) -> str:
        return f"{self.project}-rehearsal-{self.account}-{self.region}-{self.environment}"

    @property
    def bucket_here(self) -> str:
        """The same, as a template has it: for whichever account it stands in."""
        return f"{self.project}-rehearsal-${{AWS::AccountId}}-${{AWS::Region}}-{self.environment}"

    @property
    def parameters(self) -> str:
        return f"/{self.project}/rehearsal-{self.environment}"

    def thing(self, name: str) -> str:
        return f"{self.project}-rehearsal-{name}-{self.environment}"

    def role(self, task: str) -> str:
        return f"{self.project}-rehearsal-{task}-{self.region}-{self.environment}"


def names_of(manifest: Manifest) -> Names:
    return Names(project=manifest.project, environment=manifest.environment, account=manifest.account, region=manifest.region)


def write(names: Names, folder: Path) -> Path:
    """The build folder of the disposable environment; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = {"messaging": _messaging(names), "data": _data(names)}
    encoded = {service: _encode(document) for service, document in documents.items()}
    encoded["root"] = _encode(_root(names, encoded))
    bootstrap = _encode(_bootstrap(names))
    for service, data in [*encoded.items(), ("bootstrap", bootstrap)]:
        (folder / f"{service}.json").write_bytes(data)
    (folder / "manifest.json").write_bytes(contract.encode(_manifest(names, encoded, bootstrap)))
    return folder


def _messaging(names: Names) -> Document:
    return {
        "Resources": {
            "JobsQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": names.thing("jobs"), "VisibilityTimeout": 30}},
            "Limit": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": f"{names.parameters}/limit", "Type": "String", "Value": "50"},
            },
        },
        "Outputs": {"JobsQueueArn": {"Value": {"Fn::GetAtt": ["JobsQueue", "Arn"]}}},
    }


def _data(names: Names) -> Document:
    """A table, and a value that another service gives, so that there is something to be passed on."""
    return {
        "Parameters": {"JobsQueueArn": {"Type": "String"}},
        "Resources": {
            "Items": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": names.thing("items"),
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                },
            },
            "Target": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": f"{names.parameters}/target", "Type": "String", "Value": {"Ref": "JobsQueueArn"}},
            },
        },
        "Outputs": {"TableName": {"Value": {"Ref": "Items"}}},
    }


def _root(names: Names, encoded: dict[str, bytes]) -> Document:
    def nested(service: str, **parameters: Any) -> Document:
        key = f"{names.bucket_here}/templates/{sha256(encoded[service]).hexdigest()}.json"
        properties = {"TemplateURL": {"Fn::Sub": f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{key}"}}
        return {"Type": "AWS::CloudFormation::Stack", "Properties": properties | ({"Parameters": parameters} if parameters else {})}

    return {
        "Resources": {
            "Messaging": nested("messaging"),
            "Data": nested("data", JobsQueueArn={"Fn::GetAtt": ["Messaging", "Outputs.JobsQueueArn"]}),
        },
        "Outputs": {"TableName": {"Value": {"Fn::GetAtt": ["Data", "Outputs.TableName"]}}},
    }


def _bootstrap(names: Names) -> Document:
    return {
        "Metadata": {"tapline": {"types": []}},
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": names.bucket_here}}},
            "Gate": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "AlarmName": names.thing("gate"),
                    "Namespace": f"{names.project}/rehearsal",
                    "MetricName": "Shut",
                    "Statistic": "Maximum",
                    "Period": 60,
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                    "TreatMissingData": "ignore",
                },
            },
            **small_roles.roles(names.stack, names.bucket_here, names.parameters, names.thing("gate"), names.role, names.thing("*")),
        },
    }


def _manifest(names: Names, encoded: dict[str, bytes], bootstrap: bytes) -> Manifest:
    guard = contract.Guard(
        triggers=(contract.Trigger(alarm=names.thing("gate"), type="AWS::CloudWatch::Alarm", since="create"),), monitoring_minutes=1
    )
    stack = contract.Stack(
        name=names.stack,
        region=names.region,
        root="root",
        services=SERVICES,
        capabilities=("CAPABILITY_NAMED_IAM",),
        termination_protection=False,
        policy={"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]},
        guard=guard,
    )
    made = contract.Bootstrap(
        name=names.bootstrap, region=names.region, path="bootstrap.json", sha256=sha256(bootstrap).hexdigest(), outputs=(), types=()
    )
    return contract.Manifest(
        version=contract.VERSION,
        project=names.project,
        environment=names.environment,
        account=names.account,
        region=names.region,
        tags={"Project": names.project, "Environment": names.environment, "Service": "rehearsal"},
        roles=contract.Roles(
            publish=names.role("publish"),
            plan=names.role("plan"),
            deploy=names.role("deploy"),
            execution=names.role("execution"),
            external_id=small_roles.EXTERNAL_ID,
        ),
        artifacts=(contract.Bucket(name=names.bucket, region=names.region),),
        bootstraps=(made,),
        stacks=(stack,),
        templates=tuple(_template(service, data) for service, data in encoded.items()),
        assets=(),
        joins=(),
        parameters=names.parameters,
        checks=({"check": "outputs", "outputs": ["TableName"]}, {"check": "parameter", "path": "limit"}),
        limits=(),
        values={},
    )


def _template(service: str, data: bytes) -> contract.Template:
    document = json.loads(data)
    return contract.Template(
        service=service,
        path=f"{service}.json",
        sha256=sha256(data).hexdigest(),
        size=len(data),
        resources=len(document["Resources"]),
        parameters=len(document.get("Parameters", {})),
        outputs=len(document.get("Outputs", {})),
    )


def _encode(document: Document) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
