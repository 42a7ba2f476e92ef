"""What stands in front of both regions, deployed: whether it leads to the target is asked through it, and recorded."""

from __future__ import annotations

import json

import pytest

from tests.deploy.pair import FAR
from tests.deploy.world import ENVIRONMENT
from tests.failover.conftest import Twin
from tests.failover.test_asking import front
from tests.failover.test_story import history
from tests.local.apis import api, deployed
from tests.local.conftest import REGION
from tests.local.templates import get_att, template

pytestmark = pytest.mark.row("R16")


def own_name(twin: Twin) -> str:
    return f"api-{twin.aws.account}.example.org"


def leading(twin: Twin) -> Twin:
    """The domain in both regions, with a record for the one that is in reserve alone: where traffic has moved."""
    name = own_name(twin)
    for region in (REGION, FAR):
        own = {"DomainName": name, "EndpointConfiguration": {"Types": ["REGIONAL"]}, "SecurityPolicy": "TLS_1_2"}
        certificate = {"DomainName": name, "ValidationMethod": "DNS"}
        mapping = {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Api"}, "Stage": "live", "BasePath": "health"}
        made = api(
            json.dumps({"status": "ok", "region": region}),
            ("Certificate", {"Type": "AWS::CertificateManager::Certificate", "Properties": certificate}),
            ("Domain", {"Type": "AWS::ApiGateway::DomainName", "Properties": own | {"RegionalCertificateArn": {"Ref": "Certificate"}}}),
            ("Mapping", {"Type": "AWS::ApiGateway::BasePathMapping", "Properties": mapping, "DependsOn": "Deployment"}),
        )
        made["Outputs"] |= {
            "Name": {"Value": get_att("Domain", "RegionalDomainName")},
            "Of": {"Value": get_att("Domain", "RegionalHostedZoneId")},
        }
        deployed(twin.aws, region, made, "front")
    return twin


def lead(twin: Twin, region: str) -> None:
    stack = twin.aws.client("cloudformation", region).describe_stacks(StackName="front")["Stacks"][0]
    found = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    alias = {"DNSName": found["Name"], "HostedZoneId": found["Of"], "EvaluateTargetHealth": False}
    record = {"Name": own_name(twin), "Type": "A", "HostedZoneId": {"Ref": "Zone"}, "AliasTarget": alias}
    zone = {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "example.org"}}
    made = template({"Zone": zone, "Record": {"Type": "AWS::Route53::RecordSet", "Properties": record}})
    twin.aws.create("names", made)


@pytest.mark.overlay
def test_after_the_switch_the_domain_is_asked_and_the_record_has_what_it_said(twin: Twin) -> None:
    lead(leading(twin), FAR)
    path = twin.folder / ENVIRONMENT / "manifest.json"
    written = json.loads(path.read_text())
    written["failover"]["domain"] = own_name(twin)
    written["checks"].append({"check": "http", "path": "/health"})
    path.write_text(json.dumps(written))
    answer = twin.run("failover", ENVIRONMENT, "--yes")
    assert answer.code == 0, answer.out + answer.err
    assert f"check front GET https://{own_name(twin)}/health passed" in answer.err
    record = history(twin, FAR)[0]
    (found,) = [one for one in record["checks"] if one["check"] == "front"]
    assert (found["name"], found["ok"]) == (f"GET https://{own_name(twin)}/health", True)
    assert FAR in found["output"]


@pytest.mark.overlay
def test_a_domain_whose_record_leads_to_the_other_region_has_not_moved(twin: Twin) -> None:
    lead(leading(twin), REGION)
    found = front(int(twin.aws.url.rpartition(":")[2]), name=own_name(twin)).ask(FAR)
    assert (found.ok, found.reason) == (False, f"it is answered from {REGION}")


def test_a_distribution_that_names_no_address_is_said_and_no_failure(edged: Twin) -> None:
    path = edged.folder / ENVIRONMENT / "manifest.json"
    written = json.loads(path.read_text())
    written["checks"].append({"check": "http", "path": "/health"})
    path.write_text(json.dumps(written))
    answer = edged.run("failover", ENVIRONMENT, "--yes")
    assert answer.code == 0, answer.out + answer.err
    assert f"whether users reach {FAR} is not known here: GET /health: stack tap-edge-dev has no output EdgeUrl" in " ".join(
        answer.err.split()
    )


def test_without_a_name_in_front_nothing_is_asked(twin: Twin) -> None:
    assert twin.run("failover", ENVIRONMENT, "--yes").code == 0
    assert not [one for one in history(twin, FAR)[0]["checks"] if one["check"] == "front"]
