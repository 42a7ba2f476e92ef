"""Resource types that MiniStack lacks can be made from templates."""

from __future__ import annotations

import pytest

from tests.local.conftest import Aws
from tests.local.templates import Template, get_att, one, template

pytestmark = pytest.mark.overlay


NETWORK = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}},
}


def test_a_nat_gateway_with_its_address(aws: Aws) -> None:
    tags = [{"Key": "Name", "Value": "nat"}]
    gateway = {"SubnetId": {"Ref": "Subnet"}, "AllocationId": get_att("Address", "AllocationId"), "Tags": tags}
    made = template(
        {
            **NETWORK,
            "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": tags}},
            "Gateway": {"Type": "AWS::EC2::NatGateway", "Properties": gateway},
        }
    )
    assert aws.create("app", made) == "CREATE_COMPLETE"
    ec2 = aws.client("ec2")
    (found,) = ec2.describe_nat_gateways()["NatGateways"]
    (address,) = ec2.describe_addresses()["Addresses"]
    assert found["NatGatewayId"] == aws.child("app", "Gateway")
    assert address["PublicIp"] == aws.child("app", "Address")
    assert {"Key": "Name", "Value": "nat"} in found["Tags"]


def test_a_flow_log(aws: Aws) -> None:
    log = {
        "ResourceId": {"Ref": "Vpc"},
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": "flow",
    }
    aws.create("app", template({**NETWORK, "Log": {"Type": "AWS::EC2::FlowLog", "Properties": log}}))
    (found,) = aws.client("ec2").describe_flow_logs()["FlowLogs"]
    assert (found["ResourceId"], found["TrafficType"]) == (aws.child("app", "Vpc"), "ALL")


ALARM = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": "child",
        "Namespace": "test",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
    },
}


def test_a_composite_alarm_follows_its_children(aws: Aws) -> None:
    rule = {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmName": "any", "AlarmRule": {"Fn::Sub": 'ALARM("${Child}")'}}}
    aws.create("app", template({"Child": ALARM, "Any": rule}))
    cloudwatch = aws.client("cloudwatch")

    def state() -> str:
        found = cloudwatch.describe_alarms(AlarmNames=["any"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return str(found[0]["StateValue"])

    cloudwatch.set_alarm_state(AlarmName="child", StateValue="ALARM", StateReason="test")
    assert state() == "ALARM"
    cloudwatch.set_alarm_state(AlarmName="child", StateValue="OK", StateReason="test")
    assert state() == "OK"


def test_a_composite_alarm_on_an_alarm_that_is_not_there_fails(aws: Aws) -> None:
    assert aws.create("app", one("AWS::CloudWatch::CompositeAlarm", AlarmName="any", AlarmRule='ALARM("missing")')) == "ROLLBACK_COMPLETE"


def test_a_composite_alarm_goes_with_its_stack_and_before_its_children(aws: Aws) -> None:
    rule = {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmName": "any", "AlarmRule": {"Fn::Sub": 'ALARM("${Child}")'}}}
    aws.create("app", template({"Child": ALARM, "Any": rule}))
    stack_id = aws.stack("app")["StackId"]
    aws.cloudformation.delete_stack(StackName="app")
    aws.wait_status(stack_id, "DELETE_COMPLETE")
    assert not aws.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])["MetricAlarms"]


def test_a_pipeline_is_versioned(aws: Aws) -> None:
    def pipeline(role: str) -> Template:
        made = one("AWS::CodePipeline::Pipeline", Name="promote", RoleArn=role, Stages=[])
        return {**made, "Outputs": {"Version": {"Value": get_att("It", "Version")}}}

    aws.create("app", pipeline("a"))
    aws.update("app", pipeline("b"))
    assert aws.stack("app")["Outputs"][0]["OutputValue"] == "2"


def test_an_identity_provider_is_named_by_its_host_and_is_one_an_account(aws: Aws) -> None:
    made = one("AWS::IAM::OIDCProvider", Url="https://example.com", ClientIdList=["sts.amazonaws.com"])
    made = {**made, "Outputs": {"Arn": {"Value": {"Ref": "It"}}}}
    assert aws.create("app", made) == "CREATE_COMPLETE"
    assert aws.stack("app")["Outputs"][0]["OutputValue"] == f"arn:aws:iam::{aws.account}:oidc-provider/example.com"
    assert aws.create("again", made) == "ROLLBACK_COMPLETE"


def test_a_web_acl_guards_a_stage_and_logs(aws: Aws) -> None:
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    acl = {"Name": "acl", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": visible, "Rules": []}
    stage = "arn:aws:apigateway:us-east-1::/restapis/a/stages/live"
    group = f"arn:aws:logs:us-east-1:{aws.account}:log-group:aws-waf-logs-x"
    arn = get_att("Acl", "Arn")
    made = template(
        {
            "Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": acl},
            "Guards": {"Type": "AWS::WAFv2::WebACLAssociation", "Properties": {"ResourceArn": stage, "WebACLArn": arn}},
            "Logs": {"Type": "AWS::WAFv2::LoggingConfiguration", "Properties": {"ResourceArn": arn, "LogDestinationConfigs": [group]}},
        }
    )
    assert aws.create("app", made) == "CREATE_COMPLETE"
    assert aws.client("wafv2").get_web_acl_for_resource(ResourceArn=stage)["WebACL"]["Name"] == "acl"
