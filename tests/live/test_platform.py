"""The platform runs: its API answers, its worker works."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from templates import root
from tests.live.conftest import STACK, Deployed, eventually


@pytest.mark.row("R17")
def test_the_health_check_answers_over_http(deployed: Deployed) -> None:
    answer = deployed.call("GET", "/health")
    assert (answer.status, answer.body["status"]) == (200, "ok")


@pytest.mark.row("R17")
@pytest.mark.row("R05")
def test_the_live_stage_is_throttled_logged_and_traced(deployed: Deployed) -> None:
    gateway = deployed.aws.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    stage = gateway.get_stage(restApiId=api["id"], stageName="live")
    settings = stage["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (100, 200)
    assert settings["dataTraceEnabled"] is False
    assert stage["tracingEnabled"] is True
    assert "log-group:/aws/apigateway/tap-api-dev" in stage["accessLogSettings"]["destinationArn"]


def test_an_item_reaches_the_table_the_bucket_and_the_worker(deployed: Deployed) -> None:
    made = deployed.call("POST", "/items", {"name": "a chair", "quantity": 4})
    assert made.status == 201, made.body
    key = made.body["id"]
    stored = deployed.aws.client("s3").get_object(Bucket=deployed.output("DataBucketName"), Key=f"items/{key}.json")
    assert json.loads(stored["Body"].read())["name"] == "a chair"
    done = eventually(lambda: deployed.call("GET", f"/items/{key}").body.get("status") == "done")
    assert done, deployed.call("GET", f"/items/{key}").body
    assert key in {item["id"] for item in deployed.call("GET", "/items").body["items"]}


@pytest.mark.row("R22")
def test_a_request_without_a_signature_is_refused(deployed: Deployed) -> None:
    api = deployed.output("ApiUrl").removeprefix("https://").split(".")[0]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{deployed.aws.url}/_aws/execute-api/{api}/live/items", timeout=10)


def test_a_bad_item_is_refused_and_leaves_nothing(deployed: Deployed) -> None:
    answer = deployed.call("POST", "/items", {"name": "", "quantity": -1})
    assert answer.status == 400


@pytest.mark.row("R07")
def test_the_queue_is_as_the_environment_says(deployed: Deployed) -> None:
    sqs = deployed.aws.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=deployed.output("JobsQueueUrl"), AttributeNames=["All"])["Attributes"]
    redrive = json.loads(found["RedrivePolicy"])
    assert int(redrive["maxReceiveCount"]) == 3
    assert redrive["deadLetterTargetArn"].endswith(":tap-jobs-dead-letters-dev")
    assert (int(found["MessageRetentionPeriod"]), int(found["VisibilityTimeout"])) == (4 * 86_400, 180)


@pytest.mark.row("R21")
def test_every_output_can_be_read_from_parameter_store(deployed: Deployed) -> None:
    pages = deployed.aws.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/tap/dev/outputs", Recursive=True)
    stored = {parameter["Name"]: parameter["Value"] for page in pages for parameter in page["Parameters"]}
    expected = {}
    for service in deployed.manifest.stacks[0].services:
        child = deployed.aws.stack(deployed.aws.child(STACK, root.title(service)))
        for output in child.get("Outputs", []):
            expected[f"/tap/dev/outputs/{service}/{output['OutputKey']}"] = output["OutputValue"]
    assert stored == expected
    assert len(stored) > 30


@pytest.mark.row("R19")
def test_the_running_resources_carry_the_tags(deployed: Deployed) -> None:
    tags = deployed.aws.client("sqs").list_queue_tags(QueueUrl=deployed.output("JobsQueueUrl"))["Tags"]
    assert tags["Environment"] == "dev"
    assert tags["Service"] == "messaging"
    assert {"Project", "Owner", "CostCenter", "ManagedBy"} <= set(tags)


@pytest.mark.row("R18")
def test_the_deployment_was_recorded_with_its_requests(deployed: Deployed) -> None:
    assert (deployed.record["outcome"], deployed.record["operation"]) == ("succeeded", "deploy")
    assert deployed.record["counts"]["add"] > 140
    assert 50 < deployed.record["api_calls"] < 400
