"""Faults strike the requests and resources that they are for, in the words that the service's clients expect."""

from __future__ import annotations

import email.utils
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.local.conftest import Aws, Faults
from tests.local.templates import parameter, template

pytestmark = pytest.mark.overlay

CALLS: dict[str, Callable[[Aws], Any]] = {
    "cloudformation": lambda aws: aws.client("cloudformation").list_stacks(),
    "s3": lambda aws: aws.client("s3").list_objects_v2(Bucket="b"),
    "ssm": lambda aws: aws.client("ssm").describe_parameters(),
    "lambda": lambda aws: aws.client("lambda").list_functions(),
    "ec2": lambda aws: aws.client("ec2").describe_vpcs(),
    "monitoring": lambda aws: aws.client("cloudwatch").describe_alarms(),
    "sqs": lambda aws: aws.client("sqs").list_queues(),
    "sts": lambda aws: aws.client("sts").get_caller_identity(),
    "apigateway": lambda aws: aws.client("apigateway").get_rest_apis(),
    "dynamodb": lambda aws: aws.client("dynamodb").list_tables(),
}


@pytest.mark.parametrize("service", CALLS)
def test_an_error_reaches_the_client_with_its_code_and_message(aws: Aws, faults: Faults, service: str) -> None:
    faults.add(service=service, error="ThrottlingException", message="Rate exceeded", status=400)
    with pytest.raises(ClientError) as raised:
        CALLS[service](aws)
    assert raised.value.response["Error"] == {**raised.value.response["Error"], "Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_fault_strikes_as_often_as_it_says(aws: Aws, faults: Faults) -> None:
    faults.add(service="ssm", error="ThrottlingException", times=2)
    for _ in range(2):
        with pytest.raises(ClientError):
            CALLS["ssm"](aws)
    CALLS["ssm"](aws)
    assert faults.listed() == []


def test_a_fault_strikes_its_own_action_service_and_account_alone(aws: Aws, faults: Faults) -> None:
    faults.add(service="cloudformation", action="Describe*", error="Throttling")
    CALLS["cloudformation"](aws)
    CALLS["ssm"](aws)
    aws.client("cloudformation", account="300000000000").describe_stacks()
    with pytest.raises(ClientError, match="Throttling"):
        aws.cloudformation.describe_stacks()


def test_an_object_action_of_s3_is_named(aws: Aws, faults: Faults) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=f"b-{aws.account}")
    faults.add(service="s3", action="PutObject", error="SlowDown", status=503)
    with pytest.raises(ClientError, match="SlowDown"):
        s3.put_object(Bucket=f"b-{aws.account}", Key="k", Body=b"")
    s3.list_objects_v2(Bucket=f"b-{aws.account}")


def test_no_probability_strikes_never(aws: Aws, faults: Faults) -> None:
    faults.add(service="ssm", error="ThrottlingException", probability=0)
    CALLS["ssm"](aws)


def test_a_request_that_is_dropped_was_not_done(aws: Aws, faults: Faults) -> None:
    faults.add(service="ssm", action="PutParameter", drop="request", times=1)
    ssm = aws.client("ssm")
    with pytest.raises(ConnectionClosedError):
        ssm.put_parameter(Name="p", Value="v", Type="String")
    assert not ssm.describe_parameters()["Parameters"]


def test_an_answer_that_is_dropped_was_done(aws: Aws, faults: Faults) -> None:
    faults.add(service="ssm", action="PutParameter", drop="answer", times=1)
    ssm = aws.client("ssm")
    with pytest.raises(ConnectionClosedError):
        ssm.put_parameter(Name="p", Value="v", Type="String")
    assert [found["Name"] for found in ssm.describe_parameters()["Parameters"]] == ["p"]


def test_latency_holds_up_nobody_else(aws: Aws, faults: Faults) -> None:
    faults.add(service="ssm", latency=1.0, times=1)
    slow = threading.Thread(target=CALLS["ssm"], args=(aws,))
    aws.client("ssm")
    CALLS["sts"](aws)
    began = time.monotonic()
    slow.start()
    time.sleep(0.05)
    CALLS["sts"](aws)
    between = time.monotonic() - began
    slow.join()
    assert between < 0.6
    assert time.monotonic() - began >= 1.0


def test_the_clock_of_answers_is_shifted(aws: Aws, faults: Faults) -> None:
    faults.add(service="sts", skew=600)
    said = CALLS["sts"](aws)["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert email.utils.parsedate_to_datetime(said).timestamp() - time.time() == pytest.approx(600, abs=5)


def test_a_resource_fails_where_its_rule_says(aws: Aws, faults: Faults) -> None:
    faults.add(resource="AWS::SSM::Parameter", verb="update", message="not today", times=1)
    assert aws.create("app", template({"Value": parameter("one")})) == "CREATE_COMPLETE"
    assert aws.update("app", template({"Value": parameter("two")})) == "UPDATE_ROLLBACK_COMPLETE"
    assert "not today" in [event.get("ResourceStatusReason") for event in aws.events("app")]


def test_a_rule_that_says_nothing_known_is_refused(aws: Aws) -> None:
    request = urllib.request.Request(f"{aws.url}/_tapline/faults", method="POST", data=b'{"sevice": "ssm"}')
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=5)
    assert "unknown in a fault: sevice" in raised.value.read().decode()


def test_more_requests_than_a_rate_lets_pass_are_throttled(aws: Aws, faults: Faults) -> None:
    faults.limit(5)
    began, passed, throttled = time.monotonic(), 0, 0
    while time.monotonic() - began < 1.5:
        try:
            CALLS["cloudformation"](aws)
            passed += 1
        except ClientError as error:
            assert error.response["Error"]["Code"] == "Throttling"
            throttled += 1
    assert 5 <= passed <= 14  # a second's worth that waited, and what the time brought
    assert throttled > passed
    CALLS["ssm"](aws)
    aws.client("cloudformation", "eu-west-1").list_stacks()
    aws.client("cloudformation", account="300000000000").list_stacks()


def test_a_rate_of_nothing_is_refused(aws: Aws, faults: Faults) -> None:
    with pytest.raises(urllib.error.HTTPError):
        faults.add(service="cloudformation", rate=0, error="Throttling")
