"""Data in two regions: buckets that copy to each other, tables with replicas, and what waits while a region is out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.local.apis import deployed, status
from tests.local.conftest import Aws, Faults, wait
from tests.local.templates import Template, one

pytestmark = pytest.mark.overlay

FIRST, SECOND = "eu-central-1", "eu-west-1"
VERSIONED = {"Status": "Enabled"}


def bucket(name: str, other: str = "", account: str = "", there: str = "") -> Template:
    """A versioned bucket that copies everything to another one in the region ``there``, if one is named, delete markers included."""
    if not other:
        return one("AWS::S3::Bucket", BucketName=name, VersioningConfiguration=VERSIONED)
    rule = {
        "Id": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}, "ReplicaModifications": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{other}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:{there}:{account}:key/k"},
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        },
    }
    replicated = {"Role": f"arn:aws:iam::{account}:role/replication", "Rules": [rule]}
    return one("AWS::S3::Bucket", BucketName=name, VersioningConfiguration=VERSIONED, ReplicationConfiguration=replicated)


@pytest.fixture
def buckets(aws: Aws) -> tuple[str, str]:
    first, second = f"first-{aws.account}", f"second-{aws.account}"
    deployed(aws, SECOND, bucket(second), "bucket")
    deployed(aws, FIRST, bucket(first, second, aws.account, SECOND), "bucket")
    template = json.dumps(bucket(second, first, aws.account, FIRST))
    aws.client("cloudformation", SECOND).update_stack(StackName="bucket", TemplateBody=template)
    wait(lambda: status(aws, SECOND, "bucket") == "UPDATE_COMPLETE", "the bucket to copy back")
    return first, second


def test_a_bucket_copies_to_none_that_is_not_there_or_keeps_no_versions(aws: Aws) -> None:
    first, second = f"first-{aws.account}", f"second-{aws.account}"
    template = json.dumps(bucket(first, second, aws.account, SECOND))
    cloudformation, there = aws.client("cloudformation", FIRST), aws.client("s3", SECOND)
    for name, words in (("before", "Destination bucket must exist."), ("after", "Destination bucket must have versioning enabled.")):
        cloudformation.create_stack(StackName=name, TemplateBody=template)
        wait(lambda name=name: status(aws, FIRST, name) == "ROLLBACK_COMPLETE", "the stack to fail")  # type: ignore[misc]
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        (failed,) = [one for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
        assert words in failed["ResourceStatusReason"]
        if name == "before":
            there.create_bucket(Bucket=second, CreateBucketConfiguration={"LocationConstraint": SECOND})


def test_a_configuration_to_a_bucket_that_is_not_there_is_refused_and_the_one_that_stands_stays(aws: Aws, buckets: tuple[str, str]) -> None:
    s3 = aws.client("s3", FIRST)
    stands = s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]
    elsewhere = json.loads(json.dumps(stands).replace(buckets[1], f"nobodys-{aws.account}"))
    with pytest.raises(ClientError, match=r"InvalidRequest.*Destination bucket must exist\.") as refused:
        s3.put_bucket_replication(Bucket=buckets[0], ReplicationConfiguration=elsewhere)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert s3.get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"] == stands


def body(aws: Aws, region: str, name: str, key: str = "k") -> bytes | None:
    try:
        found: bytes = aws.client("s3", region).get_object(Bucket=name, Key=key)["Body"].read()
    except ClientError:
        return None
    return found


def versions(aws: Aws, region: str, name: str) -> tuple[int, int]:
    """How many versions and delete markers."""
    found = aws.client("s3", region).list_object_versions(Bucket=name)
    return len(found.get("Versions", [])), len(found.get("DeleteMarkers", []))


def test_a_rule_of_replication_reaches_s3_whole(aws: Aws, buckets: tuple[str, str]) -> None:
    (rule,) = aws.client("s3", FIRST).get_bucket_replication(Bucket=buckets[0])["ReplicationConfiguration"]["Rules"]
    assert rule["Destination"]["Metrics"] == {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}
    assert rule["Destination"]["ReplicationTime"] == {"Status": "Enabled", "Time": {"Minutes": 15}}
    assert rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"].endswith("key/k")
    assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
    assert rule["SourceSelectionCriteria"]["ReplicaModifications"] == {"Status": "Enabled"}


def test_buckets_copy_both_ways_without_a_loop(aws: Aws, buckets: tuple[str, str]) -> None:
    first, second = buckets
    aws.client("s3", FIRST).put_object(Bucket=first, Key="k", Body=b"one")
    assert body(aws, SECOND, second) == b"one"
    aws.client("s3", SECOND).put_object(Bucket=second, Key="k", Body=b"two")
    assert body(aws, FIRST, first) == b"two"
    assert versions(aws, FIRST, first) == versions(aws, SECOND, second) == (2, 0)
    said = aws.client("s3", SECOND).list_object_versions(Bucket=second)["Versions"]
    statuses = {
        v["VersionId"]: aws.client("s3", SECOND).head_object(Bucket=second, Key="k", VersionId=v["VersionId"])["ReplicationStatus"]
        for v in said
    }
    assert sorted(statuses.values()) == ["COMPLETED", "REPLICA"]


def test_a_delete_marker_is_copied_once_and_a_deleted_version_is_not(aws: Aws, buckets: tuple[str, str]) -> None:
    first, second = buckets
    s3 = aws.client("s3", FIRST)
    made = s3.put_object(Bucket=first, Key="k", Body=b"one")
    s3.delete_object(Bucket=first, Key="k")
    assert body(aws, SECOND, second) is None
    assert versions(aws, FIRST, first) == versions(aws, SECOND, second) == (1, 1)
    s3.delete_object(Bucket=first, Key="k", VersionId=made["VersionId"])
    assert (versions(aws, FIRST, first), versions(aws, SECOND, second)) == ((0, 1), (1, 1))


def test_copies_wait_while_the_other_region_is_out(aws: Aws, faults: Faults, buckets: tuple[str, str]) -> None:
    first, second = buckets
    s3 = aws.client("s3", FIRST)
    faults.region_out(SECOND)
    s3.put_object(Bucket=first, Key="k", Body=b"one")
    s3.put_object(Bucket=first, Key="k", Body=b"two")
    s3.put_object(Bucket=first, Key="gone", Body=b"")
    s3.delete_object(Bucket=first, Key="gone")
    assert s3.head_object(Bucket=first, Key="k")["ReplicationStatus"] == "PENDING"
    faults.region_back(SECOND)
    wait(lambda: body(aws, SECOND, second) == b"two", "the copies to arrive")
    wait(lambda: versions(aws, SECOND, second) == (3, 1), "all of them to arrive")
    assert s3.head_object(Bucket=first, Key="k")["ReplicationStatus"] == "COMPLETED"


def pending(aws: Aws, name: str, first: str, second: str) -> float | None:
    now = datetime.now(UTC)
    dimensions = [
        {"Name": "SourceBucket", "Value": first},
        {"Name": "DestinationBucket", "Value": second},
        {"Name": "RuleId", "Value": "all"},
    ]
    points = aws.client("cloudwatch", SECOND).get_metric_statistics(
        Namespace="AWS/S3",
        MetricName=name,
        Dimensions=dimensions,
        Statistics=["Maximum"],
        Period=60,
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
    )["Datapoints"]
    return max((float(point["Maximum"]) for point in points), default=None)


def test_what_waits_is_measured_where_it_goes(aws: Aws, faults: Faults, buckets: tuple[str, str]) -> None:
    first, second = buckets
    wait(lambda: pending(aws, "OperationsPendingReplication", first, second) == 0, "the metric")
    faults.add(service="s3", action="Replicate", region=SECOND, error="SlowDown")
    aws.client("s3", FIRST).put_object(Bucket=first, Key="k", Body=b"12345")
    wait(lambda: pending(aws, "OperationsPendingReplication", first, second) == 1, "the metric to count it")
    wait(lambda: pending(aws, "BytesPendingReplication", first, second) == 5, "the metric to weigh it")
    wait(lambda: (pending(aws, "ReplicationLatency", first, second) or 0) > 0.1, "the metric to time it")
    assert body(aws, SECOND, second) is None


KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def replica(region: str, **more: Any) -> dict[str, Any]:
    settings = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}, "Tags": [{"Key": "Where", "Value": region}]}
    return {"Region": region, **settings, **more}


def table(*replicas: dict[str, Any], **more: Any) -> Template:
    given = {"StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}, **more}
    return one("AWS::DynamoDB::GlobalTable", TableName="items", **KEYS, **given, Replicas=list(replicas))


def put(aws: Aws, region: str, key: str, value: str = "v") -> None:
    aws.client("dynamodb", region).put_item(TableName="items", Item={"pk": {"S": key}, "value": {"S": value}})


def value(aws: Aws, region: str, key: str) -> str | None:
    item = aws.client("dynamodb", region).get_item(TableName="items", Key={"pk": {"S": key}}).get("Item")
    return item["value"]["S"] if item else None


def update(aws: Aws, made: Template) -> str:
    aws.client("cloudformation", FIRST).update_stack(StackName="app", TemplateBody=json.dumps(made))
    wait(lambda: not status(aws, FIRST, "app").endswith("IN_PROGRESS"), "the update to end")
    return status(aws, FIRST, "app")


def test_a_replica_of_a_table_copies_both_ways(aws: Aws) -> None:
    deployed(aws, FIRST, table(replica(FIRST), replica(SECOND)))
    described = aws.client("dynamodb", FIRST).describe_table(TableName="items")["Table"]
    assert {one["RegionName"]: one["ReplicaStatus"] for one in described["Replicas"]} == {SECOND: "ACTIVE"}
    put(aws, FIRST, "from-first")
    put(aws, SECOND, "from-second")
    assert (value(aws, SECOND, "from-first"), value(aws, FIRST, "from-second")) == ("v", "v")
    aws.client("dynamodb", SECOND).delete_item(TableName="items", Key={"pk": {"S": "from-first"}})
    assert value(aws, FIRST, "from-first") is None


def test_each_replica_has_its_own_settings(aws: Aws) -> None:
    deployed(aws, FIRST, table(replica(FIRST, DeletionProtectionEnabled=True), replica(SECOND)))
    for region, protected in ((FIRST, True), (SECOND, False)):
        client = aws.client("dynamodb", region)
        described = client.describe_table(TableName="items")["Table"]
        recovery = client.describe_continuous_backups(TableName="items")["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert (described["DeletionProtectionEnabled"], recovery["PointInTimeRecoveryStatus"]) == (protected, "ENABLED")
        assert {"Key": "Where", "Value": region} in client.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"]


def test_a_replica_is_added_and_removed_with_what_is_there_kept(aws: Aws) -> None:
    deployed(aws, FIRST, table(replica(FIRST)))
    put(aws, FIRST, "before")
    assert update(aws, table(replica(FIRST), replica(SECOND))) == "UPDATE_COMPLETE"
    assert value(aws, SECOND, "before") == "v"
    assert update(aws, table(replica(FIRST))) == "UPDATE_COMPLETE"
    assert aws.client("dynamodb", SECOND).list_tables()["TableNames"] == []
    assert value(aws, FIRST, "before") == "v"


def test_every_replica_goes_with_the_table(aws: Aws) -> None:
    deployed(aws, FIRST, table(replica(FIRST), replica(SECOND)))
    aws.client("cloudformation", FIRST).delete_stack(StackName="app")
    tables = [aws.client("dynamodb", region).list_tables for region in (FIRST, SECOND)]
    wait(lambda: not any(listed()["TableNames"] for listed in tables), "both to go")


def test_a_protected_replica_keeps_the_whole_table(aws: Aws) -> None:
    deployed(aws, FIRST, table(replica(FIRST), replica(SECOND, DeletionProtectionEnabled=True)))
    aws.client("cloudformation", FIRST).delete_stack(StackName="app")
    wait(lambda: status(aws, FIRST, "app") == "DELETE_FAILED", "the deletion to fail")
    assert aws.client("dynamodb", FIRST).list_tables()["TableNames"] == ["items"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(table(replica(SECOND)), "Replicas must contain the region of the stack", id="none here"),
        pytest.param(
            table(replica(FIRST), replica(SECOND), StreamSpecification=None), "StreamSpecification must be provided", id="no stream"
        ),
    ],
)
def test_a_list_of_replicas_that_cannot_be_is_refused(aws: Aws, made: Template, reason: str) -> None:
    properties = made["Resources"]["It"]["Properties"]
    made["Resources"]["It"]["Properties"] = {name: given for name, given in properties.items() if given is not None}
    cloudformation = aws.client("cloudformation", FIRST)
    cloudformation.create_stack(StackName="app", TemplateBody=json.dumps(made))
    wait(lambda: status(aws, FIRST, "app") == "ROLLBACK_COMPLETE", "the create to fail")
    events = cloudformation.describe_stack_events(StackName="app")["StackEvents"]
    assert any(reason in event.get("ResourceStatusReason", "") for event in events)


def test_only_one_replica_changes_in_an_update(aws: Aws) -> None:
    deployed(aws, FIRST, table(replica(FIRST)))
    assert update(aws, table(replica(FIRST), replica(SECOND), replica("eu-west-2"))) == "UPDATE_ROLLBACK_COMPLETE"


def test_items_wait_while_the_other_region_is_out(aws: Aws, faults: Faults) -> None:
    deployed(aws, FIRST, table(replica(FIRST), replica(SECOND)))
    faults.region_out(SECOND)
    put(aws, FIRST, "late")
    with pytest.raises(ConnectionClosedError):
        value(aws, SECOND, "late")
    faults.region_back(SECOND)
    wait(lambda: value(aws, SECOND, "late") == "v", "the item to arrive")


def test_what_was_written_last_wins_when_a_region_comes_back(aws: Aws, faults: Faults) -> None:
    deployed(aws, FIRST, table(replica(FIRST), replica(SECOND)))
    faults.add(service="dynamodb", action="Replicate", region=SECOND, error="InternalServerError")
    put(aws, FIRST, "k", "before the failover")
    put(aws, FIRST, "mark")
    put(aws, SECOND, "k", "after the failover")
    faults.clear()
    wait(lambda: value(aws, SECOND, "mark") == "v", "the copies to arrive")
    assert (value(aws, FIRST, "k"), value(aws, SECOND, "k")) == ("after the failover", "after the failover")
