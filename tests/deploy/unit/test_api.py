"""The funnel of all requests: how it counts, how it reads pages, and that no error of botocore leaves it as it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from deploy.aws.alarms import Alarms
from deploy.aws.api import ATTEMPTS, CONFIG, Api, Calls
from deploy.aws.failures import AwsRefusal
from deploy.aws.parameters import Parameters
from deploy.aws.stacks import Stacks
from deploy.errors import OutcomeUnknown
from tests.deploy.unit.fakes import Recorded, Reply, answer_with


def fresh(service: str) -> Api:
    connect: Any = boto3.client  # typed for each service's name alone; here the name is a value
    return Api(connect(service, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret", config=CONFIG), Calls())


def test_requests_are_counted_by_operation_their_retries_included(recorded: Recorded) -> None:
    recorded.answers("describe_stacks", {"Stacks": [], "ResponseMetadata": {"RetryAttempts": 2}})
    recorded.refuses("describe_stacks", "ValidationError", "no")
    api = recorded.stacks.api
    api("describe_stacks")
    with pytest.raises(AwsRefusal):
        api("describe_stacks")
    assert dict(api.calls.counts) == {"cloudformation:DescribeStacks": 4}
    assert api.calls.total == 4


def test_no_count_is_lost_among_threads() -> None:
    calls = Calls()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(calls.add, ["s3:PutObject"] * 4000))
    assert calls.total == 4000


def test_pages_are_read_to_the_end_and_no_further(recorded: Recorded) -> None:
    recorded.answers("list_stacks", {"StackSummaries": [], "NextToken": "2"})
    recorded.answers("list_stacks", {"NextToken": "3"}, NextToken="2")
    recorded.answers("list_stacks", {"StackSummaries": []}, NextToken="3")
    assert list(recorded.stacks.api.pages("list_stacks", "StackSummaries")) == []


@pytest.mark.failure("network loss")
def test_an_answer_that_is_no_answer_of_aws_leaves_the_outcome_unknown() -> None:
    """A proxy's or a hotel's page, with 200."""
    api = fresh("cloudformation")
    answer_with(api, lambda request: Reply(body="<html><body>Please sign in"))
    with pytest.raises(OutcomeUnknown):
        api("describe_stacks")


@pytest.mark.failure("throttling")
def test_throttling_is_borne_ten_times_and_aws_is_told_who_asks() -> None:
    api, asked = fresh("cloudformation"), []

    def reply(request: Any) -> Reply:
        headers = [request.headers[name] for name in ("User-Agent", "amz-sdk-request")]
        asked.append([one.decode() if isinstance(one, bytes) else one for one in headers])
        return Reply(body="<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>")

    answer_with(api, reply)
    api("describe_stacks")
    said, attempts = asked[0]
    assert "tapline" in said
    assert attempts == f"attempt=1; max={ATTEMPTS}" == "attempt=1; max=10"


def test_a_template_in_json_comes_parsed() -> None:
    api = fresh("cloudformation")
    body = '<GetTemplateResponse><GetTemplateResult><TemplateBody>{"Resources": {"Jobs": {}}}</TemplateBody></GetTemplateResult></GetTemplateResponse>'
    answer_with(api, lambda request: Reply(body=body))
    assert Stacks(api=api).template("tap-app-dev") == {"Resources": {"Jobs": {}}}


def test_alarms_of_both_kinds_are_found_by_name_fifty_at_a_time() -> None:
    """API reference, DescribeAlarms: 100 names at most, and 50 alarms an answer unless told otherwise."""
    asked: list[list[str]] = []

    class Answers:
        class meta:
            method_to_api_mapping = {"describe_alarms": "DescribeAlarms"}  # noqa: RUF012 - a stand-in

            class service_model:
                service_name = "cloudwatch"

        def describe_alarms(self, *, AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:
            asked.append(AlarmNames)
            assert AlarmTypes == ["MetricAlarm", "CompositeAlarm"], "without it AWS leaves composite alarms out"
            made = [{"AlarmName": name, "AlarmArn": f"arn:{name}", "StateValue": "OK"} for name in AlarmNames]
            return {"MetricAlarms": made[1:], "CompositeAlarms": made[:1]}

    found = Alarms(api=Api(Answers(), Calls())).named([f"alarm-{number:03}" for number in range(120)] * 2)
    assert [len(names) for names in asked] == [50, 50, 20]
    assert [alarm.name for alarm in found] == [f"alarm-{number:03}" for number in range(120)]
    assert {alarm.type for alarm in found[:2]} == {"AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Alarm"}
    assert Alarms(api=Api(Answers(), Calls())).named([]) == ()


def test_a_parameter_that_is_not_there_is_none() -> None:
    api = fresh("ssm")
    answer_with(api, lambda request: Reply(body='{"__type": "ParameterNotFound"}', status=400))
    assert Parameters(api=api).get("/tap/dev/release") is None
