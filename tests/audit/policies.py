"""The identities of one environment and their policies, with literal values, as IAM would list them."""

from __future__ import annotations

from typing import Any

from tests.audit.subject import Document, Subject
from tests.audit.values import filled_services

_DATE = "2026-01-01T00:00:00+00:00"


def identity_policies(subject: Subject) -> dict[str, Document]:
    """service/LogicalId -> policy document of every managed or inline policy and every role's inline policies."""
    found: dict[str, Document] = {}
    for service, template in filled_services(subject).items():
        for logical_id, resource in template["Resources"].items():
            properties = resource.get("Properties", {})
            if resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
                found[f"{service}/{logical_id}"] = properties["PolicyDocument"]
            if resource["Type"] == "AWS::IAM::Role" and properties.get("Policies"):
                statements = [each for policy in properties["Policies"] for each in policy["PolicyDocument"]["Statement"]]
                found[f"{service}/{logical_id}"] = {"Version": "2012-10-17", "Statement": statements}
    return found


def roles(subject: Subject) -> dict[str, Document]:
    """service/LogicalId -> properties of every role."""
    return {
        f"{service}/{logical_id}": resource["Properties"]
        for service, template in filled_services(subject).items()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }


def authorization_details(subject: Subject) -> Document:
    """What `aws iam get-account-authorization-details` would answer; policies go by their place in the templates."""
    arns = {place: f"arn:aws:iam::{subject.account}:policy/{place.replace('/', '.')}" for place in identity_policies(subject)}
    return {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [_role(subject, place, properties, arns) for place, properties in roles(subject).items()],
        "Policies": [_policy(arns[place], document) for place, document in identity_policies(subject).items()],
    }


def _role(subject: Subject, place: str, properties: Document, arns: dict[str, str]) -> Document:
    name = place.replace("/", ".")
    own = place + "Policy"
    return {
        "RoleName": name,
        "RoleId": name,
        "Arn": f"arn:aws:iam::{subject.account}:role/{name}",
        "Path": "/",
        "CreateDate": _DATE,
        "AssumeRolePolicyDocument": properties["AssumeRolePolicyDocument"],
        "InstanceProfileList": [],
        "RolePolicyList": [],
        "AttachedManagedPolicies": [{"PolicyName": own.replace("/", "."), "PolicyArn": arns[own]}] if own in arns else [],
        "Tags": [],
    }


def _policy(arn: str, document: Any) -> Document:
    name = arn.rsplit("/", 1)[1]
    return {
        "PolicyName": name,
        "PolicyId": name,
        "Arn": arn,
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 1,
        "IsAttachable": True,
        "CreateDate": _DATE,
        "UpdateDate": _DATE,
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": _DATE, "Document": document}],
    }
