"""A distribution with a group of two origins answers from the second where the first does not."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.local.apis import address, api, ask, deployed, output
from tests.local.conftest import REGION, Aws, Faults
from tests.local.templates import Template, get_att, template

pytestmark = pytest.mark.overlay

FIRST, SECOND = "eu-central-1", "eu-west-1"


def distribution(first: str, second: str, codes: tuple[int, ...] = (500, 502, 503, 504)) -> Template:
    def origin(name: str, host: str) -> dict[str, Any]:
        custom = {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
        return {"Id": name, "DomainName": host, "OriginPath": "/live", "CustomOriginConfig": custom}

    group = {
        "Id": "both",
        "FailoverCriteria": {"StatusCodes": {"Quantity": len(codes), "Items": list(codes)}},
        "Members": {"Quantity": 2, "Items": [{"OriginId": "first"}, {"OriginId": "second"}]},
    }
    behaviour = {
        "TargetOriginId": "both",
        "ViewerProtocolPolicy": "allow-all",
        "AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
    }
    config = {
        "Enabled": True,
        "Comment": "items",
        "Origins": [origin("first", first), origin("second", second)],
        "OriginGroups": {"Quantity": 1, "Items": [group]},
        "DefaultCacheBehavior": behaviour,
    }
    made = {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}
    return template({"Front": made}, {"Domain": get_att("Front", "DomainName")})


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


def test_a_write_does_not_fail_over(aws: Aws, faults: Faults) -> None:
    host = behind_both(aws)
    faults.region_out(FIRST)
    request = urllib.request.Request(aws.url, headers={"Host": host}, method="POST", data=b"{}")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=5)
    assert raised.value.code == 502
