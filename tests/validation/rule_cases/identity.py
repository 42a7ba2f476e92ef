"""Who may do what, and who is let in."""

from __future__ import annotations

from tests.validation.defects import drop, put, statement
from tests.validation.rule_cases.case import (
    ANYBODY,
    OF_ACCOUNT,
    OWN_ROOT,
    STRANGER,
    Case,
    Change,
    allowing,
    bucket_policy,
    made,
    one,
    policy,
    trust,
)

ROLE = "AWS::IAM::Role"
POLICY, TRUST = "PolicyDocument.Statement.0", "AssumeRolePolicyDocument.Statement.0"
EVENTS = {"Service": "events.amazonaws.com"}
HOST = {"Federated": "x"}
WEB = "sts:AssumeRoleWithWebIdentity"
OF_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
WITHIN = {"StringEquals": {"iam:PermissionsBoundary": "x"}}
TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
SUBJECT = {"t:aud": "sts", "t:sub": "repo:a/b:ref:refs/heads/main"}
TABLE = {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/tap-items-dev"}
TABLES = {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/*"}
HERE = {"StringEquals": {"aws:RequestedRegion": {"Ref": "AWS::Region"}}}
LOG_GROUPS = '{"Statement":[{"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},"Action":"logs:PutLogEvents"}]}'


def _of_type(resource_type: str) -> Change:
    return lambda resource: resource.update(Type=resource_type)


EXACT = policy(Action=["dynamodb:GetItem"], Resource=[TABLE])
CASES = (
    Case(
        rule="TAP018",
        good=allowing("AWS::SNS::TopicPolicy", "PolicyDocument", Principal=EVENTS, Action="sns:Publish", Condition=OF_ACCOUNT),
        bad={
            "for any account": ("It", drop(f"{POLICY}.Condition")),
            "for all but one": ("It", put(f"{POLICY}.Condition", {"StringNotEquals": {"aws:SourceAccount": "x"}})),
            "for a part of an account's id": ("It", put(f"{POLICY}.Condition", {"StringLike": {"aws:SourceAccount": "1*"}})),
            "for an ARN of any account": ("It", put(f"{POLICY}.Condition", {"ArnLike": {"aws:SourceArn": "arn:*:events:*:*:rule/x"}})),
        },
        also={
            "denied": bucket_policy(Effect="Deny", Principal=EVENTS),
            "a bucket's ARN, which has no account": bucket_policy(
                Principal=EVENTS, Condition={"ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:s3:::tap-data-dev"}}}
            ),
        },
    ),
    Case(
        rule="TAP018",
        good=one("AWS::IAM::Role"),
        bad={"policy as JSON text": ("It", lambda resource: resource.update(made("AWS::Logs::ResourcePolicy", PolicyDocument=LOG_GROUPS)))},
    ),
    Case(
        rule="TAP019",
        good=bucket_policy(Principal=ANYBODY, Condition=OF_ORGANIZATION),
        bad={
            "everybody": ("It", drop(f"{POLICY}.Condition")),
            "everybody in short": ("It", statement("PolicyDocument", Principal="*", Action="s3:GetObject")),
            "any organization": ("It", put(f"{POLICY}.Condition", {"StringLike": {"aws:PrincipalOrgID": "o-*"}})),
            "everybody without an organization": (
                "It",
                put(f"{POLICY}.Condition", {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1234567890"}}),
            ),
        },
        also={"denied": bucket_policy(Effect="Deny", Principal="*")},
    ),
    Case(
        rule="TAP019",
        good=one("AWS::DynamoDB::GlobalTable", Replicas=[{}]),
        bad={
            "a replica's policy": (
                "It",
                put("Replicas", [{"ResourcePolicy": {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": "*"}]}}}]),
            )
        },
    ),
    Case(
        rule="TAP020",
        good=bucket_policy(Principal=STRANGER, Condition=OF_ORGANIZATION),
        bad={
            "a stranger": ("It", drop(f"{POLICY}.Condition")),
            "a stranger's role": ("It", statement("PolicyDocument", Principal={"AWS": "arn:x:iam::999999999999:role/r"}, Action="x")),
            "a stranger by canonical id": ("It", statement("PolicyDocument", Principal={"CanonicalUser": "a" * 64}, Action="x")),
        },
        also={"the own account": bucket_policy(Principal=OWN_ROOT)},
    ),
    Case(
        rule="TAP021",
        good=trust(Principal=STRANGER, Condition={"StringEquals": {"sts:ExternalId": "x"}}),
        bad={
            "a stranger": ("It", drop(f"{TRUST}.Condition")),
            "any external id": ("It", put(f"{TRUST}.Condition", {"StringLike": {"sts:ExternalId": "*"}})),
        },
        also={"the organization": trust(Principal=STRANGER, Condition=OF_ORGANIZATION), "the own account": trust(Principal=OWN_ROOT)},
    ),
    Case(
        rule="TAP022",
        good=trust(Principal=EVENTS, Condition=OF_ACCOUNT),
        bad={
            "for any account": ("It", drop(f"{TRUST}.Condition")),
            "for any source": ("It", put(f"{TRUST}.Condition", {"ArnLike": {"aws:SourceArn": "arn:*:*:*:*:*"}})),
        },
        also={"a service that sends no source": trust(Principal={"Service": "lambda.amazonaws.com"})},
    ),
    Case(
        rule="TAP023",
        good=one(ROLE, PermissionsBoundary={"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/tap-boundary-dev"}),
        bad={
            "no boundary": ("It", drop("PermissionsBoundary")),
            "one that bounds nothing": (
                "It",
                put("PermissionsBoundary", {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"}),
            ),
        },
    ),
    Case(
        rule="TAP024",
        good=one(ROLE, ManagedPolicyArns=[{"Ref": "Policy"}]),
        bad={
            "inline": ("It", put("Policies", [{"PolicyName": "x", "PolicyDocument": {"Statement": []}}])),
            "of AWS": ("It", put("ManagedPolicyArns", [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"}])),
            "inline beside it": ("It", _of_type("AWS::IAM::RolePolicy")),
        },
    ),
    Case(
        rule="TAP025",
        good=policy(Action=["iam:CreateRole"], Resource="x", Condition=WITHIN),
        bad={
            "no condition": ("It", drop(f"{POLICY}.Condition")),
            "by a pattern": ("It", statement("PolicyDocument", Action=["iam:Put*Policy"])),
            "boundary taken away": ("It", put(f"{POLICY}.Action", ["iam:DeleteRolePermissionsBoundary"])),
        },
        also={"denied": policy(Effect="Deny", Action="iam:*")},
    ),
    Case(
        rule="TAP026",
        good=policy(Action=["iam:PassRole"], Resource="x", Condition=TO_LAMBDA),
        bad={
            "any service": ("It", drop(f"{POLICY}.Condition")),
            "any service by its suffix": ("It", put(f"{POLICY}.Condition", {"StringLike": {"iam:PassedToService": "*.amazonaws.com"}})),
            "in capitals": ("It", statement("PolicyDocument", Action=["IAM:PASSROLE"])),
        },
    ),
    Case(
        rule="TAP027",
        good=EXACT,
        bad={
            "everything": ("It", put(f"{POLICY}.Action", "*")),
            "a service": ("It", put(f"{POLICY}.Action", ["dynamodb:*"])),
            "a prefix": ("It", put(f"{POLICY}.Action", ["dynamodb:Get*"])),
            "one letter open": ("It", put(f"{POLICY}.Action", ["dynamodb:Get?tem"])),
        },
        also={"denied": policy(Effect="Deny", Action="*", Resource="*")},
    ),
    Case(
        rule="TAP027",
        good=one("AWS::IAM::Group"),
        bad={
            "inline in a group": (
                "It",
                put("Policies", [{"PolicyName": "x", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*"}}}]),
            )
        },
    ),
    Case(
        rule="TAP028",
        good=EXACT,
        bad={
            "everything": ("It", put(f"{POLICY}.Resource", "*")),
            "everything twice": ("It", put(f"{POLICY}.Resource", ["**"])),
            "every ARN": ("It", put(f"{POLICY}.Resource", ["arn:*"])),
            "every table": ("It", put(f"{POLICY}.Resource", [TABLES])),
            "every object of every bucket": ("It", put(f"{POLICY}.Resource", [{"Fn::Sub": "arn:${AWS::Partition}:s3:::*/*"}])),
            "every region": ("It", statement("PolicyDocument", Action=["xray:PutTraceSegments"], Resource="*")),
        },
        also={
            "no resources known, one region": policy(Action="xray:PutTraceSegments", Resource=["*"], Condition=HERE),
            "objects of one bucket": policy(Action="s3:GetObject", Resource={"Fn::Join": ["", [{"Fn::GetAtt": ["B", "Arn"]}, "/*"]]}),
            "keys by alias": policy(
                Action="kms:Decrypt",
                Resource={"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"},
                Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tap-data-dev"}},
            ),
        },
    ),
    Case(
        rule="TAP029",
        good=EXACT,
        bad={
            f"{part} of {effect}": ("It", statement("PolicyDocument", Effect=effect, **{part: "x"}))
            for part in ("NotAction", "NotResource", "NotPrincipal")
            for effect in ("Allow", "Deny")
        },
    ),
    Case(
        rule="TAP065",
        good=one(ROLE),
        bad={kind: ("It", _of_type(f"AWS::IAM::{kind}")) for kind in ("AccessKey", "Group", "User")},
    ),
    Case(
        rule="TAP068",
        good=trust(Principal=HOST, Action=WEB, Condition={"StringEquals": SUBJECT}),
        bad={
            "any subject": ("It", drop(f"{TRUST}.Condition.StringEquals.t:sub")),
            "any audience": ("It", drop(f"{TRUST}.Condition.StringEquals.t:aud")),
            "any branch": ("It", put(f"{TRUST}.Condition", {"StringLike": {**SUBJECT, "t:sub": "repo:a/b:*"}})),
            "any repository": ("It", put(f"{TRUST}.Condition", {"StringLike": {**SUBJECT, "t:sub": "repo:*:ref:refs/heads/main"}})),
        },
    ),
)
