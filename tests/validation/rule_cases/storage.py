"""Buckets and tables."""

from __future__ import annotations

from tests.validation.defects import attribute, drop, put
from tests.validation.rule_cases.case import KEY, Case, made, one

BUCKET, TABLE, GLOBAL = "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
BLOCKED = {"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
DEFAULT = "BucketEncryption.ServerSideEncryptionConfiguration.0"
RECOVERED = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}
OWN_KEY = {"KMSMasterKeyId": KEY}


def _ended() -> dict[str, object]:
    return {
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }


def _moved() -> dict[str, object]:
    return {
        "ExpirationInDays": 90,
        "Transitions": [{"TransitionInDays": 30}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 60},
        "NoncurrentVersionTransitions": [{"TransitionInDays": 20}],
    }


KEPT = {"It": {**made(BUCKET), "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}}
CASES = (
    Case(
        rule="TAP001",
        good=KEPT,
        bad={
            "no deletion policy": ("It", attribute("DeletionPolicy")),
            "deleted when replaced": ("It", attribute("UpdateReplacePolicy", "Delete")),
        },
        also={"nothing is lost with a role": one("AWS::IAM::Role")},
    ),
    Case(
        rule="TAP002",
        good=one(BUCKET, PublicAccessBlockConfiguration=BLOCKED),
        bad={
            **{f"without {switch}": ("It", drop(f"PublicAccessBlockConfiguration.{switch}")) for switch in BLOCKED},
            "block by a text": ("It", put("PublicAccessBlockConfiguration.BlockPublicAcls", "true")),
            "website": ("It", put("WebsiteConfiguration", {})),
        },
    ),
    Case(
        rule="TAP003",
        good={
            "It": made(
                BUCKET,
                LoggingConfiguration={"DestinationBucketName": {"Ref": "Logs"}},
                BucketEncryption={
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
                        }
                    ]
                },
            ),
            "Logs": made(
                BUCKET,
                BucketEncryption={"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
            ),
        },
        bad={
            "not encrypted": ("It", drop("BucketEncryption")),
            "the key of S3": ("It", drop(f"{DEFAULT}.ServerSideEncryptionByDefault.KMSMasterKeyID")),
            "the key of S3 by name": ("It", put(f"{DEFAULT}.ServerSideEncryptionByDefault.KMSMasterKeyID", "alias/aws/s3")),
            "no bucket key": ("It", drop(f"{DEFAULT}.BucketKeyEnabled")),
            "logs that S3 cannot write": ("Logs", put(f"{DEFAULT}.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kms")),
        },
    ),
    Case(
        rule="TAP004",
        good=one(BUCKET, VersioningConfiguration={"Status": "Enabled"}),
        bad={"suspended": ("It", put("VersioningConfiguration.Status", "Suspended")), "none": ("It", drop("VersioningConfiguration"))},
    ),
    Case(
        rule="TAP005",
        good=one(BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}),
        bad={
            "writers own": ("It", put("OwnershipControls.Rules.0.ObjectOwnership", "ObjectWriter")),
            "nothing said": ("It", drop("OwnershipControls")),
            "a list": ("It", put("AccessControl", "Private")),
        },
    ),
    Case(
        rule="TAP006",
        good=one(BUCKET, LifecycleConfiguration={"Rules": [_ended()]}),
        bad={
            "no lifecycle": ("It", drop("LifecycleConfiguration")),
            "switched off": ("It", put("LifecycleConfiguration.Rules.0.Status", "Disabled")),
            "for one folder": ("It", put("LifecycleConfiguration.Rules.0.Prefix", "a/")),
            "versions for ever": ("It", drop("LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration")),
            "halves for a month": (
                "It",
                put("LifecycleConfiguration.Rules.0.AbortIncompleteMultipartUpload.DaysAfterInitiation", 30),
            ),
        },
    ),
    Case(
        rule="TAP007",
        good=one(BUCKET, LifecycleConfiguration={"Rules": [_moved()]}),
        bad={
            "moved on the day of the end": ("It", put("LifecycleConfiguration.Rules.0.ExpirationInDays", 30)),
            "old versions moved after the end": (
                "It",
                put("LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration.NoncurrentDays", 19),
            ),
        },
        also={"never ends": one(BUCKET, LifecycleConfiguration={"Rules": [{"Transitions": [{"TransitionInDays": 30}]}]})},
    ),
    Case(
        rule="TAP008",
        good={"It": made(BUCKET, LoggingConfiguration={"DestinationBucketName": {"Ref": "Logs"}}), "Logs": made(BUCKET)},
        bad={
            "no log": ("It", put("LoggingConfiguration", {})),
            "into itself": ("It", put("LoggingConfiguration.DestinationBucketName", {"Ref": "It"})),
        },
        # Where nobody logs into it any more, the log bucket is one that writes no log itself.
        blamed={"no log": "It Logs", "into itself": "It Logs"},
    ),
    Case(
        rule="TAP010",
        good=one(GLOBAL, Replicas=[{"DeletionProtectionEnabled": True}, {"DeletionProtectionEnabled": True}]),
        bad={"second replica": ("It", drop("Replicas.1.DeletionProtectionEnabled"))},
        also={"one region": one(TABLE, DeletionProtectionEnabled=True)},
    ),
    Case(
        rule="TAP011",
        good=one(GLOBAL, SSESpecification={"SSEEnabled": True, "SSEType": "KMS"}, Replicas=[{"SSESpecification": OWN_KEY}]),
        bad={
            "off": ("It", put("SSESpecification.SSEEnabled", False)),
            "no key in a replica": ("It", put("Replicas", [{"SSESpecification": OWN_KEY}, {}])),
            "the key of DynamoDB": ("It", put("Replicas.0.SSESpecification.KMSMasterKeyId", "alias/aws/dynamodb")),
        },
        also={"one region": one(TABLE, SSESpecification={"SSEEnabled": True, "SSEType": "KMS", **OWN_KEY})},
    ),
    Case(
        rule="TAP066",
        good=one(TABLE, PointInTimeRecoverySpecification=RECOVERED),
        bad={
            "none": ("It", drop("PointInTimeRecoverySpecification")),
            "a week": ("It", put("PointInTimeRecoverySpecification.RecoveryPeriodInDays", 7)),
        },
    ),
    Case(
        rule="TAP070",
        good=one(TABLE, BillingMode="PAY_PER_REQUEST"),
        bad={"provisioned": ("It", put("BillingMode", "PROVISIONED")), "not said": ("It", drop("BillingMode"))},
    ),
)
