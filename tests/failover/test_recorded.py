"""What CloudWatch, Lambda and DynamoDB answer of two regions, from recorded answers: what the local AWS does not give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from deploy.aws.alarms import Alarms
from deploy.aws.api import Api, Calls
from deploy.aws.functions import Functions
from deploy.aws.metrics import Metric, Metrics
from deploy.aws.tables import Tables

pytestmark = pytest.mark.row("R16")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def stubbed(service: str) -> tuple[Api, Stubber]:
    connect: Any = boto3.client  # typed for each service's name alone; here the name is a value
    client = connect(service, region_name="us-west-2", aws_access_key_id="a", aws_secret_access_key="b")
    stub = Stubber(client)
    stub.activate()
    return Api(client, Calls()), stub


def test_the_newest_value_of_each_metric_is_read_over_all_pages() -> None:
    api, stub = stubbed("cloudwatch")
    first = {"Id": "m0", "Timestamps": [NOW - timedelta(minutes=1), NOW - timedelta(minutes=2)], "Values": [3.0, 9.0]}
    nothing: dict[str, Any] = {"Id": "m1", "Timestamps": [], "Values": []}
    second = {"Id": "m1", "Timestamps": [NOW - timedelta(minutes=5)], "Values": [7.0]}
    stub.add_response("get_metric_data", {"MetricDataResults": [first, nothing], "NextToken": "more"})
    stub.add_response("get_metric_data", {"MetricDataResults": [second]})
    asked = [Metric(namespace="AWS/S3", name=name) for name in ("OperationsPendingReplication", "ReplicationLatency")]
    found = Metrics(api=api).newest(asked, NOW, timedelta(hours=3))
    assert [(point.value, point.at) for point in found if point] == [(3.0, NOW - timedelta(minutes=1)), (7.0, NOW - timedelta(minutes=5))]
    stub.assert_no_pending_responses()


def test_the_switch_is_moved_by_its_own_metric_and_no_other() -> None:
    api, stub = stubbed("cloudwatch")
    alarm = {
        "AlarmName": "tap-switch-prod",
        "Namespace": "tap/switch/prod",
        "MetricName": "Standby",
        "Dimensions": [{"Name": "Stage", "Value": "live"}],
        "Threshold": 1.0,
        "StateValue": "OK",
    }
    stub.add_response("describe_alarms", {"MetricAlarms": [alarm]})
    written = {"MetricName": "Standby", "Value": 1.0, "Unit": "None", "Dimensions": [{"Name": "Stage", "Value": "live"}]}
    stub.add_response("put_metric_data", {}, {"Namespace": "tap/switch/prod", "MetricData": [written]})
    found = Alarms(api=api).metric("tap-switch-prod")
    assert found
    Metrics(api=api).write(found.metric, found.threshold)
    stub.assert_no_pending_responses()


def test_what_lambda_keeps_and_has_free() -> None:
    api, stub = stubbed("lambda")
    stub.add_response("get_function_concurrency", {"ReservedConcurrentExecutions": 0}, {"FunctionName": "tap-api-prod"})
    stub.add_response("get_function_concurrency", {}, {"FunctionName": "tap-worker-prod"})
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 573}
    stub.add_response("get_account_settings", {"AccountLimit": limit, "AccountUsage": {}}, {})
    functions = Functions(api=api)
    assert (functions.reserved("tap-api-prod"), functions.reserved("tap-worker-prod"), functions.limits()) == (0, None, (1000, 573))


def test_the_copies_of_a_table_with_the_asked_regions_own() -> None:
    api, stub = stubbed("dynamodb")
    replicas = [{"RegionName": "us-east-1", "ReplicaStatus": "REGION_DISABLED"}]
    stub.add_response("describe_table", {"Table": {"TableStatus": "ACTIVE", "Replicas": replicas}}, {"TableName": ANY})
    assert Tables(api=api).copies("tap-items-prod") == {"us-east-1": "REGION_DISABLED", "us-west-2": "ACTIVE"}
