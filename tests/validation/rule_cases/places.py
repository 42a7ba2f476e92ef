"""Names, tags, accounts, regions and partitions."""

from __future__ import annotations

from typing import Any

from tests.validation.defects import drop, put
from tests.validation.rule_cases.case import ACCOUNT, RECOVERY, REGION, TAGS, TOOLS, Case, Resource, made, one

QUEUE = "AWS::SQS::Queue"
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]
BUCKET_NAME = {"Fn::Sub": "tap-data-${AWS::AccountId}-${AWS::Region}-dev"}


def _beside(name: str, value: Any) -> Any:
    """An attribute beside the properties."""

    def change(resource: Resource) -> None:
        resource[name] = value

    return change


CASES = (
    Case(
        rule="TAP056",
        good=one("AWS::IAM::Role", PermissionsBoundary={"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/x"}),
        bad={
            "the world's": ("It", put("PermissionsBoundary", "arn:aws:iam::x")),
            "China's": ("It", put("PermissionsBoundary", {"Fn::Sub": "arn:aws-cn:iam::${AWS::AccountId}:x"})),
            "in the metadata": ("It", _beside("Metadata", {"owner": "arn:aws:iam::x"})),
        },
    ),
    Case(
        rule="TAP057",
        good=one("AWS::S3::Bucket", BucketName=BUCKET_NAME, Days=11112222333),
        bad={
            "own account": ("It", put("BucketName", ACCOUNT)),
            "own account in a name": ("It", put("BucketName", f"tap-data-{ACCOUNT}-dev")),
            "own account as a number": ("It", put("BucketName", int(ACCOUNT))),
            "own region": ("It", put("BucketName", REGION)),
            "own region in a name": ("It", put("BucketName", f"tap-data-{REGION}-dev")),
            "a zone of it": ("It", put("BucketName", f"{REGION}a")),
            "another account": ("It", put("BucketName", "arn:x:iam::999999999999:root")),
            "another region": ("It", put("BucketName", "us-east-2")),
            "in the metadata": ("It", _beside("Metadata", {"account": ACCOUNT})),
        },
        also={"the tools account and the recovery region": one("AWS::S3::Bucket", Tools=f"arn:x:iam::{TOOLS}:root", Other=RECOVERY)},
    ),
    Case(
        rule="TAP058",
        good={
            "It": made(QUEUE, QueueName="tap-jobs-dev"),
            "Bucket": made("AWS::S3::Bucket", BucketName=BUCKET_NAME),
            "Group": made("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/tap-api-dev"),
            "Pipeline": made("AWS::CodePipeline::Pipeline", Name="tap-release-dev"),
        },
        bad={
            "no name": ("It", drop("QueueName")),
            "another project": ("It", put("QueueName", "other-jobs-dev")),
            "another environment": ("It", put("QueueName", "tap-jobs-prod")),
            "81 characters": ("It", put("QueueName", f"tap-{'x' * 73}-dev")),
            "too long once the region is in": (
                "Bucket",
                put("BucketName", {"Fn::Sub": f"tap-{'x' * 31}-${{AWS::AccountId}}-${{AWS::Region}}-dev"}),
            ),
            "a pipeline's": ("Pipeline", put("Name", f"tap-{'x' * 93}-dev")),
        },
        also={"80 characters": one(QUEUE, QueueName=f"tap-{'x' * 72}-dev")},
    ),
    Case(
        rule="TAP059",
        good=one(QUEUE, Tags=TAG_LIST),
        bad={
            **{f"without {tag['Key']}": ("It", drop(f"Tags.{index}")) for index, tag in enumerate(TAG_LIST)},
            "none": ("It", drop("Tags")),
            "another environment's": ("It", put("Tags.1.Value", "prod")),
            "made by hand": ("It", put("Tags.2.Value", "hand")),
        },
        also={
            "a map": one("AWS::SSM::Parameter", Tags=TAGS),
            "at each replica": one("AWS::DynamoDB::GlobalTable", Replicas=[{"Tags": TAG_LIST}]),
            "takes no tags": one("AWS::Lambda::Permission"),
        },
    ),
    Case(
        rule="TAP060",
        good=one("AWS::SSM::Parameter", Name="/tap/dev/outputs/x"),
        bad={"elsewhere": ("It", put("Name", "/other/x")), "another environment's": ("It", put("Name", "/tap/prod/x"))},
    ),
)
