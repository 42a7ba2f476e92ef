"""Alarms move as time goes by, by their own dimensions, and service metrics come from what services do."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.local.conftest import Aws, wait
from tests.local.templates import Template, get_att, queue, template

pytestmark = pytest.mark.overlay

MINUTE = 0.5
"""Seconds that a minute lasts in these tests (conftest.py)."""


def alarm(aws: Aws, **given: Any) -> None:
    settings: dict[str, Any] = {
        "AlarmName": "a",
        "Namespace": "test",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        **given,
    }
    if "Metrics" in given or "ExtendedStatistic" in given:
        for name in ("Statistic", *(("Namespace", "MetricName", "Period") if "Metrics" in given else ())):
            settings.pop(name)
    aws.client("cloudwatch").put_metric_alarm(**settings)


def put(aws: Aws, value: float, name: str = "m", **dimensions: str) -> None:
    given = [{"Name": key, "Value": said} for key, said in dimensions.items()]
    aws.client("cloudwatch").put_metric_data(Namespace="test", MetricData=[{"MetricName": name, "Value": value, "Dimensions": given}])


def state(aws: Aws, name: str = "a") -> str:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return str((found["MetricAlarms"] + found["CompositeAlarms"])[0]["StateValue"])


def becomes(aws: Aws, wanted: str, name: str = "a") -> None:
    wait(lambda: state(aws, name) == wanted, f"alarm {name} to be {wanted}", 5)


def test_an_alarm_rings_and_is_quiet_again_when_its_period_is_over(aws: Aws) -> None:
    alarm(aws)
    put(aws, 1)
    becomes(aws, "ALARM")
    becomes(aws, "OK")


def test_other_dimensions_are_another_metric(aws: Aws) -> None:
    alarm(aws, Dimensions=[{"Name": "Function", "Value": "mine"}])
    put(aws, 1, Function="other")
    put(aws, 1)
    time.sleep(0.2)
    assert state(aws) == "OK"
    put(aws, 1, Function="mine")
    becomes(aws, "ALARM")


def test_two_of_three_datapoints_ring_and_one_does_not(aws: Aws) -> None:
    alarm(aws, EvaluationPeriods=3, DatapointsToAlarm=2)
    put(aws, 1)
    time.sleep(0.2)
    assert state(aws) == "OK"
    time.sleep(MINUTE)
    put(aws, 1)
    becomes(aws, "ALARM")


@pytest.mark.parametrize(
    ("treatment", "wanted"),
    [("breaching", "ALARM"), ("notBreaching", "OK"), ("missing", "INSUFFICIENT_DATA"), ("ignore", "INSUFFICIENT_DATA")],
)
def test_missing_data_counts_as_the_alarm_says(aws: Aws, treatment: str, wanted: str) -> None:
    alarm(aws, TreatMissingData=treatment)
    becomes(aws, wanted)


def test_an_alarm_that_ignores_missing_data_keeps_its_state(aws: Aws) -> None:
    """What the deployment gate rests on: set by hand, it stays set."""
    alarm(aws, TreatMissingData="ignore")
    aws.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    time.sleep(3 * MINUTE)
    assert state(aws) == "ALARM"


def test_a_state_that_was_set_by_hand_gives_way_to_the_next_evaluation(aws: Aws) -> None:
    alarm(aws)
    aws.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    assert state(aws) == "ALARM"
    becomes(aws, "OK")


def test_a_percentile_rings(aws: Aws) -> None:
    alarm(aws, ExtendedStatistic="p99", Threshold=100)
    for value in (1, 1, 1, 500):
        put(aws, value)
    becomes(aws, "ALARM")


RATE = [
    {"Id": "rate", "Expression": "IF(whole > 0, 100 * part / whole, 0)", "ReturnData": True},
    *(
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {"Metric": {"Namespace": "test", "MetricName": name, "Dimensions": []}, "Period": 60, "Stat": "Sum"},
        }
        for name in ("part", "whole")
    ),
]


@pytest.mark.parametrize(("part", "whole", "wanted"), [(1, 2, "ALARM"), (1, 1000, "OK"), (0, 0, "OK")])
def test_an_alarm_on_a_rate_from_a_template(aws: Aws, part: float, whole: float, wanted: str) -> None:
    properties = {
        "AlarmName": "a",
        "Metrics": RATE,
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
    }
    assert aws.create("app", template({"It": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}})) == "CREATE_COMPLETE"
    put(aws, whole, "whole")
    put(aws, part, "part")
    becomes(aws, wanted)


def function(aws: Aws, source: str, concurrency: int | None = None) -> Template:
    """A function with a version and an alias, and the alias's own error alarm."""
    properties: dict[str, Any] = {
        "FunctionName": "f",
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::1:role/r",
        "Code": {"ZipFile": source},
    }
    if concurrency is not None:
        properties["ReservedConcurrentExecutions"] = concurrency
    return template(
        {
            "Function": {"Type": "AWS::Lambda::Function", "Properties": properties},
            "Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}},
            "Alias": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": "Function"}, "FunctionVersion": get_att("Version", "Version"), "Name": "live"},
            },
        }
    )


def by_alias(aws: Aws, metric: str) -> None:
    dimensions = [{"Name": "FunctionName", "Value": "f"}, {"Name": "Resource", "Value": "f:live"}]
    alarm(aws, Namespace="AWS/Lambda", MetricName=metric, Dimensions=dimensions)


BROKEN = "def handler(event, context): raise RuntimeError('broken')"
GOOD = "def handler(event, context): return {}"


def test_a_broken_function_rings_its_aliass_alarm_with_no_metric_put_by_hand(aws: Aws) -> None:
    aws.create("app", function(aws, BROKEN))
    by_alias(aws, "Errors")
    aws.client("lambda").invoke(FunctionName="f", Qualifier="live", Payload=b"{}")
    becomes(aws, "ALARM")


def test_a_call_past_the_alias_does_not_ring_it(aws: Aws) -> None:
    aws.create("app", function(aws, BROKEN))
    by_alias(aws, "Errors")
    aws.client("lambda").invoke(FunctionName="f", Payload=b"{}")
    time.sleep(0.2)
    assert state(aws) == "OK"


def test_a_good_function_rings_nothing_and_counts_its_calls(aws: Aws) -> None:
    aws.create("app", function(aws, GOOD))
    by_alias(aws, "Errors")
    alarm(aws, AlarmName="calls", Namespace="AWS/Lambda", MetricName="Invocations", Dimensions=[{"Name": "FunctionName", "Value": "f"}])
    aws.client("lambda").invoke(FunctionName="f", Qualifier="live", Payload=b"{}")
    becomes(aws, "ALARM", "calls")
    assert state(aws) == "OK"


def test_a_function_with_no_concurrency_is_throttled_and_rings(aws: Aws) -> None:
    aws.create("app", function(aws, GOOD, 0))
    by_alias(aws, "Throttles")
    client = aws.client("lambda")
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName="f", Qualifier="live", Payload=b"{}")
    becomes(aws, "ALARM")


def test_a_queue_feeds_its_function_by_alias_and_what_fails_rings_the_dead_letter_alarm(aws: Aws) -> None:
    made = function(aws, BROKEN)
    made["Resources"] |= {
        "Dead": queue(QueueName="dead"),
        "Jobs": queue(1, QueueName="jobs", RedrivePolicy={"deadLetterTargetArn": get_att("Dead", "Arn"), "maxReceiveCount": 1}),
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": get_att("Jobs", "Arn"), "FunctionName": {"Ref": "Alias"}, "BatchSize": 1},
        },
    }
    assert aws.create("app", made) == "CREATE_COMPLETE"
    by_alias(aws, "Errors")
    dead = [{"Name": "QueueName", "Value": "dead"}]
    depth = "ApproximateNumberOfMessagesVisible"
    alarm(aws, AlarmName="dead", Namespace="AWS/SQS", MetricName=depth, Dimensions=dead, Statistic="Maximum")
    aws.client("sqs").send_message(QueueUrl=aws.child("app", "Jobs"), MessageBody="job")
    becomes(aws, "ALARM")
    becomes(aws, "ALARM", "dead")


def test_a_message_that_waits_rings_the_age_alarm(aws: Aws) -> None:
    aws.create("app", template({"Queue": queue(QueueName="q")}))
    dimensions = [{"Name": "QueueName", "Value": "q"}]
    alarm(aws, Namespace="AWS/SQS", MetricName="ApproximateAgeOfOldestMessage", Dimensions=dimensions, Statistic="Maximum", Threshold=30)
    aws.client("sqs").send_message(QueueUrl=aws.child("app", "Queue"), MessageBody="waits")
    assert state(aws) == "OK"
    becomes(aws, "ALARM")


def test_an_api_that_answers_5xx_rings_its_stages_alarm(aws: Aws) -> None:
    made = function(aws, BROKEN)
    api, uri = {"Ref": "Api"}, {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Alias}/invocations"}
    items = {"RestApiId": api, "ParentId": get_att("Api", "RootResourceId"), "PathPart": "items"}
    method = {
        "RestApiId": api,
        "ResourceId": {"Ref": "Items"},
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri},
    }
    made["Resources"] |= {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "items"}},
        "Items": {"Type": "AWS::ApiGateway::Resource", "Properties": items},
        "Get": {"Type": "AWS::ApiGateway::Method", "Properties": method},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": api}, "DependsOn": "Get"},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": api, "StageName": "live", "DeploymentId": {"Ref": "Deployment"}},
        },
    }
    assert aws.create("app", made) == "CREATE_COMPLETE"
    dimensions = [{"Name": "ApiName", "Value": "items"}, {"Name": "Stage", "Value": "live"}]
    alarm(aws, Namespace="AWS/ApiGateway", MetricName="5XXError", Dimensions=dimensions)
    by_alias_errors = [{"Name": "FunctionName", "Value": "f"}, {"Name": "Resource", "Value": "f:live"}]
    alarm(aws, AlarmName="errors", Namespace="AWS/Lambda", MetricName="Errors", Dimensions=by_alias_errors)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{aws.url}/_aws/execute-api/{aws.child('app', 'Api')}/live/items", timeout=10)
    becomes(aws, "ALARM")
    becomes(aws, "ALARM", "errors")
