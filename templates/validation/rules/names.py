"""Physical names follow the pattern and fit their service."""

from __future__ import annotations

import re
from collections.abc import Iterator

from resources.naming import LIMITS, longest
from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, text

# type -> (the property that names it, the limit's name)
NAMES = {
    "AWS::ApiGateway::RestApi": ("Name", "api"),
    "AWS::CloudFormation::StackSet": ("StackSetName", "stack"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "alarm"),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName", "alarm"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", "dashboard"),
    "AWS::CodeBuild::Project": ("Name", "build"),
    "AWS::CodePipeline::Pipeline": ("Name", "pipeline"),
    "AWS::DynamoDB::GlobalTable": ("TableName", "table"),
    "AWS::DynamoDB::Table": ("TableName", "table"),
    "AWS::EC2::SecurityGroup": ("GroupName", "security group"),
    "AWS::Events::Rule": ("Name", "rule"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "policy"),
    "AWS::IAM::Role": ("RoleName", "role"),
    "AWS::KMS::Alias": ("AliasName", "alias"),
    "AWS::Lambda::Function": ("FunctionName", "function"),
    "AWS::Logs::LogGroup": ("LogGroupName", "log group"),
    "AWS::S3::Bucket": ("BucketName", "bucket"),
    "AWS::SNS::Topic": ("TopicName", "topic"),
    "AWS::SQS::Queue": ("QueueName", "queue"),
    "AWS::WAFv2::WebACL": ("Name", "web acl"),
}
# API Gateway names this group itself, by the API's id.
EXEMPT = "API-Gateway-Execution-Logs_"


def check(view: View) -> Iterator[Violation]:
    pattern = re.compile(
        rf"^(/aws/[a-z]+/|aws-waf-logs-|alias/)?{view.env.project}-[a-z0-9-]+(-\$\{{AWS::(AccountId|Region)\}})*-{re.escape(view.env.name)}$"
    )
    for flat_id, resource in view.resources.items():
        if resource["Type"] not in NAMES:
            continue
        part, kind = NAMES[resource["Type"]]
        name = text(resource.get("Properties", {}).get(part, ""))
        if not pattern.match(name) and not name.startswith(EXEMPT):
            yield Violation(flat_id, f"is named {name!r}, not {view.env.project}-thing-{view.env.name}", part)
        limit = LIMITS[kind]
        if longest(name) > limit:
            yield Violation(flat_id, f"has a name of {longest(name)} characters; {limit} are allowed", part)


RULE = Rule(
    id="TAP058",
    title="Physical names follow the pattern and fit their service",
    reason="Permissions are scoped by the pattern, and a name over the limit fails in the middle of a deployment",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html",
    check=check,
)
