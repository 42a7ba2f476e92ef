"""An environment with known faults: a tool that does not find them is blind, and its silence proves nothing."""

from __future__ import annotations

from templates.root import title
from tests.audit.subject import Subject

NAME = "canary"

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
_UNKNOWN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObjectt"], "Resource": ["*"]}]}
_ANYBODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"AWS": "*"}}]}

_RESOURCES = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead"}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": _ANYBODY, "ManagedPolicyArns": [{"Ref": "RolePolicy"}]}},
    "RolePolicy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": _EVERYTHING}},
    "OtherPolicy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": _UNKNOWN}},
}


def canary() -> Subject:
    """Everything that should not be, in one small service."""
    flat = {f"{title('canary')}{name}": resource for name, resource in _RESOURCES.items()}
    flat["CanaryRole"] = {
        **_RESOURCES["Role"],
        "Properties": {**_RESOURCES["Role"]["Properties"], "ManagedPolicyArns": [{"Ref": "CanaryRolePolicy"}]},
    }  # type: ignore[dict-item]
    return Subject(
        name=NAME,
        account="999999999999",
        region="us-east-1",
        templates={"canary": {"Resources": _RESOURCES}},
        flat={"Resources": flat},
    )
