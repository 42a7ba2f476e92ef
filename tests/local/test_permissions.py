"""Policies of this project on a strict server: who a session is, conditional writes, what stacks are made from, plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.local.server import LocalAws, Options
from tests.local.conftest import REGION, Aws

pytestmark = pytest.mark.overlay

OWNER, CALLER = "200000000001", "200000000002"
QUEUE = {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}


@dataclass(frozen=True)
class Strict:
    """A server that enforces policies; ``owner`` is root of one account, ``session`` a role in it that a role of another may assume."""

    owner: Aws
    url: str

    def allow(self, *statements: dict[str, Any]) -> None:
        """What the role may do from now on."""
        document = {"Statement": [{"Effect": "Allow", **statement} for statement in statements]}
        self.owner.client("iam").put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=json.dumps(document))

    def client(self, service: str) -> Any:
        """As the role, assumed by the only role that its trust names."""
        caller = Aws(url=self.url, account=CALLER)
        own = caller.client("sts").assume_role(RoleArn=f"arn:aws:iam::{CALLER}:role/people/operator", RoleSessionName="ann")["Credentials"]
        made = self._connect("sts", own).assume_role(RoleArn=f"arn:aws:iam::{OWNER}:role/worker", RoleSessionName="ann")["Credentials"]
        return self._connect(service, made)

    def _connect(self, service: str, keys: dict[str, str]) -> Any:
        connect: Any = boto3.client
        return connect(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    server = LocalAws(folder=tmp_path_factory.mktemp("strict"))
    url = server.start(Options(auth=True)).url
    try:
        made = Strict(owner=Aws(url=url, account=OWNER), url=url)
        caller = Aws(url=url, account=CALLER).client("iam")
        caller.create_role(Path="/people/", RoleName="operator", AssumeRolePolicyDocument=json.dumps(trust(CALLER)))
        may = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}
        caller.put_role_policy(RoleName="operator", PolicyName="own", PolicyDocument=json.dumps(may))
        named = trust(CALLER, {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{CALLER}:role/people/operator"}})
        made.owner.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(named))
        made.owner.client("s3").create_bucket(Bucket="strict")
        yield made
    finally:
        server.stop()


def trust(account: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}
    return {"Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


def test_a_session_is_known_by_its_roles_arn_with_its_path(strict: Strict) -> None:
    strict.allow({"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::strict"})
    assert strict.client("s3").list_objects_v2(Bucket="strict")["KeyCount"] >= 0


def test_a_write_can_be_allowed_only_where_nothing_is(strict: Strict) -> None:
    strict.allow(
        {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::strict/*", "Condition": {"Null": {"s3:if-none-match": "false"}}},
        {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::strict", "arn:aws:s3:::strict/*"]},
    )
    s3 = strict.client("s3")
    s3.put_object(Bucket="strict", Key="once", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="strict", Key="once", Body=b"2", IfNoneMatch="*")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="strict", Key="once", Body=b"2")


def test_plain_http_over_loopback_is_not_what_a_policy_refuses(strict: Strict) -> None:
    secure = {"Bool": {"aws:SecureTransport": "true"}}
    strict.allow({"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::strict", "Condition": secure})
    assert strict.client("s3").list_objects_v2(Bucket="strict")


@pytest.mark.parametrize(("role", "allowed"), [("execution", True), ("other", False)])
def test_a_change_set_can_be_allowed_for_one_execution_role_alone(strict: Strict, role: str, allowed: bool) -> None:
    wanted = {"ArnEquals": {"cloudformation:RoleArn": f"arn:aws:iam::{OWNER}:role/execution"}}
    strict.allow(
        {"Action": "cloudformation:CreateChangeSet", "Resource": "*", "Condition": wanted}, {"Action": "iam:PassRole", "Resource": "*"}
    )
    ask = {
        "StackName": f"app-{role}",
        "ChangeSetName": "one",
        "ChangeSetType": "CREATE",
        "TemplateBody": json.dumps(QUEUE),
        "RoleARN": f"arn:aws:iam::{OWNER}:role/{role}",
    }
    if allowed:
        assert strict.client("cloudformation").create_change_set(**ask)["Id"]
    else:
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            strict.client("cloudformation").create_change_set(**ask)


def test_a_change_set_named_by_its_arn_is_its_stacks(strict: Strict) -> None:
    made = strict.owner.change_set("tap-one", QUEUE, "CREATE")
    other = strict.owner.change_set("else-one", QUEUE, "CREATE")
    strict.allow({"Action": "cloudformation:DescribeChangeSet", "Resource": f"arn:aws:cloudformation:{REGION}:{OWNER}:stack/tap-*"})
    client = strict.client("cloudformation")
    assert client.describe_change_set(ChangeSetName=made["ChangeSetId"])["StackName"] == "tap-one"
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        client.describe_change_set(ChangeSetName=other["ChangeSetId"])


def test_parameters_below_a_path_are_allowed_by_that_path(strict: Strict) -> None:
    strict.owner.client("ssm").put_parameter(Name="/tap/dev/config/limit", Value="1", Type="String")
    strict.allow({"Action": "ssm:GetParametersByPath", "Resource": f"arn:aws:ssm:{REGION}:{OWNER}:parameter/tap/dev*"})
    client = strict.client("ssm")
    assert [one["Value"] for one in client.get_parameters_by_path(Path="/tap/dev/config")["Parameters"]] == ["1"]
    for path in ("/tap/prod/config", "/"):
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            client.get_parameters_by_path(Path=path)


def test_capabilities_of_a_change_set_count_for_what_is_nested(strict: Strict) -> None:
    role = {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"RoleName": "nested", "AssumeRolePolicyDocument": trust(OWNER)},
            }
        }
    }
    url = strict.owner.publish(role)
    root = {"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}
    refused = strict.owner.change_set("nest", root, "CREATE", set_name="without", IncludeNestedStacks=True)
    assert refused["Status"] == "FAILED"
    taken = strict.owner.change_set(
        "nest", root, "CREATE", set_name="with", IncludeNestedStacks=True, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    assert taken["Status"] == "CREATE_COMPLETE"


def test_who_may_touch_a_stack_set_is_asked_of_the_set(strict: Strict) -> None:
    strict.owner.cloudformation.create_stack_set(StackSetName="rolled", TemplateBody=json.dumps(QUEUE))
    strict.owner.cloudformation.create_stack_set(StackSetName="other", TemplateBody=json.dumps(QUEUE))
    sets = f"arn:aws:cloudformation:{REGION}:{OWNER}:stackset"
    strict.allow({"Action": "cloudformation:DescribeStackSet", "Resource": [f"{sets}/rolled:*", f"{sets}/absent:*"]})
    client = strict.client("cloudformation")
    set_id = client.describe_stack_set(StackSetName="rolled")["StackSet"]["StackSetId"]
    assert client.describe_stack_set(StackSetName=set_id)["StackSet"]["Status"] == "ACTIVE"
    with pytest.raises(ClientError, match="StackSetNotFoundException"):
        client.describe_stack_set(StackSetName="absent")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.describe_stack_set(StackSetName="other")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_stack_set(StackSetName="rolled")


def test_looking_at_what_is_reserved_for_a_function_is_asked_as_what_it_is(strict: Strict) -> None:
    """A permission to look is none to change."""
    strict.allow({"Action": ["lambda:GetFunctionConcurrency", "lambda:GetAccountSettings"], "Resource": "*"})
    client = strict.client("lambda")
    assert client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] > 0
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function_concurrency(FunctionName="nobody")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_function_concurrency(FunctionName="nobody", ReservedConcurrentExecutions=1)
