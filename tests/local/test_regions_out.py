"""A region that is out: nothing there answers, what is global does, and it comes back."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from http.client import RemoteDisconnected
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.local.conftest import Aws, Faults
from tests.local.stack_sets import StackSets
from tests.local.templates import get_att, template

pytestmark = pytest.mark.overlay

OUT, OTHER = "eu-west-1", "eu-central-1"
REGIONAL: dict[str, Callable[[Aws, str], Any]] = {
    "cloudformation": lambda aws, region: aws.client("cloudformation", region).list_stacks(),
    "ssm": lambda aws, region: aws.client("ssm", region).describe_parameters(),
    "dynamodb": lambda aws, region: aws.client("dynamodb", region).list_tables(),
    "lambda": lambda aws, region: aws.client("lambda", region).list_functions(),
    "cloudwatch": lambda aws, region: aws.client("cloudwatch", region).describe_alarms(),
    "ec2": lambda aws, region: aws.client("ec2", region).describe_vpcs(),
}


@pytest.mark.parametrize("service", REGIONAL)
def test_nothing_answers_in_a_region_that_is_out(aws: Aws, faults: Faults, service: str) -> None:
    faults.region_out(OUT)
    with pytest.raises(ConnectionClosedError):
        REGIONAL[service](aws, OUT)
    REGIONAL[service](aws, OTHER)


def test_a_region_is_out_for_one_account_or_for_everybody(aws: Aws, faults: Faults) -> None:
    faults.region_out(OUT)
    aws.client("ssm", OUT, account="300000000000").describe_parameters()
    faults.region_out(OUT, everyone=True)
    with pytest.raises(ConnectionClosedError):
        aws.client("ssm", OUT, account="300000000000").describe_parameters()
    faults.region_back(OUT)
    aws.client("ssm", OUT, account="300000000000").describe_parameters()


def test_global_services_answer_unless_they_are_out_too(aws: Aws, faults: Faults) -> None:
    faults.region_out("us-east-1")
    aws.client("iam").list_roles()
    aws.client("sts").get_caller_identity()
    aws.client("route53").list_hosted_zones()
    faults.region_out("us-east-1", but=("iam",))
    aws.client("iam").list_roles()
    with pytest.raises(ConnectionClosedError):
        aws.client("sts").get_caller_identity()


def test_a_region_may_answer_with_errors_instead(aws: Aws, faults: Faults) -> None:
    faults.add(region=OUT, error="ServiceUnavailable", status=503)
    with pytest.raises(ClientError) as raised:
        aws.client("ssm", OUT).describe_parameters()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_a_region_comes_back(aws: Aws, faults: Faults) -> None:
    faults.region_out(OUT)
    faults.add(service="sqs", error="Throttling")
    faults.region_back(OUT)
    aws.client("ssm", OUT).describe_parameters()
    assert [rule["service"] for rule in faults.listed()] == ["sqs"]


def test_a_bucket_is_out_with_its_own_region(aws: Aws, faults: Faults) -> None:
    there, here = f"there-{aws.account}", f"here-{aws.account}"
    aws.client("s3", OUT).create_bucket(Bucket=there, CreateBucketConfiguration={"LocationConstraint": OUT})
    aws.client("s3", OTHER).create_bucket(Bucket=here, CreateBucketConfiguration={"LocationConstraint": OTHER})
    faults.region_out(OUT)
    with pytest.raises(ConnectionClosedError):
        aws.client("s3", OTHER).list_objects_v2(Bucket=there)
    aws.client("s3", OTHER).list_objects_v2(Bucket=here)


def test_a_deployed_api_is_out_with_its_region(aws: Aws, faults: Faults) -> None:
    rest = {"Ref": "Api"}
    integration = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [{"StatusCode": "200"}],
    }
    method = {
        "RestApiId": rest,
        "ResourceId": get_att("Api", "RootResourceId"),
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": integration,
        "MethodResponses": [{"StatusCode": "200"}],
    }
    made = template(
        {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "items"}},
            "Method": {"Type": "AWS::ApiGateway::Method", "Properties": method},
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": rest, "StageName": "live"},
                "DependsOn": "Method",
            },
        },
        {"Id": rest},
    )
    cloudformation = aws.client("cloudformation", OUT)
    cloudformation.create_stack(StackName="app", TemplateBody=json.dumps(made))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="app", WaiterConfig={"Delay": 1})
    address = (
        f"{aws.url}/_aws/execute-api/{cloudformation.describe_stacks(StackName='app')['Stacks'][0]['Outputs'][0]['OutputValue']}/live/"
    )
    with urllib.request.urlopen(address, timeout=5) as answer:
        assert answer.status == 200
    faults.region_out(OUT)
    with pytest.raises(RemoteDisconnected):
        urllib.request.urlopen(address, timeout=5)


def test_an_instance_of_a_stack_set_fails_where_the_region_is_out(aws: Aws, faults: Faults) -> None:
    sets = StackSets(aws=aws, members=(aws.account,))
    sets.trust(aws.account)
    sets.create()
    faults.region_out(OUT)
    results = sets.results(sets.deploy(OTHER, OUT, OperationPreferences={"RegionOrder": [OTHER, OUT]}))
    assert {region: result["Status"] for (_, region), result in results.items()} == {OTHER: "SUCCEEDED", OUT: "FAILED"}
    assert results[aws.account, OUT]["StatusReason"] == f"ServiceUnavailable: no answer from {OUT}"
