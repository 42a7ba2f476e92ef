"""Health checks follow what they look at, and names are answered by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.apis import address, api, ask, deployed
from tests.local.conftest import REGION, Aws, Faults, wait
from tests.local.templates import Template, get_att, one, template

pytestmark = pytest.mark.overlay

FIRST, SECOND = "eu-central-1", "eu-west-1"


def check(**config: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Route53::HealthCheck",
        "Properties": {"HealthCheckConfig": config, "HealthCheckTags": [{"Key": "Name", "Value": "check"}]},
    }


def alarm(name: str) -> dict[str, Any]:
    properties = {"AlarmName": name, "Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {**properties, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore"},
    }


def failover(name: str, which: str, target: str, check_id: Any = None, **alias: Any) -> dict[str, Any]:
    value = {"AliasTarget": alias} if alias else {"TTL": "60", "ResourceRecords": [target]}
    health = {"HealthCheckId": check_id} if check_id else {}
    return {
        "Type": "AWS::Route53::RecordSet",
        "Properties": {
            "HostedZoneId": {"Ref": "Zone"},
            "Name": name,
            "Type": "A" if alias else "CNAME",
            "SetIdentifier": which.lower(),
            "Failover": which,
            **health,
            **value,
        },
    }


def zone() -> dict[str, Any]:
    return {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "example.org"}}


def answered(aws: Aws, name: str, kind: str = "CNAME") -> list[str]:
    found: list[str] = aws.client("route53").test_dns_answer(HostedZoneId=aws.child("app", "Zone"), RecordName=name, RecordType=kind)[
        "RecordData"
    ]
    return found


def set_state(aws: Aws, name: str, state: str) -> None:
    aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def test_a_check_of_an_endpoint_has_what_its_template_says(aws: Aws) -> None:
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "api.example.org", "ResourcePath": "/health", "RequestInterval": 10}
    assert aws.create("app", template({"It": check(**config, FailureThreshold=2, EnableSNI=True)})) == "CREATE_COMPLETE"
    found = aws.client("route53").get_health_check(HealthCheckId=aws.child("app", "It"))["HealthCheck"]["HealthCheckConfig"]
    assert found == {**config, "FailureThreshold": 2, "EnableSNI": True, "Port": 443}
    aws.update("app", template({"It": check(**config, FailureThreshold=3)}))
    (listed,) = aws.client("route53").list_health_checks()["HealthChecks"]
    assert (listed["Id"], listed["HealthCheckConfig"]["FailureThreshold"]) == (aws.child("app", "It"), 3)
    tags = aws.client("route53").list_tags_for_resource(ResourceType="healthcheck", ResourceId=listed["Id"])["ResourceTagSet"]["Tags"]
    assert {"Key": "Name", "Value": "check"} in tags


def test_a_check_goes_with_its_stack(aws: Aws) -> None:
    aws.create("app", template({"It": check(Type="HTTPS", FullyQualifiedDomainName="api.example.org")}))
    aws.cloudformation.delete_stack(StackName="app")
    wait(lambda: not aws.client("route53").list_health_checks()["HealthChecks"], "the check to go")


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"Type": "HTTPS"}, id="endpoint of nothing"),
        pytest.param({"Type": "CALCULATED", "HealthThreshold": 1}, id="calculated of nothing"),
        pytest.param({"Type": "CLOUDWATCH_METRIC"}, id="no alarm"),
        pytest.param({"Type": "PING"}, id="no such kind"),
    ],
)
def test_a_check_of_nothing_is_not_made(aws: Aws, config: dict[str, Any]) -> None:
    assert aws.create("app", template({"It": check(**config)})) == "ROLLBACK_COMPLETE"


def by_alarm(status: str = "Healthy", **more: Any) -> Template:
    named = {"Name": "primary", "Region": REGION}
    return template(
        {
            "Zone": zone(),
            "Alarm": alarm("primary"),
            "Check": check(Type="CLOUDWATCH_METRIC", AlarmIdentifier=named, InsufficientDataHealthStatus=status, **more),
            "First": failover("www.example.org", "PRIMARY", "first.example.org", {"Ref": "Check"}),
            "Second": failover("www.example.org", "SECONDARY", "second.example.org"),
        }
    )


def test_a_name_follows_the_alarm_behind_its_check(aws: Aws) -> None:
    aws.create("app", by_alarm())
    assert answered(aws, "www.example.org") == ["first.example.org"]
    set_state(aws, "primary", "ALARM")
    assert answered(aws, "www.example.org") == ["second.example.org"]
    set_state(aws, "primary", "OK")
    assert answered(aws, "www.example.org") == ["first.example.org"]


@pytest.mark.parametrize(("status", "expected"), [("Unhealthy", "second"), ("LastKnownStatus", "first")])
def test_an_alarm_without_data_counts_as_its_check_says(aws: Aws, status: str, expected: str) -> None:
    aws.create("app", by_alarm(status))
    assert answered(aws, "www.example.org") == [f"{expected}.example.org"]


def test_an_inverted_check_is_healthy_when_its_alarm_rings(aws: Aws) -> None:
    aws.create("app", by_alarm(Inverted=True))
    set_state(aws, "primary", "ALARM")
    assert answered(aws, "www.example.org") == ["first.example.org"]


def test_a_calculated_check_needs_so_many_healthy_children(aws: Aws) -> None:
    resources: dict[str, Any] = {name: alarm(name.lower()) for name in ("A", "B")}
    for name in ("A", "B"):
        named = {"Name": name.lower(), "Region": REGION}
        resources[f"{name}Check"] = check(Type="CLOUDWATCH_METRIC", AlarmIdentifier=named, InsufficientDataHealthStatus="Healthy")
    children = [{"Ref": "ACheck"}, {"Ref": "BCheck"}]
    resources["Check"] = check(Type="CALCULATED", ChildHealthChecks=children, HealthThreshold=1)
    resources["Zone"] = zone()
    resources["First"] = failover("www.example.org", "PRIMARY", "first.example.org", {"Ref": "Check"})
    resources["Second"] = failover("www.example.org", "SECONDARY", "second.example.org")
    assert aws.create("app", template(resources)) == "CREATE_COMPLETE"
    set_state(aws, "a", "ALARM")
    assert answered(aws, "www.example.org") == ["first.example.org"]
    set_state(aws, "b", "ALARM")
    assert answered(aws, "www.example.org") == ["second.example.org"]


def test_a_primary_answers_where_neither_is_healthy(aws: Aws) -> None:
    made = by_alarm()
    made["Resources"]["Second"]["Properties"]["HealthCheckId"] = {"Ref": "Check"}
    aws.create("app", made)
    set_state(aws, "primary", "ALARM")
    assert answered(aws, "www.example.org") == ["first.example.org"]


def test_a_name_that_is_not_there_has_no_answer(aws: Aws) -> None:
    aws.create("app", template({"Zone": zone()}))
    answer = aws.client("route53").test_dns_answer(HostedZoneId=aws.child("app", "Zone"), RecordName="no.example.org", RecordType="A")
    assert (answer["ResponseCode"], answer["RecordData"]) == ("NXDOMAIN", [])
    with pytest.raises(ClientError, match="NoSuchHostedZone"):
        aws.client("route53").test_dns_answer(HostedZoneId="Z0", RecordName="no.example.org", RecordType="A")


def domain(region: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    certificate = {"DomainName": "www.example.org", "ValidationMethod": "DNS"}
    properties = {
        "DomainName": "www.example.org",
        "RegionalCertificateArn": {"Ref": "Certificate"},
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
        "SecurityPolicy": "TLS_1_2",
    }
    mapping = {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Api"}, "Stage": "live"}
    return (
        ("Certificate", {"Type": "AWS::CertificateManager::Certificate", "Properties": certificate}),
        ("Domain", {"Type": "AWS::ApiGateway::DomainName", "Properties": properties}),
        ("Mapping", {"Type": "AWS::ApiGateway::BasePathMapping", "Properties": mapping, "DependsOn": "Deployment"}),
    )


def test_a_custom_domain_in_two_regions_fails_over_when_a_region_is_out(aws: Aws, faults: Faults) -> None:
    """Certificate, regional domain, mapping, health check, alias records with failover: all from templates, and asked over HTTP."""
    targets: dict[str, tuple[str, str]] = {}
    for region in (FIRST, SECOND):
        made = api(region, *domain(region))
        made["Outputs"] |= {
            "Name": {"Value": get_att("Domain", "RegionalDomainName")},
            "Of": {"Value": get_att("Domain", "RegionalHostedZoneId")},
        }
        deployed(aws, region, made)
        found = {
            o["OutputKey"]: o["OutputValue"]
            for o in aws.client("cloudformation", region).describe_stacks(StackName="app")["Stacks"][0]["Outputs"]
        }
        targets[region] = (found["Name"], found["Of"])
    primary = check(
        Type="HTTPS", FullyQualifiedDomainName=address(aws, FIRST), ResourcePath="/live/", RequestInterval=10, FailureThreshold=2
    )
    records = {
        which.title(): failover(
            "www.example.org",
            which,
            "",
            {"Ref": "Check"} if which == "PRIMARY" else None,
            DNSName=targets[region][0],
            HostedZoneId=targets[region][1],
            EvaluateTargetHealth=True,
        )
        for which, region in (("PRIMARY", FIRST), ("SECONDARY", SECOND))
    }
    assert aws.create("app", template({"Zone": zone(), "Check": primary, **records})) == "CREATE_COMPLETE"
    assert ask(aws, "www.example.org", "/") == FIRST
    faults.region_out(FIRST)
    wait(lambda: ask(aws, "www.example.org", "/") == SECOND, "the name to move")
    observed = aws.client("route53").get_health_check_status(HealthCheckId=aws.child("app", "Check"))["HealthCheckObservations"]
    assert observed[0]["StatusReport"]["Status"].startswith("Failure")
    faults.region_back(FIRST)
    wait(lambda: ask(aws, "www.example.org", "/") == FIRST, "the name to move back")


def test_the_status_of_a_check_is_a_metric(aws: Aws) -> None:
    aws.create(
        "app",
        one(
            "AWS::Route53::HealthCheck",
            HealthCheckConfig={
                "Type": "HTTPS",
                "FullyQualifiedDomainName": "nobody.example.org",
                "RequestInterval": 10,
                "FailureThreshold": 1,
            },
        ),
    )
    check_id = aws.child("app", "It")
    dimensions = [{"Name": "HealthCheckId", "Value": check_id}]

    def lowest() -> float | None:
        now = datetime.now(UTC)
        points = aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Route53",
            MetricName="HealthCheckStatus",
            Dimensions=dimensions,
            Statistics=["Minimum"],
            Period=60,
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
        )["Datapoints"]
        return min((point["Minimum"] for point in points), default=None)

    wait(lambda: lowest() == 0, "the metric to say so")
