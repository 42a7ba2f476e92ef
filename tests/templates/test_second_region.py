"""The second region of an environment: switched by its file alone, and what leads traffic to the region that serves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from env.model import Environment
from env.recovery import Domain
from resources.registry import taggable
from templates.build import AnyBuilt, Built, build
from templates.manifest import manifest

Builds = dict[str, Built]
DOMAIN = Domain(name="api.example.com", hosted_zone="Z0123456789ABC")
HOME, SECOND = "us-east-1", "us-west-2"


def with_domain(env: Environment) -> Environment:
    assert env.disaster_recovery
    return structs.replace(env, disaster_recovery=structs.replace(env.disaster_recovery, domain=DOMAIN))


@pytest.fixture(scope="module")
def named(builds: Builds) -> Built:
    """prod, with a domain."""
    return build(with_domain(builds["prod"].env))


def of_type(document: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {title: one.get("Properties", {}) for title, one in document["Resources"].items() if one["Type"] == f"AWS::{kind}"}


def only(document: dict[str, Any], kind: str) -> dict[str, Any]:
    (properties,) = of_type(document, kind).values()
    return properties


@pytest.mark.row("R16")
@pytest.mark.parametrize("name", ["dev", "staging"])
def test_an_environment_without_a_second_region_has_nothing_of_it(builds: Builds, name: str) -> None:
    built = builds[name]
    made = manifest(built, {}, [])
    assert ([stack.name for stack in made.stacks], made.failover) == ([f"tap-app-{name}"], None)
    assert [one.region for one in made.artifacts] == [one.region for one in made.bootstraps] == [built.env.region]
    text = json.dumps(built.whole.templates)
    assert not any(word in text.lower() for word in ("firstbucket", "/failover", "tap-switch", "cloudfront", "route53", "us-west-2"))


@pytest.mark.row("R16")
def test_the_file_alone_switches_it_on_and_off(builds: Builds) -> None:
    """dev with prod's section has what prod has, and prod without it what dev has: no name decides."""
    section = builds["prod"].env.disaster_recovery
    on = build(structs.replace(builds["dev"].env, disaster_recovery=section))
    off = build(structs.replace(builds["prod"].env, disaster_recovery=None))
    assert on.templates.keys() == builds["prod"].templates.keys()
    assert off.templates.keys() == builds["dev"].templates.keys()
    assert [stack.name for stack in manifest(on, {}, []).stacks] == ["tap-replica-dev", "tap-app-dev", "tap-edge-dev"]


@pytest.mark.row("R16")
def test_its_stacks_come_in_the_order_in_which_each_finds_what_it_needs(builds: Builds, named: Built) -> None:
    made = manifest(builds["prod"], {}, [])
    assert [(stack.name, stack.region) for stack in made.stacks] == [
        ("tap-replica-prod", SECOND),
        ("tap-app-prod", HOME),
        ("tap-edge-prod", SECOND),
    ]
    needs = {need.parameter: (need.stack, need.output, need.otherwise) for stack in made.stacks for need in stack.needs}
    assert needs == {
        "FirstBucketName": ("tap-app-prod", "DataBucketName", "none"),
        "FirstApiHost": ("tap-app-prod", "ApiHost", ""),
        "SecondApiHost": ("tap-replica-prod", "ApiHost", ""),
        "ActiveRegion": ("", "", HOME),
    }
    assert len({need.path for stack in made.stacks for need in stack.needs}) == len(needs)
    assert [stack.name for stack in manifest(named, {}, []).stacks] == ["tap-replica-prod", "tap-app-prod"]


@pytest.mark.row("R16")
@pytest.mark.parametrize("domain", [False, True], ids=["edge", "domain"])
def test_what_a_stack_needs_the_roots_give_and_take(builds: Builds, named: Built, domain: bool) -> None:
    built = named if domain else builds["prod"]
    made = manifest(built, {}, [])
    roots = {stack.name: built.templates[stack.root] for stack in made.stacks}
    for stack in made.stacks:
        assert {need.parameter for need in stack.needs} == roots[stack.name].get("Parameters", {}).keys()
        for need in stack.needs:
            assert not need.stack or need.output in roots[need.stack]["Outputs"]


@pytest.mark.row("R16")
def test_the_manifest_says_what_moves_the_traffic(builds: Builds, named: Built) -> None:
    plain, own = (manifest(built, {}, []).failover for built in (builds["prod"], named))
    assert plain
    assert own
    assert (plain.region, plain.standby, plain.app, plain.replica) == (HOME, SECOND, "tap-app-prod", "tap-replica-prod")
    assert (plain.domain, plain.edge, plain.active) == ("", "tap-edge-prod", "/tap/prod/failover/active")
    assert (own.domain, own.edge, own.active) == ("api.example.com", "", "")
    switch = only(builds["prod"].templates["replica_failover"], "CloudWatch::Alarm")
    assert (switch["AlarmName"], switch["Namespace"], switch["TreatMissingData"]) == (plain.switch, plain.switch_namespace, "ignore")
    assert {one.region for one in manifest(builds["prod"], {}, []).artifacts} == {HOME, SECOND}


@pytest.mark.row("R16")
def test_each_region_has_its_own_roles_bucket_gate_and_detector(builds: Builds) -> None:
    made = manifest(builds["prod"], {}, [])
    by_region: dict[str, list[str]] = {HOME: [], SECOND: []}
    for one in made.bootstraps:
        by_region[one.region].append(one.name)
        assert one.roles
        assert one.region in one.roles.deploy
    assert by_region == {region: ["tap-bootstrap-prod", "tap-bootstrap-failover-prod"] for region in (HOME, SECOND)}
    assert {(one.stack, one.region) for one in made.drift} == {("tap-replica-prod", SECOND), ("tap-app-prod", HOME)}
    kinds = {one.region: set(one.types) for one in made.bootstraps if one.name == "tap-bootstrap-prod"}
    assert kinds[HOME] - kinds[SECOND] == {"AWS::DynamoDB::GlobalTable"}
    assert kinds[SECOND] <= kinds[HOME]


@pytest.mark.row("R16")
def test_the_second_region_has_every_service_and_equal_texts_are_one(builds: Builds) -> None:
    built = builds["prod"]
    home = {name: built.encoded[name] for name in built.encoded if not name.startswith(("replica_", "edge_"))}
    assert {f"replica_{name}" for name in home} <= built.encoded.keys()
    equal = {name for name, data in home.items() if built.encoded[f"replica_{name}"] == data}
    assert equal >= {"messaging", "compute", "monitoring"}


@pytest.mark.row("R16")
def test_objects_go_both_ways_and_back_once_the_first_bucket_is_there(builds: Builds) -> None:
    built = builds["prod"]
    first = of_type(built.templates["storage"], "S3::Bucket")["DataBucket"]["ReplicationConfiguration"]
    condition, back, nothing = of_type(built.templates["replica_storage"], "S3::Bucket")["DataBucket"]["ReplicationConfiguration"]["Fn::If"]
    assert nothing == {"Ref": "AWS::NoValue"}
    assert built.templates["replica_storage"]["Conditions"] == {
        condition: {"Fn::Not": [{"Fn::Equals": [{"Ref": "FirstBucketName"}, "none"]}]}
    }
    for rules, region in ((first["Rules"], SECOND), (back["Rules"], HOME)):
        (rule,) = rules
        assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
        assert rule["Destination"]["Metrics"]["Status"] == "Enabled"
        assert rule["Destination"]["Bucket"]["Fn::Sub"] == f"arn:${{AWS::Partition}}:s3:::tap-data-${{AWS::AccountId}}-{region}-prod"
        assert f":kms:{region}:" in rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"]["Fn::Sub"]


@pytest.mark.row("R16")
@pytest.mark.parametrize(("keys", "other"), [("keys", SECOND), ("replica_keys", HOME)])
def test_each_regions_key_knows_both_replication_roles_and_who_makes_the_tables_copy(builds: Builds, keys: str, other: str) -> None:
    statements = of_type(builds["prod"].templates[keys], "KMS::Key")["DataKey"]["KeyPolicy"]["Statement"]
    allowed = {
        one["Sid"]: (one["Action"], json.dumps(one["Condition"])) for one in statements if one["Effect"] == "Allow" and "Condition" in one
    }
    assert allowed["Replication"][0] == ["kms:Decrypt"]
    assert "role/tap-replication-${AWS::Region}-prod" in allowed["Replication"][1]
    assert allowed["Replicas"][0] == ["kms:Encrypt"]
    assert f"role/tap-replication-{other}-prod" in allowed["Replicas"][1]
    assert f"role/tap-execution-{other}-prod" in allowed["Grants"][1]


@pytest.mark.row("R16")
def test_the_first_regions_table_makes_the_copy_and_both_say_when_it_lags(builds: Builds) -> None:
    built = builds["prod"]
    replicas = only(built.templates["data"], "DynamoDB::GlobalTable")["Replicas"]
    assert [one["Region"] for one in replicas] == [{"Ref": "AWS::Region"}, SECOND]
    assert not of_type(built.templates["replica_data"], "DynamoDB::GlobalTable")
    assert built.templates["replica_data"]["Outputs"]["TableName"]["Value"] == "tap-items-prod"
    for service, receiving in (("data", SECOND), ("replica_data", HOME)):
        lag = only(built.templates[service], "CloudWatch::Alarm")
        assert {"Name": "ReceivingRegion", "Value": receiving} in lag["Dimensions"]
        assert lag["MetricName"] == "ReplicationLatency"


@pytest.mark.row("R16")
def test_a_domain_leads_to_the_first_region_unless_it_is_ill_or_switched_off(named: Built) -> None:
    first, second = named.templates["failover"], named.templates["replica_failover"]
    records = [only(document, "Route53::RecordSet") for document in (first, second)]
    assert [one["Failover"] for one in records] == ["PRIMARY", "SECONDARY"]
    assert {(one["Name"], one["HostedZoneId"], one["Type"]) for one in records} == {("api.example.com", "Z0123456789ABC", "A")}
    checks = {title: one["HealthCheckConfig"] for title, one in of_type(first, "Route53::HealthCheck").items()}
    calculated = checks[records[0]["HealthCheckId"]["Ref"]]
    assert calculated["Type"] == "CALCULATED"
    children = [checks[one["Ref"]] for one in calculated["ChildHealthChecks"]]
    assert {one["Type"] for one in children} == {"HTTPS", "CLOUDWATCH_METRIC"}
    assert calculated["HealthThreshold"] == len(children), "both have to be well"
    switch = next(one for one in children if one["Type"] == "CLOUDWATCH_METRIC")
    assert switch["AlarmIdentifier"] == {"Name": "tap-switch-prod", "Region": SECOND}
    assert switch["InsufficientDataHealthStatus"] == "LastKnownStatus"
    assert next(one for one in children if one["Type"] == "HTTPS")["ResourcePath"] == "/live/health"
    for document in (first, second):
        assert only(document, "CertificateManager::Certificate")["ValidationMethod"] == "DNS"
        assert only(document, "ApiGateway::DomainName")["SecurityPolicy"] == "TLS_1_2"
        assert only(document, "ApiGateway::BasePathMapping")["Stage"] == "live"


@pytest.mark.row("R16")
def test_without_a_domain_a_distribution_leads_to_the_active_region_and_reads_to_the_other_where_it_fails(builds: Builds) -> None:
    document = builds["prod"].templates["edge_distribution"]
    config = only(document, "CloudFront::Distribution")["DistributionConfig"]
    assert [(one["Id"], one["DomainName"]["Ref"], one["OriginPath"]) for one in config["Origins"]] == [
        ("first", "FirstApiHost", "/live"),
        ("second", "SecondApiHost", "/live"),
    ]
    for origin in config["Origins"]:
        assert origin["CustomOriginConfig"] == {"HTTPSPort": 443, "OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    behaviour = config["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    assert behaviour["TargetOriginId"] == {"Fn::If": ["FirstServes", "first", "second"]}
    assert "POST" in behaviour["AllowedMethods"]
    assert document["Conditions"]["FirstServes"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ActiveRegion"}, {"Ref": "AWS::Region"}]}]}
    function = only(document, "CloudFront::Function")
    code, values = function["FunctionCode"]["Fn::Sub"]
    assert values == {"Active": {"Fn::If": ["FirstServes", "first", "second"]}, "Other": {"Fn::If": ["FirstServes", "second", "first"]}}
    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert "[500, 502, 503, 504]" in code
    assert "'GET', 'HEAD', 'OPTIONS'" in code


@pytest.mark.row("R19")
@pytest.mark.parametrize("domain", [False, True], ids=["edge", "domain"])
def test_everything_of_both_regions_that_takes_tags_has_the_six(builds: Builds, named: Built, domain: bool) -> None:
    built: AnyBuilt = named if domain else builds["prod"]
    wanted = {"CostCenter", "Environment", "ManagedBy", "Owner", "Project", "Service"}
    seen = set()
    for document in built.whole.templates.values():
        for title, resource in document["Resources"].items():
            form = taggable().get(resource["Type"])
            if form is None or "*" in form:
                continue
            tags = resource["Properties"][form[:-2]]
            assert wanted <= ({one["Key"] for one in tags} if isinstance(tags, list) else tags.keys()), title
            seen.add(resource["Type"])
    leads = {"AWS::Route53::HealthCheck", "AWS::CertificateManager::Certificate", "AWS::ApiGateway::DomainName"}
    assert seen >= (leads if domain else {"AWS::CloudFront::Distribution", "AWS::CloudFront::Function"})
