"""An API of one method that says where it is, for tests, and how to ask for it by any address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from tests.local.conftest import Aws, wait
from tests.local.templates import Template, get_att, template


def api(says: str, *more: tuple[str, dict[str, Any]]) -> Template:
    """One method that answers ``says``; its stage is ``live``, and ``more`` are further resources."""
    rest = {"Ref": "Api"}
    method = {
        "RestApiId": rest,
        "ResourceId": get_att("Api", "RootResourceId"),
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": {
            "Type": "MOCK",
            "RequestTemplates": {"application/json": '{"statusCode": 200}'},
            "IntegrationResponses": [{"StatusCode": "200", "ResponseTemplates": {"application/json": says}}],
        },
        "MethodResponses": [{"StatusCode": "200"}],
    }
    deployment = {"RestApiId": rest, "StageName": "live"}
    return template(
        {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "items"}},
            "Method": {"Type": "AWS::ApiGateway::Method", "Properties": method},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": deployment, "DependsOn": "Method"},
            **dict(more),
        },
        {"Id": rest},
    )


def output(aws: Aws, region: str, name: str, key: str) -> str:
    outputs = aws.client("cloudformation", region).describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return str(next(one["OutputValue"] for one in outputs if one["OutputKey"] == key))


def address(aws: Aws, region: str, name: str = "app") -> str:
    """The host of a stack's API."""
    return f"{output(aws, region, name, 'Id')}.execute-api.{region}.amazonaws.com"


def ask(aws: Aws, host: str, path: str) -> str:
    """What a request to an address is told; the status where that is no good one, or nothing where nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(aws.url + path, headers={"Host": host}), timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.code)
    except HTTPException:
        return ""


def deployed(aws: Aws, region: str, made: Template, name: str = "app") -> None:
    cloudformation = aws.client("cloudformation", region)
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(made))
    wait(lambda: not status(aws, region, name).endswith("IN_PROGRESS"), f"{name} in {region}")
    assert status(aws, region, name) == "CREATE_COMPLETE", cloudformation.describe_stack_events(StackName=name)["StackEvents"]


def status(aws: Aws, region: str, name: str) -> str:
    return str(aws.client("cloudformation", region).describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
