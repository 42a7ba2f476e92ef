"""Buckets: private, encrypted, versioned, TLS only, logged, kept when their stack goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import s3 as actions
from awacs.aws import ArnLike, Statement
from troposphere import GetAtt, Join, Ref, s3

from resources import statements

if TYPE_CHECKING:
    from env.model import Storage

_PRIVATE: dict[str, Any] = {
    "PublicAccessBlockConfiguration": s3.PublicAccessBlockConfiguration(
        BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
    ),
    "OwnershipControls": s3.OwnershipControls(Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
    "VersioningConfiguration": s3.VersioningConfiguration(Status="Enabled"),
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
}


def private_bucket(title: str, name: Any, *, key_arn: Any, log_bucket: Any, lifecycle: s3.LifecycleConfiguration) -> s3.Bucket:
    """A bucket for data, encrypted with a customer managed key."""
    return s3.Bucket(
        title,
        BucketName=name,
        BucketEncryption=_encryption(SSEAlgorithm="aws:kms", KMSMasterKeyID=key_arn),
        LifecycleConfiguration=lifecycle,
        LoggingConfiguration=s3.LoggingConfiguration(DestinationBucketName=log_bucket, LogFilePrefix=f"s3/{title}/"),
        **_PRIVATE,
    )


def private_log_bucket(title: str, name: Any, *, days: int) -> s3.Bucket:
    """A bucket for access logs. S3 delivers them to buckets encrypted with its own key only (SSE-S3)."""
    return s3.Bucket(
        title,
        BucketName=name,
        BucketEncryption=_encryption(SSEAlgorithm="AES256"),
        LifecycleConfiguration=s3.LifecycleConfiguration(
            Rules=[
                s3.LifecycleRule(
                    Id="logs",
                    Status="Enabled",
                    ExpirationInDays=days,
                    NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
                    AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                )
            ]
        ),
        **_PRIVATE,
    )


def lifecycle(storage: Storage) -> s3.LifecycleConfiguration:
    """The environment's lifecycle: what is current moves and expires, what was replaced moves and goes."""
    rule: dict[str, Any] = {}
    if storage.transition_days is not None:
        rule["Transitions"] = [s3.LifecycleRuleTransition(StorageClass="INTELLIGENT_TIERING", TransitionInDays=storage.transition_days)]
    if storage.expiry_days is not None:
        rule["ExpirationInDays"] = storage.expiry_days
    return s3.LifecycleConfiguration(
        Rules=[
            s3.LifecycleRule(
                Id="objects",
                Status="Enabled",
                NoncurrentVersionTransitions=[
                    s3.NoncurrentVersionTransition(StorageClass="INTELLIGENT_TIERING", TransitionInDays=storage.noncurrent_transition_days)
                ],
                NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=storage.noncurrent_days),
                AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=storage.incomplete_upload_days),
                **rule,
            )
        ]
    )


def bucket_policy(bucket: s3.Bucket, *allowed: Statement) -> s3.BucketPolicy:
    """TLS only, and what else is allowed."""
    return s3.BucketPolicy(
        f"{bucket.title}Policy",
        Bucket=Ref(bucket),
        PolicyDocument=statements.document(statements.deny_insecure("s3", [GetAtt(bucket, "Arn"), objects(bucket)]), *allowed),
    )


def access_logs_of(source_arn: Any, bucket: s3.Bucket) -> Statement:
    """S3's log delivery may write what it logs of one bucket of this account."""
    return statements.allow_service(
        "AccessLogs", "logging.s3.amazonaws.com", [actions.PutObject], [objects(bucket)], ArnLike("aws:SourceArn", source_arn)
    )


def objects(bucket: s3.Bucket) -> Join:
    """All objects of a bucket, as an ARN, in the one form that every rule set accepts."""
    return Join("", [GetAtt(bucket, "Arn"), "/*"])


def replication(role_arn: Any, bucket_arn: Any, key_arn: Any) -> s3.ReplicationConfiguration:
    """Every object, also encrypted ones and delete markers, to a bucket in another region, within fifteen minutes."""
    fifteen_minutes = 15
    return s3.ReplicationConfiguration(
        Role=role_arn,
        Rules=[
            s3.ReplicationConfigurationRules(
                Id="everything",
                Status="Enabled",
                Priority=1,
                Filter=s3.ReplicationRuleFilter(Prefix=""),
                DeleteMarkerReplication=s3.DeleteMarkerReplication(Status="Enabled"),
                SourceSelectionCriteria=s3.SourceSelectionCriteria(SseKmsEncryptedObjects=s3.SseKmsEncryptedObjects(Status="Enabled")),
                Destination=s3.ReplicationConfigurationRulesDestination(
                    Bucket=bucket_arn,
                    EncryptionConfiguration=s3.EncryptionConfiguration(ReplicaKmsKeyID=key_arn),
                    Metrics=s3.Metrics(Status="Enabled", EventThreshold=s3.ReplicationTimeValue(Minutes=fifteen_minutes)),
                    ReplicationTime=s3.ReplicationTime(Status="Enabled", Time=s3.ReplicationTimeValue(Minutes=fifteen_minutes)),
                ),
            )
        ],
    )


def _encryption(**default: Any) -> s3.BucketEncryption:
    return s3.BucketEncryption(
        ServerSideEncryptionConfiguration=[
            s3.ServerSideEncryptionRule(
                BucketKeyEnabled="KMSMasterKeyID" in default,
                ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(**default),
            )
        ]
    )
