"""The small platform in two regions, with a switch, a bucket that replicates and a global table; one local AWS for all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from deploy import manifest as contract
from tests.deploy.conftest import aws, faults, local_aws
from tests.deploy.pair import FAR, NEEDS, REPLICA, Pair
from tests.deploy.world import STACK, _encode, parameter
from tests.local.conftest import REGION, Aws

__all__ = ["aws", "faults", "local_aws"]

EDGE, ACTIVE = "tap-edge-dev", "/tap/dev/needs/active"
SWITCH, NAMESPACE, TABLE = "tap-switch-dev", "tap/switch/dev", "tap-things-dev"


@dataclass
class Twin(Pair):
    """``bucket_of``: the data bucket of a region."""

    edge: bool = False

    def bucket_of(self, region: str) -> str:
        return f"tap-data-{self.aws.account}-{region}-dev"

    def stored(self) -> Twin:
        """What the real templates make, made here by hand: two buckets that replicate to each other, a global table."""
        for region, where in ((REGION, {}), (FAR, {"CreateBucketConfiguration": {"LocationConstraint": FAR}})):
            s3 = self.aws.client("s3", region)
            s3.create_bucket(Bucket=self.bucket_of(region), **where)
            s3.put_bucket_versioning(Bucket=self.bucket_of(region), VersioningConfiguration={"Status": "Enabled"})
        self.aws.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.aws.client("dynamodb").update_table(TableName=TABLE, ReplicaUpdates=[{"Create": {"RegionName": FAR}}])
        return self

    def pending(self, operations: int, size: int = 0, seconds: float = 0, *, back: bool = False) -> None:
        """What S3 would publish of its replication, in the region of the destination bucket."""
        source, target = (FAR, REGION) if back else (REGION, FAR)
        dimensions = [
            {"Name": "SourceBucket", "Value": self.bucket_of(source)},
            {"Name": "DestinationBucket", "Value": self.bucket_of(target)},
            {"Name": "RuleId", "Value": "everything"},
        ]
        values = {"OperationsPendingReplication": operations, "BytesPendingReplication": size, "ReplicationLatency": seconds}
        self.aws.client("cloudwatch", target).put_metric_data(
            Namespace="AWS/S3",
            MetricData=[{"MetricName": name, "Value": value, "Dimensions": dimensions} for name, value in values.items()],
        )

    def switch(self) -> str:
        found = self.aws.client("cloudwatch", FAR).describe_alarms(AlarmNames=[SWITCH])["MetricAlarms"]
        return str(found[0]["StateValue"])

    def _encoded(self) -> dict[str, bytes]:
        encoded = super()._encoded()
        if self.edge:
            serving = parameter({"Ref": "ActiveRegion"}, "/tap/dev/leads-to")
            target = parameter({"Ref": "FirstArn"}, "/tap/dev/leads-from")
            encoded["edge"] = _encode(
                {
                    "Parameters": {"ActiveRegion": {"Type": "String"}, "FirstArn": {"Type": "String"}},
                    "Resources": {"Serving": serving, "Target": target},
                }
            )
        return encoded

    def _manifest(self, encoded: dict[str, bytes]) -> contract.Manifest:  # type: ignore[override]
        made = super()._manifest(encoded)
        failover = contract.Failover(
            region=REGION,
            standby=FAR,
            app=STACK,
            replica=REPLICA,
            bucket=self.bucket_of(REGION),
            standby_bucket=self.bucket_of(FAR),
            table=TABLE,
            switch=SWITCH,
            switch_namespace=NAMESPACE,
        )
        if not self.edge:
            return msgspec.structs.replace(made, failover=failover)
        failover = msgspec.structs.replace(failover, edge=EDGE, active=ACTIVE)
        needs = (
            contract.Need(parameter="ActiveRegion", path=ACTIVE, otherwise=REGION),
            contract.Need(parameter="FirstArn", path=f"{NEEDS}/first-arn", stack=STACK, output="JobsArn"),
        )
        edge = msgspec.structs.replace(made.stacks[0], name=EDGE, root="edge", services=(), needs=needs)
        return msgspec.structs.replace(made, failover=failover, stacks=(*made.stacks, edge))


@pytest.fixture
def twin(aws: Aws, tmp_path: Path) -> Twin:
    """Deployed in both regions, and everything copied."""
    return deployed(Twin(aws=aws, folder=tmp_path / "build"))


@pytest.fixture
def edged(aws: Aws, tmp_path: Path) -> Twin:
    """The same with a distribution in front, told by a stack that reads which region is active."""
    return deployed(Twin(aws=aws, folder=tmp_path / "build", edge=True))


def deployed(twin: Twin) -> Twin:
    twin.services["messaging"]["Resources"]["FarLimit"] = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": "10", "Name": "/tap/dev/far-limit"},
    }
    twin.checks = ({"check": "parameter", "path": "far-limit"},)
    twin.copies["Resources"]["Switch"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": SWITCH,
            "Namespace": NAMESPACE,
            "MetricName": "Standby",
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "ignore",
        },
    }
    twin.ready().build()
    answer = twin.up()
    assert answer.code == 0, answer.out + answer.err
    twin.stored().pending(0)
    return twin
