"""An API of the local AWS answers at its own address, signed or not."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.local.conftest import REGION, Aws

pytestmark = pytest.mark.overlay


def ask(aws: Aws, host: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc, timeout=10)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.fixture
def api(aws: Aws) -> str:
    """The id of an API that answers 200 with a text, by itself."""
    gateway: Any = aws.client("apigateway")
    made = gateway.create_rest_api(name="mine")["id"]
    root = gateway.get_resources(restApiId=made)["items"][0]["id"]
    at = {"restApiId": made, "resourceId": gateway.create_resource(restApiId=made, parentId=root, pathPart="health")["id"]}
    gateway.put_method(**at, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(**at, httpMethod="GET", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**at, httpMethod="GET", statusCode="200")
    gateway.put_integration_response(**at, httpMethod="GET", statusCode="200", responseTemplates={"application/json": "fine"})
    gateway.create_deployment(restApiId=made, stageName="live")
    return str(made)


@pytest.mark.parametrize("suffix", ["amazonaws.com", "amazonaws.com:443", "amazonaws.com.cn"])
def test_an_api_answers_at_its_own_address(aws: Aws, api: str, suffix: str) -> None:
    assert ask(aws, f"{api}.execute-api.{REGION}.{suffix}", "/live/health") == (200, b"fine")


def test_the_stage_is_the_first_part_of_the_path(aws: Aws, api: str) -> None:
    assert ask(aws, f"{api}.execute-api.{REGION}.amazonaws.com", "/test/health")[0] in (403, 404)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("ffffffff.execute-api.us-east-1.amazonaws.com", id="no such API"),
        pytest.param("{api}.execute-api.us-east-1.example.com", id="another domain"),
        pytest.param("x.{api}.execute-api.us-east-1.amazonaws.com", id="below it"),
    ],
)
def test_other_addresses_do_not(aws: Aws, api: str, host: str) -> None:
    assert ask(aws, host.format(api=api), "/live/health") != (200, b"fine")
