"""Broadening in resources: policies of all kinds, trusts, boundaries, network rules, switches to the public."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.changes import Review
from deploy.review import review
from tests.review.cases import answer, att, changed, flat, found, resource, row, subject, template

ALLOW = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": {"Service": "sns.amazonaws.com"}}
DENY = {
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Principal": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def lines(made: Review) -> str:
    return "\n".join(line for one in found(made, "broadening") for line in one.detail)


PLACES = [
    ("AWS::IAM::Role", "AssumeRolePolicyDocument", "trust"),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument", "policy"),
    ("AWS::S3::BucketPolicy", "PolicyDocument", "resource policy"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument", "resource policy"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument", "resource policy"),
    ("AWS::KMS::Key", "KeyPolicy", "key policy"),
    ("AWS::EC2::VPCEndpoint", "PolicyDocument", "endpoint policy"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", "resource policy"),
    ("AWS::ECR::Repository", "RepositoryPolicyText", "resource policy"),
    ("AWS::ApiGateway::RestApi", "Policy", "resource policy"),
    ("AWS::Brand::New", "WhateverItIsCalled", "policy"),
]


@pytest.mark.parametrize(("kind", "name", "flavour"), PLACES, ids=[place[0] for place in PLACES])
def test_a_statement_more_is_found_wherever_policies_stand(kind: str, name: str, flavour: str) -> None:
    made = changed(kind, {name: document(DENY)}, {name: document(DENY, ALLOW)})
    (finding,) = found(made, "broadening")
    assert finding.waiver == "--allow-broadening"
    assert finding.detail[0].startswith(f"{flavour}: Allow sqs:SendMessage")


@pytest.mark.parametrize(("kind", "name", "flavour"), PLACES, ids=[place[0] for place in PLACES])
def test_a_denial_less_is_found_wherever_policies_stand(kind: str, name: str, flavour: str) -> None:
    made = changed(kind, {name: document(DENY, ALLOW)}, {name: document(ALLOW)})
    assert f"{flavour}: no longer Deny *" in lines(made)


@pytest.mark.parametrize(("kind", "name", "flavour"), PLACES, ids=[place[0] for place in PLACES])
def test_a_statement_less_is_none(kind: str, name: str, flavour: str) -> None:
    assert not found(changed(kind, {name: document(DENY, ALLOW)}, {name: document(DENY)}), "broadening")


def test_a_policy_in_a_text_is_a_policy() -> None:
    before, after = ({"PolicyDocument": json.dumps(document(*statements))} for statements in ((DENY,), (DENY, ALLOW)))
    assert "Allow sqs:SendMessage" in lines(changed("AWS::Logs::ResourcePolicy", before, after))


def test_a_text_that_is_no_policy_after_all_is_compared_as_a_whole() -> None:
    made = changed("AWS::Logs::ResourcePolicy", {"PolicyDocument": '{"Statement": [}'}, {"PolicyDocument": '{"Statement": [}}'})
    assert found(made, "broadening")


def test_an_inline_policy_is_compared_with_all_of_the_role() -> None:
    def role(*names: str) -> dict[str, Any]:
        return {"Policies": [{"PolicyName": name, "PolicyDocument": document({**ALLOW, "Action": "sqs:*"})} for name in names]}

    assert not found(changed("AWS::IAM::Role", role("a"), role("b")), "broadening")


def test_what_is_new_in_a_statement_is_said() -> None:
    before, after = (
        document({**ALLOW, "Resource": ["a"]}),
        document({**ALLOW, "Action": ["sqs:SendMessage", "sqs:Purge"], "Resource": ["a", "b"]}),
    )
    text = lines(changed("AWS::SQS::QueuePolicy", {"PolicyDocument": before}, {"PolicyDocument": after}))
    assert "(new: action sqs:Purge, resource b)" in text


def test_a_condition_that_is_dropped_is_named() -> None:
    before = document({**ALLOW, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}})
    text = lines(changed("AWS::SQS::QueuePolicy", {"PolicyDocument": before}, {"PolicyDocument": document(ALLOW)}))
    assert "(no longer only if aws:sourceaccount stringequals 1)" in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            {"ManagedPolicyArns": ["a"]},
            {"ManagedPolicyArns": ["a", "arn:aws:iam::aws:policy/AdministratorAccess"]},
            "AdministratorAccess is attached",
        ),
        ({"PermissionsBoundary": "b"}, {}, "permissions boundary b is removed"),
        ({"PermissionsBoundary": "b"}, {"PermissionsBoundary": "c"}, "permissions boundary b is replaced by c"),
    ],
    ids=["a-policy-attached", "no-boundary", "another-boundary"],
)
def test_what_a_role_may_beside_its_statements(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert words in lines(changed("AWS::IAM::Role", before, after))


@pytest.mark.parametrize(
    ("kind", "before", "after", "words"),
    [
        ("AWS::IAM::Policy", {"Roles": ["a"]}, {"Roles": ["a", "b"]}, "it is for b as well"),
        ("AWS::SQS::QueuePolicy", {"Queues": ["a"]}, {"Queues": ["a", {"Ref": "It"}]}, "it is for ${It} as well"),
        ("AWS::Lambda::Function", {"Role": "a"}, {"Role": "b"}, "it works as b"),
        ("AWS::EC2::VPCEndpoint", {"PolicyDocument": document(ALLOW)}, {}, "there is none any more, which lets everything through"),
    ],
    ids=["more-roles", "more-queues", "another-role", "no-endpoint-policy"],
)
def test_permissions_that_others_get(kind: str, before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert words in lines(changed(kind, before, after))


@pytest.mark.parametrize(
    "after",
    [document(), document({"Fn::If": [{"Fn::Unheard": 1}, ALLOW, DENY]})],
    ids=["gone", "another"],
)
def test_a_statement_that_a_function_makes_may_be_a_denial(after: dict[str, Any]) -> None:
    before = document({"Fn::Unheard": [ALLOW, DENY]})
    assert "no longer" in lines(changed("AWS::SQS::QueuePolicy", {"PolicyDocument": before}, {"PolicyDocument": after}))


@pytest.mark.parametrize(
    ("before", "after"),
    [({"ManagedPolicyArns": ["a", "b"]}, {"ManagedPolicyArns": ["b"]}), ({}, {"PermissionsBoundary": "b"})],
    ids=["a-policy-less", "a-boundary-more"],
)
def test_what_a_role_may_no_longer_is_no_broadening(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert not found(changed("AWS::IAM::Role", before, after), "broadening")


def added(kind: str, **properties: Any) -> Review:
    return flat(
        {"Old": resource("AWS::SSM::Parameter")},
        {"Old": resource("AWS::SSM::Parameter"), "It": resource(kind, **properties)},
        row("Add", "It", kind),
    )


def test_a_new_role_in_an_update_is_one_finding() -> None:
    made = added(
        "AWS::IAM::Role",
        AssumeRolePolicyDocument=document({**ALLOW, "Action": "sts:AssumeRole"}),
        Policies=[{"PolicyName": "p", "PolicyDocument": document({**ALLOW, "Action": "s3:*"})}],
        ManagedPolicyArns=["arn:x"],
    )
    (finding,) = found(made, "broadening")
    assert len(finding.detail) == 3


def test_a_new_permission_to_call_a_function_is_a_statement() -> None:
    made = added(
        "AWS::Lambda::Permission", Action="lambda:InvokeFunction", FunctionName="f", Principal="s3.amazonaws.com", SourceAccount="1"
    )
    assert "permission: Allow lambda:InvokeFunction on f to Service:s3.amazonaws.com if aws:sourceaccount stringequals 1" in lines(made)


def test_a_permission_without_its_source_is_broader() -> None:
    base = {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "s3.amazonaws.com"}
    made = changed("AWS::Lambda::Permission", {**base, "SourceArn": "arn:a"}, base)
    assert "no longer only if aws:sourcearn arnlike arn:a" in lines(made)


def test_the_own_account_in_a_new_keys_policy_is_as_it_must_be() -> None:
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    own = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": root}
    other = {**own, "Principal": {"AWS": "999999999999"}}
    assert not found(added("AWS::KMS::Key", KeyPolicy=document(own)), "broadening")
    assert found(added("AWS::KMS::Key", KeyPolicy=document(own, other)), "broadening")


def test_a_new_policy_that_only_denies_broadens_nothing() -> None:
    assert not found(added("AWS::S3::BucketPolicy", PolicyDocument=document(DENY)), "broadening")


def test_a_removed_bucket_policy_takes_its_denials_away_unless_the_bucket_goes_too() -> None:
    bucket, policy = resource("AWS::S3::Bucket"), resource("AWS::S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=document(DENY))
    rows = row("Remove", "Policy", "AWS::S3::BucketPolicy")
    stays = flat({"Bucket": bucket, "Policy": policy}, {"Bucket": bucket}, rows)
    goes = flat({"Bucket": bucket, "Policy": policy}, {}, rows, row("Remove", "Bucket", "AWS::S3::Bucket"))
    assert "no longer Deny" in lines(stays)
    assert not found(goes, "broadening")


def test_the_same_written_with_another_function_is_the_same() -> None:
    bucket = resource("AWS::S3::Bucket")
    joined = {"Fn::Join": ["", [att("Bucket", "Arn"), "/*"]]}
    within = {"Fn::Sub": "${Bucket.Arn}/items/*"}
    before, after = (resource("AWS::S3::BucketPolicy", PolicyDocument=document({**ALLOW, "Resource": one})) for one in (joined, within))
    listed = row("Modify", "Policy", "AWS::S3::BucketPolicy")
    assert not found(flat({"Bucket": bucket, "Policy": before}, {"Bucket": bucket, "Policy": after}, listed), "broadening")
    assert found(flat({"Bucket": bucket, "Policy": after}, {"Bucket": bucket, "Policy": before}, listed), "broadening")


INGRESS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
OPEN_EGRESS = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}, {"IpProtocol": "-1", "CidrIpv6": "::/0"}]


def group(*rules: Any, egress: Any = OPEN_EGRESS) -> dict[str, Any]:
    return {"SecurityGroupIngress": list(rules), "SecurityGroupEgress": egress}


RULES = {
    "a rule more": (group(INGRESS), group(INGRESS, {**INGRESS, "CidrIp": "10.1.0.0/16"}), True),
    "a wider block": (group(INGRESS), group({**INGRESS, "CidrIp": "10.0.0.0/8"}), True),
    "more ports": (group(INGRESS), group({**INGRESS, "ToPort": 444}), True),
    "every protocol": (group(INGRESS), group({**INGRESS, "IpProtocol": "-1"}), True),
    "another group": (
        group(INGRESS),
        group({**{k: v for k, v in INGRESS.items() if k != "CidrIp"}, "SourceSecurityGroupId": "sg-1"}),
        True,
    ),
    "no egress rules, which is everything": (group(egress=[INGRESS]), {"SecurityGroupIngress": []}, True),
    "a narrower block": (group(INGRESS), group({**INGRESS, "CidrIp": "10.0.1.0/24"}), False),
    "the protocol by its number": (group(INGRESS), group({**INGRESS, "IpProtocol": 6}), False),
    "a rule less": (group(INGRESS), group(), False),
    "a description": (group(INGRESS), group({**INGRESS, "Description": "x"}), False),
    "egress written out": ({"SecurityGroupIngress": []}, group(), False),
}


@pytest.mark.parametrize(("before", "after", "broader"), RULES.values(), ids=RULES)
def test_rules_of_a_security_group(before: dict[str, Any], after: dict[str, Any], broader: bool) -> None:
    assert bool(found(changed("AWS::EC2::SecurityGroup", before, after), "broadening")) is broader


def test_a_rule_of_its_own_and_one_of_an_acl() -> None:
    assert "ingress from 10.0.0.0/16, tcp, port 443" in lines(added("AWS::EC2::SecurityGroupIngress", **INGRESS))
    entry = {"RuleAction": "allow", "Protocol": 6, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}, "Egress": False}
    assert "ingress from 0.0.0.0/0, tcp, port 22" in lines(added("AWS::EC2::NetworkAclEntry", **entry))


SAFE = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
SWITCHES = {
    "s3-block-lowered": (
        "AWS::S3::Bucket",
        {"PublicAccessBlockConfiguration": SAFE},
        {"PublicAccessBlockConfiguration": {**SAFE, "BlockPublicPolicy": False}},
    ),
    "s3-block-removed": ("AWS::S3::Bucket", {"PublicAccessBlockConfiguration": SAFE}, {}),
    "s3-acl": ("AWS::S3::Bucket", {}, {"AccessControl": "PublicRead"}),
    "rds": ("AWS::RDS::DBInstance", {"PubliclyAccessible": False}, {"PubliclyAccessible": True}),
    "method": ("AWS::ApiGateway::Method", {"AuthorizationType": "AWS_IAM"}, {"AuthorizationType": "NONE"}),
    "route": ("AWS::ApiGatewayV2::Route", {"AuthorizationType": "JWT"}, {}),
    "function-url": ("AWS::Lambda::Url", {"AuthType": "AWS_IAM"}, {"AuthType": "NONE"}),
    "subnet": ("AWS::EC2::Subnet", {}, {"MapPublicIpOnLaunch": True}),
    "api-no-longer-private": (
        "AWS::ApiGateway::RestApi",
        {"EndpointConfiguration": {"Types": ["PRIVATE"]}},
        {"EndpointConfiguration": {"Types": ["REGIONAL"]}},
    ),
    "route-to-the-internet": (
        "AWS::EC2::Route",
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "n"},
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw"},
    ),
}


@pytest.mark.parametrize(("kind", "before", "after"), SWITCHES.values(), ids=SWITCHES)
def test_a_switch_that_opens_is_found_and_one_that_closes_is_not(kind: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert found(changed(kind, before, after), "broadening")
    assert not found(changed(kind, after, before), "broadening")


def test_a_first_create_has_one_line_without_a_waiver() -> None:
    made = {
        "Policy": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(ALLOW)),
        "Open": resource("AWS::Lambda::Url", AuthType="NONE"),
    }
    answers = {"": answer(*(row("Add", name, one["Type"]) for name, one in made.items()))}
    (finding,) = found(review(subject({}, {"": template(made)}, answers)), "broadening")
    assert (finding.waiver, finding.path, finding.detail) == (None, "", ("Open: anybody may call it",))
