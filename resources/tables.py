"""Tables: on demand, encrypted with a customer managed key, ready for a replica in a second region.

Every environment has a global table, if only with one replica: `AWS::DynamoDB::Table` cannot have a second one, and
changing a table's type later would replace it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import dynamodb

if TYPE_CHECKING:
    from env.model import Table


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Attribute names. ``index`` maps an index's name to its partition and sort key."""

    partition: str
    sort: str
    expires: str
    index: dict[str, tuple[str, str]]


def table(title: str, name: str, keys: Keys, replicas: list[dynamodb.ReplicaSpecification]) -> dynamodb.GlobalTable:
    """A table with one sort key, indexes over all attributes, a time to live and a stream."""
    attributes = {keys.partition, keys.sort} | {attribute for pair in keys.index.values() for attribute in pair}
    return dynamodb.GlobalTable(
        title,
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[dynamodb.AttributeDefinition(AttributeName=attribute, AttributeType="S") for attribute in sorted(attributes)],
        KeySchema=_key_schema(keys.partition, keys.sort),
        GlobalSecondaryIndexes=[
            dynamodb.GlobalTableGlobalSecondaryIndex(
                IndexName=index, KeySchema=_key_schema(*pair), Projection=dynamodb.Projection(ProjectionType="ALL")
            )
            for index, pair in sorted(keys.index.items())
        ],
        TimeToLiveSpecification=dynamodb.TimeToLiveSpecification(AttributeName=keys.expires, Enabled=True),
        SSESpecification=dynamodb.GlobalTableSSESpecification(SSEEnabled=True, SSEType="KMS"),
        StreamSpecification=dynamodb.StreamSpecification(StreamViewType="NEW_AND_OLD_IMAGES"),
        Replicas=replicas,
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
    )


def replica(region: Any, key_arn: Any, settings: Table) -> dynamodb.ReplicaSpecification:
    """The table in one region. DynamoDB keeps recovery points up to 35 days where recovery is on."""
    recovery: dict[str, Any] = {"PointInTimeRecoveryEnabled": settings.point_in_time_recovery}
    if settings.point_in_time_recovery:
        recovery["RecoveryPeriodInDays"] = settings.recovery_days
    return dynamodb.ReplicaSpecification(
        Region=region,
        DeletionProtectionEnabled=settings.deletion_protection,
        PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(**recovery),
        SSESpecification=dynamodb.ReplicaSSESpecification(KMSMasterKeyId=key_arn),
    )


def _key_schema(partition: str, sort: str) -> list[dynamodb.KeySchema]:
    return [
        dynamodb.KeySchema(AttributeName=partition, KeyType="HASH"),
        dynamodb.KeySchema(AttributeName=sort, KeyType="RANGE"),
    ]
