"""The four roles of the disposable environment: each may do its own task, on what the rehearsal has made, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Document = dict[str, Any]
EXTERNAL_ID = "tapline-rehearsal"


def roles(stack: str, bucket: str, parameters: str, gate: str, name: Callable[[str], str], things: str) -> Document:
    """Logical id -> role. ``things``: what the names of queues and tables look like."""
    stacks = [_arn("cloudformation", f"stack/{stack}*"), _arn("cloudformation", "changeSet/tapline-*")]
    objects = [f"arn:${{AWS::Partition}}:s3:::{bucket}", f"arn:${{AWS::Partition}}:s3:::{bucket}/*"]
    look = [
        _allow(["cloudformation:Describe*", "cloudformation:Get*", "cloudformation:List*", "cloudwatch:DescribeAlarms"], ["*"]),
        _allow(["s3:GetObject", "s3:ListBucket"], objects),
        _allow(["ssm:GetParameter"], [_arn("ssm", f"parameter{parameters}/*")]),
    ]
    execution = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name('execution')}"}
    hand_over = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": execution,
        "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
    }
    changes = ["cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:TagResource"]
    operations = [
        *("cloudformation:CancelUpdateStack", "cloudformation:ContinueUpdateRollback", "cloudformation:DeleteStack"),
        *("cloudformation:ExecuteChangeSet", "cloudformation:RollbackStack", "cloudformation:SetStackPolicy"),
        *("cloudformation:TagResource", "cloudformation:UpdateTerminationProtection"),
    ]
    made = [
        _allow(["cloudformation:*"], [_arn("cloudformation", f"stack/{stack}*")]),
        _allow(["sqs:*"], [_arn("sqs", things)]),
        _allow(["dynamodb:*"], [_arn("dynamodb", f"table/{things}")]),
        _allow(["ssm:*"], [_arn("ssm", f"parameter{parameters}/*")]),
        _allow(["s3:GetObject"], objects),
    ]
    deploying = [
        _allow(operations, stacks),
        _allow(["cloudwatch:SetAlarmState"], [_arn("cloudwatch", f"alarm:{gate}")]),
        _allow(["s3:PutObject"], objects),
        _allow(["ssm:PutParameter", "ssm:AddTagsToResource"], [_arn("ssm", f"parameter{parameters}/*")]),
    ]
    return {
        "PublishRole": _role(name("publish"), [_allow(["s3:GetObject", "s3:ListBucket", "s3:PutObject"], objects)]),
        "PlanRole": _role(name("plan"), [*look, _allow(changes, stacks), hand_over]),
        "DeployRole": _role(name("deploy"), [*look, *deploying, hand_over]),
        "ExecutionRole": _role(name("execution"), made, service="cloudformation.amazonaws.com"),
    }


def _role(name: str, statements: list[Document], service: str = "") -> Document:
    account = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    trust: Document = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service} if service else {"AWS": account}}
    if not service:
        trust["Condition"] = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}],
        },
    }


def _allow(actions: list[str], resources: list[str]) -> Document:
    return {"Effect": "Allow", "Action": actions, "Resource": [{"Fn::Sub": one} if "$" in one else one for one in resources]}


def _arn(service: str, resource: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"
