"""Pipelines and builds, beyond what the tools account has of them, and StackSets, which no template has yet."""

from __future__ import annotations

from typing import Any

from tests.validation.defects import drop, put
from tests.validation.rule_cases.case import KEY, Case, one

PIPELINE, PROJECT, STACK_SET = "AWS::CodePipeline::Pipeline", "AWS::CodeBuild::Project", "AWS::CloudFormation::StackSet"
OWN_KEY = {"EncryptionKey": {"Type": "KMS", "Id": KEY}}


def _action(category: str, order: int = 1) -> dict[str, Any]:
    return {"Name": category, "RunOrder": order, "ActionTypeId": {"Category": category}}


def _stage(name: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"Name": name, "Actions": list(actions)}


CASES = (
    Case(
        rule="TAP061",
        good=one(
            PIPELINE,
            Stages=[_stage("Source", _action("Source")), _stage("DeployProd", _action("Approval"), _action("Deploy", 2))],
        ),
        bad={
            "none": ("It", drop("Stages.1.Actions.0")),
            "beside": ("It", put("Stages.1.Actions.0.RunOrder", 2)),
            "after": ("It", put("Stages.1.Actions.0.RunOrder", 3)),
            "a look is no approval": ("It", put("Stages.1.Actions.0.ActionTypeId.Category", "Test")),
        },
        also={
            "a stage of its own": one(PIPELINE, Stages=[_stage("Ask", _action("Approval")), _stage("Prod", _action("Deploy"))]),
            "a look before it": one(
                PIPELINE, Stages=[_stage("Prod", _action("Test"), _action("Approval", 2), _action("Build", 3), _action("Test", 4))]
            ),
            "dev needs none": one(PIPELINE, Stages=[_stage("Dev", _action("Deploy"))]),
        },
    ),
    Case(
        rule="TAP062",
        good=one(PIPELINE, ArtifactStore=OWN_KEY),
        bad={
            "in the clear": ("It", put("ArtifactStore", {})),
            "the key of S3": ("It", put("ArtifactStore.EncryptionKey.Id", "alias/aws/s3")),
            "one region of two": ("It", put("ArtifactStores", [{"ArtifactStore": OWN_KEY}, {"ArtifactStore": {}}])),
        },
        also={"two regions": one(PIPELINE, ArtifactStores=[{"ArtifactStore": OWN_KEY}, {"ArtifactStore": OWN_KEY}])},
    ),
    Case(
        rule="TAP063",
        good=one(
            PROJECT,
            EncryptionKey=KEY,
            Environment={"EnvironmentVariables": [{"Name": "DB_PASSWORD", "Type": "SECRETS_MANAGER", "Value": "x"}]},
        ),
        bad={
            "privileged": ("It", put("Environment.PrivilegedMode", True)),
            "a plain secret": ("It", drop("Environment.EnvironmentVariables.0.Type")),
            "the key of S3": ("It", put("EncryptionKey", "alias/aws/s3")),
        },
    ),
    Case(
        rule="TAP063",
        good=one("AWS::CodeBuild::SourceCredential", Token="{{resolve:secretsmanager:host:SecretString:token}}"),
        bad={"a token in the template": ("It", put("Token", "x"))},
    ),
    Case(
        rule="TAP064",
        good=one(
            STACK_SET,
            ManagedExecution={"Active": True},
            OperationPreferences={"FailureToleranceCount": 0, "MaxConcurrentCount": 1, "RegionConcurrencyType": "SEQUENTIAL"},
        ),
        bad={
            "no tolerance": ("It", drop("OperationPreferences.FailureToleranceCount")),
            "no concurrency": ("It", drop("OperationPreferences.MaxConcurrentCount")),
            "all regions at once": ("It", put("OperationPreferences.RegionConcurrencyType", "PARALLEL")),
            "not managed": ("It", drop("ManagedExecution")),
        },
    ),
)
