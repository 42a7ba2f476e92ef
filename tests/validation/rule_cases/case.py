"""What a case is, the environment that all of them are judged in, and pieces that many of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from env.model import Environment
from env.recovery import Blocks, DisasterRecovery

Resource = dict[str, Any]
Resources = dict[str, Resource]
Change = Callable[[Resource], object]

ACCOUNT, REGION = "111122223333", "eu-west-1"
TOOLS, RECOVERY = "444455556666", "eu-central-1"
STRANGER = {"AWS": "999999999999"}
ANYBODY: dict[str, str] = {"AWS": "*"}
OWN_ROOT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
OF_ACCOUNT = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
KEY = {"Fn::GetAtt": ["Key", "Arn"]}
TAGS = {"CostCenter": "c-1", "Environment": "dev", "ManagedBy": "tapline", "Owner": "o", "Project": "tap", "Service": "s"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """``good`` breaks nothing of ``rule``; each of ``bad``, by its name, changes one resource, and the rule names that resource.

    ``blamed``: the name of a bad change -> the resources that the rule names instead, with spaces between them. ``also``:
    more documents that are right.
    """

    rule: str
    good: Resources
    bad: dict[str, tuple[str, Change]]
    blamed: dict[str, str] = field(default_factory=dict)
    also: dict[str, Resources] = field(default_factory=dict)


def sample(env: Environment) -> Environment:
    """The strictest environment, with the values that the cases speak of, whatever the environment files say."""
    return replace(
        env,
        name="dev",
        project="tap",
        owner="o",
        cost_center="c-1",
        account=ACCOUNT,
        region=REGION,
        termination_protection=True,
        disaster_recovery=DisasterRecovery(
            region=RECOVERY, network=Blocks(cidr="10.99.0.0/16", public=("10.99.0.0/24",) * 3, private=("10.99.1.0/24",) * 3)
        ),
        tools=replace(env.tools, account=TOOLS, region="eu-north-1"),
        functions=replace(env.functions, reserved_concurrency=10, runtime="python3.14", architecture="arm64"),
        logs=replace(env.logs, retention_days=30),
        storage=replace(env.storage, incomplete_upload_days=7),
        table=replace(env.table, point_in_time_recovery=True, recovery_days=35),
        queue=replace(env.queue, customer_managed_key=True),
        api=replace(env.api, throttle_rate=100, throttle_burst=200, waf=True),
    )


def made(resource_type: str, **properties: Any) -> Resource:
    return {"Type": resource_type, "Properties": properties}


def one(resource_type: str, **properties: Any) -> Resources:
    """A document of one resource, ``It``."""
    return {"It": made(resource_type, **properties)}


def allowing(resource_type: str, document: str, **parts: Any) -> Resources:
    """A document of one resource, ``It``, whose policy has one statement."""
    return one(resource_type, **{document: {"Statement": [{"Effect": "Allow", **parts}]}})


def policy(**parts: Any) -> Resources:
    return allowing("AWS::IAM::ManagedPolicy", "PolicyDocument", **parts)


def trust(**parts: Any) -> Resources:
    return allowing("AWS::IAM::Role", "AssumeRolePolicyDocument", **{"Action": "sts:AssumeRole", **parts})


def bucket_policy(**parts: Any) -> Resources:
    return allowing("AWS::S3::BucketPolicy", "PolicyDocument", **{"Action": "s3:GetObject", "Resource": "x", **parts})
