"""The small platform in two regions: a stack `replica` in the second one, deployed first, and the stack of the first one, that need each other.

The app waits for what the replica gives. The replica is content without what the app gives, and gets it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from deploy import manifest as contract
from tests.deploy.world import ENVIRONMENT, GATE, POLICY, STACK, Document, World, _encode, parameter, queue
from tests.local.conftest import REGION

FAR = "us-west-2"
REPLICA = "tap-replica-dev"
NEEDS = "/tap/dev/needs"

COPIES: Document = {
    "Parameters": {"AppArn": {"Type": "String"}},
    "Resources": {
        "Copies": queue(QueueName="tap-copies-dev", VisibilityTimeout=30),
        "Limit": parameter("10", "/tap/dev/far-limit"),
        "App": parameter({"Ref": "AppArn"}, "/tap/dev/far-app"),
    },
    "Outputs": {"CopiesArn": {"Value": {"Fn::GetAtt": ["Copies", "Arn"]}}},
}
LINKS: Document = {
    "Parameters": {"CopiesArn": {"Type": "String"}},
    "Resources": {"Copies": parameter({"Ref": "CopiesArn"}, "/tap/dev/copies")},
}


def _copy(document: Document) -> Document:
    made: Document = msgspec.json.decode(msgspec.json.encode(document))
    return made


@dataclass
class Pair(World):
    """``services`` are the app's, ``copies`` the replica's one service."""

    copies: Document = field(default_factory=lambda: _copy(COPIES))

    def __post_init__(self) -> None:
        self.services["links"] = _copy(LINKS)

    @property
    def far_bucket(self) -> str:
        return f"tap-artifacts-{self.aws.account}-{FAR}-dev"

    def ready(self) -> Pair:
        super().ready()
        self.aws.client("s3", FAR).create_bucket(Bucket=self.far_bucket, CreateBucketConfiguration={"LocationConstraint": FAR})
        self.prepare_alarm(GATE, FAR)
        return self

    def build(self) -> Pair:
        super().build()
        return self

    def value(self, name: str, region: str = REGION) -> str:
        """Of a parameter, empty where it is not there."""
        found = self.aws.client("ssm", region).get_parameters(Names=[name])["Parameters"]
        return str(found[0]["Value"]) if found else ""

    def far(self, name: str = REPLICA) -> str:
        """The status of a stack in the second region, empty where it is not there."""
        found = self.aws.client("cloudformation", FAR).get_paginator("list_stacks").paginate()
        states = {
            one["StackName"]: one["StackStatus"]
            for page in found
            for one in page["StackSummaries"]
            if one["StackStatus"] != "DELETE_COMPLETE"
        }
        return str(states.get(name, ""))

    def _encoded(self) -> dict[str, bytes]:
        """All templates of both stacks, children before their roots."""
        encoded = super()._encoded()
        encoded["copies"] = _encode(self.copies)
        far = _nested("copies", encoded, FAR, self.far_bucket, {"AppArn": {"Ref": "AppArn"}})
        encoded["replica"] = _encode(
            {
                "Parameters": {"AppArn": {"Type": "String"}},
                "Resources": {"Copies": far},
                "Outputs": {"CopiesArn": {"Value": {"Fn::GetAtt": ["Copies", "Outputs.CopiesArn"]}}},
            }
        )
        return encoded

    def _root(self, digests: Mapping[str, str]) -> Document:
        root = super()._root(digests)
        return {
            **root,
            "Parameters": {"CopiesArn": {"Type": "String"}},
            "Outputs": {"JobsArn": {"Value": {"Fn::GetAtt": ["Messaging", "Outputs.JobsArn"]}}},
        }

    def _manifest(self, encoded: Mapping[str, bytes]) -> contract.Manifest:
        made = super()._manifest(encoded)
        app = msgspec.structs.replace(
            made.stacks[0],
            needs=(contract.Need(parameter="CopiesArn", path=f"{NEEDS}/copies-arn", stack=REPLICA, output="CopiesArn"),),
        )
        replica = contract.Stack(
            name=REPLICA,
            region=FAR,
            root="replica",
            services=("copies",),
            capabilities=("CAPABILITY_NAMED_IAM",),
            termination_protection=self.protected,
            policy=POLICY,
            guard=contract.Guard(triggers=self.triggers, monitoring_minutes=self.monitoring),
            needs=(contract.Need(parameter="AppArn", path=f"{NEEDS}/app-arn", stack=STACK, output="JobsArn", otherwise="none"),),
        )
        buckets = (*made.artifacts, contract.Bucket(name=self.far_bucket, region=FAR))
        return msgspec.structs.replace(made, artifacts=buckets, stacks=(replica, app))


def _nested(service: str, encoded: Mapping[str, bytes], region: str, bucket: str, parameters: dict[str, Any]) -> Document:
    url = f"https://s3.{region}.amazonaws.com/{bucket}/templates/{sha256(encoded[service]).hexdigest()}.json"
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "Parameters": parameters}}


__all__ = ["ENVIRONMENT", "FAR", "NEEDS", "REPLICA", "Pair"]
