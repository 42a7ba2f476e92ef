"""A distribution with a group of two origins answers from the second where the first does not."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.local.apis import address, api, ask, deployed, output
from tests.local.conftest import REGION, Aws, Faults
from tests.local.templates import Template, get_att, template

pytestmark = pytest.mark.overlay

FIRST, SECOND = "eu-central-1", "eu-west-1"


WRITES = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
CODE = """import cf from 'cloudfront';

function handler(event) {
  if (['GET', 'HEAD', 'OPTIONS'].includes(event.request.method)) {
    cf.createRequestOriginGroup({
      originIds: [{ originId: 'first' }, { originId: 'second' }],
      failoverCriteria: { statusCodes: [403] }
    });
  } else if (event.request.uri === '/second') {
    cf.selectRequestOriginById('second');
  }
  return event.request;
}
"""


def distribution(
    first: str,
    second: str,
    codes: tuple[int, ...] = (500, 502, 503, 504),
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS"),
    code: str = "",
) -> Template:
    """Of a group of two origins; with ``code``, of the first alone, and a function that may choose."""

    def origin(name: str, host: str) -> dict[str, Any]:
        custom = {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
        return {"Id": name, "DomainName": host, "OriginPath": "/live", "CustomOriginConfig": custom}

    group = {
        "Id": "both",
        "FailoverCriteria": {"StatusCodes": {"Quantity": len(codes), "Items": list(codes)}},
        "Members": {"Quantity": 2, "Items": [{"OriginId": "first"}, {"OriginId": "second"}]},
    }
    chosen = {"EventType": "viewer-request", "FunctionARN": get_att("Choose", "FunctionMetadata.FunctionARN")}
    behaviour = {
        "TargetOriginId": "first" if code else "both",
        "ViewerProtocolPolicy": "allow-all",
        "AllowedMethods": list(methods),
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        **({"FunctionAssociations": [chosen]} if code else {}),
    }
    config = {
        "Enabled": True,
        "Comment": "items",
        "Origins": [origin("first", first), origin("second", second)],
        **({} if code else {"OriginGroups": {"Quantity": 1, "Items": [group]}}),
        "DefaultCacheBehavior": behaviour,
    }
    made = {"Front": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}}
    if code:
        runtime = {"Comment": "chooses", "Runtime": "cloudfront-js-2.0"}
        properties = {"Name": "choose", "AutoPublish": True, "FunctionCode": code, "FunctionConfig": runtime}
        made["Choose"] = {"Type": "AWS::CloudFront::Function", "Properties": properties}
    return template(made, {"Domain": get_att("Front", "DomainName")})


def behind_both(aws: Aws, **more: Any) -> str:
    for region in (FIRST, SECOND):
        deployed(aws, region, api(region))
    deployed(aws, REGION, distribution(address(aws, FIRST), address(aws, SECOND), **more), "front")
    return output(aws, REGION, "front", "Domain")


def test_a_group_of_origins_reaches_cloudfront(aws: Aws) -> None:
    behind_both(aws)
    (found,) = aws.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    config = aws.client("cloudfront").get_distribution_config(Id=found["Id"])["DistributionConfig"]
    (group,) = config["OriginGroups"]["Items"]
    assert sorted(group["FailoverCriteria"]["StatusCodes"]["Items"]) == [500, 502, 503, 504]
    assert [member["OriginId"] for member in group["Members"]["Items"]] == ["first", "second"]
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == "both"


def test_the_second_origin_answers_while_the_first_is_out(aws: Aws, faults: Faults) -> None:
    host = behind_both(aws)
    assert ask(aws, host, "/") == FIRST
    faults.region_out(FIRST)
    assert ask(aws, host, "/") == SECOND
    faults.region_back(FIRST)
    assert ask(aws, host, "/") == FIRST


def test_a_status_of_the_group_fails_over_and_another_does_not(aws: Aws) -> None:
    host = behind_both(aws, codes=(503,))
    aws.client("apigateway", FIRST).delete_stage(restApiId=output(aws, FIRST, "app", "Id"), stageName="live")
    assert ask(aws, host, "/") == "403"
    aws.cloudformation.update_stack(
        StackName="front", TemplateBody=json.dumps(distribution(address(aws, FIRST), address(aws, SECOND), codes=(403,)))
    )
    aws.settled("front")
    assert ask(aws, host, "/") == SECOND


def test_a_group_takes_no_writes(aws: Aws) -> None:
    assert aws.create("front", distribution("a.example.org", "b.example.org", methods=tuple(WRITES))) == "ROLLBACK_COMPLETE"
    reasons = [event.get("ResourceStatusReason", "") for event in aws.events("front")]
    assert any("AllowedMethods cannot include POST, PUT, PATCH, or DELETE" in reason for reason in reasons)


def write(aws: Aws, host: str, path: str) -> int:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(aws.url + path, headers={"Host": host}, method="POST", data=b"{}"), timeout=20
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.skipif(shutil.which("node") is None, reason="functions of CloudFront run in node")
def test_a_function_chooses_a_group_for_reads_and_an_origin_for_writes(aws: Aws, faults: Faults) -> None:
    host = behind_both(aws, methods=tuple(WRITES), code=CODE)
    assert ask(aws, host, "/") == FIRST
    faults.region_out(FIRST)
    assert ask(aws, host, "/") == SECOND
    assert write(aws, host, "/") == 502
    assert write(aws, host, "/second") == 403  # the API of the second region, which has no such method


@pytest.mark.skipif(shutil.which("node") is None, reason="functions of CloudFront run in node")
def test_a_function_that_chooses_what_is_not_there_fails(aws: Aws) -> None:
    host = behind_both(aws, methods=tuple(WRITES), code=CODE.replace("'second'", "'third'"))
    assert ask(aws, host, "/") == "503"


def test_a_distribution_of_https_alone_answers_over_loopback_and_its_health_is_not_the_local_awss(aws: Aws) -> None:
    for region in (FIRST, SECOND):
        deployed(aws, region, api(region))
    made = distribution(address(aws, FIRST), address(aws, SECOND), codes=(502,))
    made["Resources"]["Front"]["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "https-only"
    deployed(aws, REGION, made, "front")
    host = output(aws, REGION, "front", "Domain")
    assert ask(aws, host, "/") == FIRST
    assert ask(aws, host, "/health") == "403"  # the API's: it has no such resource
