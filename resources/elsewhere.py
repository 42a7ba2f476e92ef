"""The artifact buckets of the tools account in other regions: the same roles, reaching over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import Statement, StringEquals
from troposphere import Sub

from resources import statements
from resources.artifacts import CLEARED, PUBLISHED
from resources.execution import exact
from resources.naming import REGION, bucket_pattern, global_pattern, name

if TYPE_CHECKING:
    from env.model import AnyEnvironment, ToolsEnvironment


def role_arn(env: AnyEnvironment, task: str) -> Sub:
    """A role of the tools account's own region, as it is called from another one."""
    return statements.global_arn(f"iam:role/{global_pattern(env, task, 'role').replace(REGION, env.region)}")


def publishing(env: ToolsEnvironment) -> list[Statement]:
    return [
        statements.allow(
            "Publish",
            exact(["s3:GetObject", "s3:PutObject"]),
            [Sub(f"{each}/{folder}/*") for each in _buckets(env) for folder in PUBLISHED],
        ),
        _listing(env),
        _key_use(env, "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def reading(env: ToolsEnvironment) -> list[Statement]:
    """For plan and deploy: what was published there, and the stack that the bucket is of."""
    if not env.code_regions:
        return []
    stack = [
        Sub(f"arn:${{AWS::Partition}}:cloudformation:{region}:${{AWS::AccountId}}:stack/{name(env, 'bootstrap', 'stack')}/*")
        for region in env.code_regions
    ]
    return [
        statements.allow("Artifacts", exact(["s3:GetObject"]), [Sub(f"{each}/*") for each in _buckets(env)]),
        _listing(env),
        _key_use(env, "kms:Decrypt"),
        statements.allow("ArtifactStacks", exact(["cloudformation:DescribeStacks", "cloudformation:GetTemplate"]), stack),
    ]


def clearing(env: ToolsEnvironment) -> list[Statement]:
    return [
        statements.allow("Clear", exact(["s3:DeleteObject"]), [Sub(f"{each}/{folder}/*") for each in _buckets(env) for folder in CLEARED])
    ]


def _buckets(env: ToolsEnvironment) -> list[str]:
    return [f"arn:${{AWS::Partition}}:s3:::{bucket_pattern(env, 'artifacts').replace(REGION, region)}" for region in env.code_regions]


def _listing(env: ToolsEnvironment) -> Statement:
    return statements.allow("List", exact(["s3:ListBucket"]), [Sub(each) for each in _buckets(env)])


def _key_use(env: ToolsEnvironment, *actions: str) -> Statement:
    own = {"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Service": "bootstrap"}
    via = {"kms:ViaService": [Sub(f"s3.{region}.${{AWS::URLSuffix}}") for region in env.code_regions]}
    keys = [Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:key/*") for region in env.code_regions]
    return statements.allow("ArtifactKeys", exact(actions), keys, StringEquals(own | via))
