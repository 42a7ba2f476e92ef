"""The rows of the requirements that a template proves, over the real templates of every environment."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from typing import Any

import pytest

from resources.registry import taggable
from templates.build import Built
from tests.conftest import ENVIRONMENTS

Builds = dict[str, Built]
every = pytest.mark.parametrize("name", ENVIRONMENTS)

REQUIRED_TAGS = {"Environment", "Project", "Service", "Owner", "CostCenter", "ManagedBy"}


def of_type(built: Built, resource_type: str) -> dict[str, dict[str, Any]]:
    """Flat logical id -> properties."""
    found = built.flat["Resources"].items()
    return {flat_id: resource.get("Properties", {}) for flat_id, resource in found if resource["Type"] == resource_type}


def one(built: Built, resource_type: str) -> dict[str, Any]:
    (properties,) = of_type(built, resource_type).values()
    return properties


def functions(built: Built) -> dict[str, dict[str, Any]]:
    return {properties["FunctionName"].split("-")[1]: properties for properties in of_type(built, "AWS::Lambda::Function").values()}


@pytest.mark.row("R03")
@every
def test_functions_have_the_memory_of_their_environment(stacks: Builds, name: str) -> None:
    expected = {"dev": 512, "staging": 1024, "prod": 2048}[name]
    assert {made["MemorySize"] for made in functions(stacks[name]).values()} == {expected}


@pytest.mark.row("R23")
@every
def test_functions_reserve_the_concurrency_of_their_environment(stacks: Builds, name: str) -> None:
    expected = {"dev": 10, "staging": 50, "prod": 200}[name]
    reserved = {thing: made["ReservedConcurrentExecutions"] for thing, made in functions(stacks[name]).items()}
    assert reserved == {"api": expected, "worker": expected, "drift": 1}


@pytest.mark.row("R04")
@every
def test_the_table_is_on_demand_encrypted_and_recoverable_in_prod_only(stacks: Builds, name: str) -> None:
    table = one(stacks[name], "AWS::DynamoDB::GlobalTable")
    first = table["Replicas"][0]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert first["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["KeysDataKey", "Arn"]}
    assert first["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is (name == "prod")
    assert first["DeletionProtectionEnabled"] is (name != "dev")


@pytest.mark.row("R05")
@pytest.mark.row("R17")
@every
def test_the_stage_is_throttled_logged_and_traced(stacks: Builds, name: str) -> None:
    stage = one(stacks[name], "AWS::ApiGateway::Stage")
    (settings,) = stage["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == {"dev": 100, "staging": 500, "prod": 2000}[name]
    assert settings["ThrottlingBurstLimit"] >= settings["ThrottlingRateLimit"]
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert settings["DataTraceEnabled"] is False
    assert settings["LoggingLevel"] == "ERROR"
    assert stage["TracingEnabled"] is True
    assert "$context.requestId" in json.loads(stage["AccessLogSetting"]["Format"]).values()
    assert stage["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogGroup", "Arn"]}


@pytest.mark.row("R06")
@every
def test_objects_move_and_expire_as_s3_allows(stacks: Builds, name: str) -> None:
    (rule,) = of_type(stacks[name], "AWS::S3::Bucket")["StorageDataBucket"]["LifecycleConfiguration"]["Rules"]
    expiry = {"dev": 30, "staging": 90, "prod": None}[name]
    transitions = [(move["StorageClass"], move["TransitionInDays"]) for move in rule.get("Transitions", [])]
    assert rule.get("ExpirationInDays") == expiry
    assert transitions == ([] if name == "dev" else [("INTELLIGENT_TIERING", 30)])
    assert rule["NoncurrentVersionTransitions"] == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


@pytest.mark.row("R07")
@every
def test_the_queue_keeps_retries_and_gives_up_as_the_environment_says(stacks: Builds, name: str) -> None:
    queues = of_type(stacks[name], "AWS::SQS::Queue")
    jobs, dead = queues["MessagingJobsQueue"], queues["MessagingJobsDeadLetterQueue"]
    assert jobs["MessageRetentionPeriod"] == {"dev": 4, "staging": 10, "prod": 14}[name] * 86_400
    assert jobs["RedrivePolicy"]["maxReceiveCount"] == stacks[name].env.queue.max_receive_count
    assert jobs["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["MessagingJobsDeadLetterQueue", "Arn"]}
    assert dead["MessageRetentionPeriod"] == 14 * 86_400
    assert dead["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
    assert jobs["VisibilityTimeout"] == 6 * functions(stacks[name])["worker"]["Timeout"]
    assert ("KmsMasterKeyId" in jobs) is (name != "dev")


@pytest.mark.row("R09")
@every
def test_drift_is_detected_on_a_schedule_with_an_alarm_and_a_notice(stacks: Builds, name: str) -> None:
    built = stacks[name]
    rule = one(built, "AWS::Events::Rule")
    assert rule["ScheduleExpression"] == f"rate({built.env.drift.every_hours} hours)"
    assert rule["Targets"][0]["Arn"] == {"Ref": "DriftDriftFunctionAlias"}
    alarms = of_type(built, "AWS::CloudWatch::Alarm")
    found, stopped = alarms["DriftDriftAlarm"], alarms["DriftDriftStoppedAlarm"]
    assert found["AlarmActions"] == stopped["AlarmActions"] == [{"Ref": "MessagingDriftTopic"}]
    # Silence is what tells, and not a new environment's, whose alarm begins without data.
    assert (stopped["TreatMissingData"], stopped["InsufficientDataActions"]) == ("missing", stopped["AlarmActions"])
    assert functions(built)["drift"]["Environment"]["Variables"]["STACK_NAME"] == f"tap-app-{name}"


@pytest.mark.row("R14")
@every
def test_the_vpc_has_three_zones_with_public_and_private_subnets_of_its_own(stacks: Builds, name: str) -> None:
    built = stacks[name]
    vpc = ipaddress.IPv4Network(one(built, "AWS::EC2::VPC")["CidrBlock"])
    subnets = of_type(built, "AWS::EC2::Subnet")
    zones = {json.dumps(subnet["AvailabilityZone"]) for subnet in subnets.values()}
    assert (len(subnets), len(zones)) == (6, 3)
    assert all(ipaddress.IPv4Network(subnet["CidrBlock"]).subnet_of(vpc) for subnet in subnets.values())
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets.values())
    others = [
        ipaddress.IPv4Network(one(other, "AWS::EC2::VPC")["CidrBlock"]) for key, other in stacks.items() if key not in (name, "prod edge")
    ]
    assert not any(vpc.overlaps(other) for other in others)


@pytest.mark.row("R14")
@every
def test_private_subnets_leave_by_as_many_nat_gateways_as_the_environment_pays_for(stacks: Builds, name: str) -> None:
    built = stacks[name]
    gateways = of_type(built, "AWS::EC2::NatGateway")
    kinds = [endpoint["VpcEndpointType"] for endpoint in of_type(built, "AWS::EC2::VPCEndpoint").values()]
    routes = [route for route in of_type(built, "AWS::EC2::Route").values() if "NatGatewayId" in route]
    assert len(gateways) == {"dev": 0, "staging": 1, "prod": 3}[name]
    assert len(routes) == (0 if name == "dev" else 3)
    assert kinds.count("Gateway") == 2
    assert (kinds.count("Interface") > 0) is (name == "dev")


@pytest.mark.row("R16")
@every
def test_replication_is_switched_by_the_environment_file(stacks: Builds, name: str) -> None:
    built = stacks[name]
    bucket = of_type(built, "AWS::S3::Bucket")["StorageDataBucket"]
    replicas = [replica["Region"] for replica in one(built, "AWS::DynamoDB::GlobalTable")["Replicas"]]
    assert replicas == [{"Ref": "AWS::Region"}, *(["us-west-2"] if name == "prod" else [])]
    assert ("ReplicationConfiguration" in bucket) is (name == "prod")
    if name == "prod":
        (rule,) = bucket["ReplicationConfiguration"]["Rules"]
        assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
        assert rule["Destination"]["Bucket"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::tap-data-${AWS::AccountId}-us-west-2-prod"}


def tags_of(resource: dict[str, Any]) -> Iterator[set[str]]:
    """The tag keys at every place of a resource where its type takes tags."""
    path = taggable().get(resource["Type"])
    if path is None:
        return
    *lists, last = path.split("/*/")
    places = [resource.get("Properties", {})]
    for part in lists:
        places = [item for place in places for item in place[part]]
    for place in places:
        value = place.get(last[:-2], [])
        yield set(value) if isinstance(value, dict) else {entry["Key"] for entry in value}


@pytest.mark.row("R19")
@every
def test_every_taggable_resource_carries_the_six_tags(stacks: Builds, name: str) -> None:
    counted = 0
    for service, document in stacks[name].templates.items():
        for logical_id, resource in document["Resources"].items():
            for keys in tags_of(resource):
                assert keys >= REQUIRED_TAGS, f"{service}/{logical_id}"
                counted += 1
    assert counted > 80


@pytest.mark.row("R19")
def test_the_table_of_taggable_types_is_what_the_schemas_say() -> None:
    from resources import registry

    assert registry.taggable() == registry.derive(), "run: python -m resources.registry"


@pytest.mark.row("R21")
@every
def test_every_output_of_every_service_is_a_parameter(stacks: Builds, name: str) -> None:
    built = stacks[name]
    paths = {made["Name"] for made in of_type(built, "AWS::SSM::Parameter").values()}
    outputs = {
        f"/tap/{name}/outputs/{service}/{output}"
        for service, document in built.templates.items()
        if service != "root"
        for output in document.get("Outputs", {})
    }
    assert outputs == {path for path in paths if "/outputs/" in path}
    given = {output for document in built.templates.values() for output in document.get("Outputs", {})}
    assert set(built.templates["root"]["Outputs"]) <= given


@pytest.mark.row("R25")
@every
def test_runtime_configuration_has_its_defaults_in_parameter_store(stacks: Builds, name: str) -> None:
    built = stacks[name]
    stored = {made["Name"]: made["Value"] for made in of_type(built, "AWS::SSM::Parameter").values() if "/config/" in made["Name"]}
    assert stored == {f"/tap/{name}/config/{key}": setting.default for key, setting in built.env.runtime.settings.items()}
    for made in functions(built).values():
        assert made["Environment"]["Variables"]["CONFIG_PATH"] == f"/tap/{name}/config"


def statements(built: Built) -> Iterator[tuple[str, dict[str, Any]]]:
    for flat_id, properties in of_type(built, "AWS::IAM::ManagedPolicy").items():
        for statement in properties["PolicyDocument"]["Statement"]:
            yield flat_id, statement


@pytest.mark.row("R22")
@every
def test_each_function_has_a_role_of_its_own_within_the_boundary(stacks: Builds, name: str) -> None:
    built = stacks[name]
    roles = [made["Role"]["Fn::GetAtt"][0] for made in functions(built).values()]
    assert len(set(roles)) == len(roles) == 3
    for role in of_type(built, "AWS::IAM::Role").values():
        assert "policy/tap-boundary-" in role["PermissionsBoundary"]["Fn::Sub"]
        assert not role.get("Policies")


@pytest.mark.row("R22")
@every
def test_no_permission_is_wider_than_its_action_needs(stacks: Builds, name: str) -> None:
    for flat_id, statement in statements(stacks[name]):
        assert not any("*" in action for action in statement["Action"]), flat_id
        if "*" in statement["Resource"]:
            assert "aws:RequestedRegion" in statement["Condition"]["StringEquals"], flat_id


@pytest.mark.row("R24")
@every
def test_alarms_watch_what_users_notice_and_one_composite_alarm_holds_them_all(stacks: Builds, name: str) -> None:
    built = stacks[name]
    alarms = {key: made for key, made in of_type(built, "AWS::CloudWatch::Alarm").items() if key.startswith("Monitoring")}
    metrics = {made.get("MetricName", "rate") for made in alarms.values()}
    assert metrics >= {
        "Errors",
        "Throttles",
        "Duration",
        "5XXError",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
        "rate",
    }
    composite = one(built, "AWS::CloudWatch::CompositeAlarm")
    rule = composite["AlarmRule"]["Fn::Sub"]
    assert all(f'ALARM("${{{key}}}")' in rule for key in alarms)
    assert rule.count("ALARM(") == len(alarms)
    assert composite["AlarmName"] == f"tap-release-{name}"
    for key, made in alarms.items():
        assert made["AlarmActions"] == made["OKActions"] == [{"Ref": "MessagingAlarmTopic"}], key
        assert made["TreatMissingData"] == "notBreaching", key
        assert 1 <= made["DatapointsToAlarm"] <= made["EvaluationPeriods"], key


@pytest.mark.row("R24")
@every
def test_alarms_on_functions_speak_of_the_alias_that_runs_the_release(stacks: Builds, name: str) -> None:
    found = [made for made in of_type(stacks[name], "AWS::CloudWatch::Alarm").values() if made.get("Namespace") == "AWS/Lambda"]
    assert len(found) == 6
    for made in found:
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in made["Dimensions"]}
        assert (
            dimensions["Resource"]["Fn::Sub"][0].endswith(":live")
            if isinstance(dimensions["Resource"]["Fn::Sub"], list)
            else dimensions["Resource"]["Fn::Sub"].endswith(":live")
        )
