"""Dev's bootstrap template on the local AWS: one call creates it, as an administrator's first one does, and it is what it says.

What the local AWS does not model is not asked here: it enforces no bucket policy for requests of the account's own key, so
who may write is proven by evaluation (tests/templates/test_bootstrap.py), and only the conditional write itself here; nor
does it check a boundary, a key policy, or the account role of API Gateway.
"""

from __future__ import annotations

import itertools
import json
import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.server import Running
from templates.build import Built
from tests.local.conftest import Aws
from tests.templates.iam import Account

STACK = "tap-bootstrap-dev"
_ACCOUNTS = itertools.count(800_000_000_000 + os.getpid() % 100_000 * 100)


@pytest.fixture(scope="module")
def aws(builds: dict[str, Built], local_aws: Running) -> Aws:
    """An account where dev was bootstrapped, the template in the call itself."""
    made = Aws(url=local_aws.url, account=str(next(_ACCOUNTS)))
    text = builds["dev"].bootstrap.encoded.decode()
    made.cloudformation.create_stack(StackName=STACK, TemplateBody=text, Capabilities=["CAPABILITY_NAMED_IAM"])
    state = made.settled(STACK)
    assert state == "CREATE_COMPLETE", [event for event in made.events(STACK) if "FAILED" in event["ResourceStatus"]]
    return made


def output(aws: Aws, name: str) -> str:
    return next(str(each["OutputValue"]) for each in aws.stack(STACK)["Outputs"] if each["OutputKey"] == name)


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


def test_its_outputs_name_what_is_there(aws: Aws) -> None:
    assert output(aws, "ArtifactBucketName") == f"tap-artifacts-{aws.account}-us-east-1-dev"
    assert output(aws, "GateAlarmName") == "tap-gate-dev"
    assert output(aws, "DeployRoleArn") == f"arn:aws:iam::{aws.account}:role/tap-deploy-us-east-1-dev"
    assert output(aws, "BoundaryArn") == f"arn:aws:iam::{aws.account}:policy/tap-boundary-us-east-1-dev"


def test_the_template_in_the_account_says_which_types_it_is_for(aws: Aws, builds: dict[str, Built]) -> None:
    body = aws.cloudformation.get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
    document = body if isinstance(body, dict) else json.loads(body)
    assert document["Metadata"] == builds["dev"].bootstrap.document["Metadata"]


def test_the_bucket_is_encrypted_with_its_own_key_versioned_and_private(aws: Aws) -> None:
    s3, name = aws.client("s3"), output(aws, "ArtifactBucketName")
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": output(aws, "ArtifactKeyArn")}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    sids = [statement["Sid"] for statement in json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]]
    assert sids == [
        *("DenyInsecureTransport", "OnlyDeployment", "Keep", "KeepVersions", "KeepRecords", "WriteOnce", "SwapLocks"),
        "Organization",
    ]


def test_a_name_is_written_once_and_a_lock_is_swapped(aws: Aws) -> None:
    s3, name = aws.client("s3"), output(aws, "ArtifactBucketName")
    s3.put_object(Bucket=name, Key="templates/a.json", Body=b"first", IfNoneMatch="*")
    assert refused(s3.put_object, Bucket=name, Key="templates/a.json", Body=b"second", IfNoneMatch="*") == "PreconditionFailed"
    assert s3.get_object(Bucket=name, Key="templates/a.json")["Body"].read() == b"first"
    tag = s3.put_object(Bucket=name, Key="locks/deployment.json", Body=b"mine", IfNoneMatch="*")["ETag"]
    s3.put_object(Bucket=name, Key="locks/deployment.json", Body=b"given back", IfMatch=tag)
    assert refused(s3.put_object, Bucket=name, Key="locks/deployment.json", Body=b"too late", IfMatch=tag) == "PreconditionFailed"


def test_the_gate_stands_open_and_shuts_when_it_is_set(aws: Aws) -> None:
    cloudwatch = aws.client("cloudwatch")

    def state() -> str:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=["tap-gate-dev"])["MetricAlarms"]
        return str(alarm["StateValue"])

    assert state() != "ALARM"
    cloudwatch.set_alarm_state(AlarmName="tap-gate-dev", StateValue="ALARM", StateReason="verification failed")
    assert state() == "ALARM"


@pytest.mark.parametrize("thing", ["publish", "plan", "deploy", "execution", "gc"])
def test_each_role_has_the_boundary_and_the_policies_of_the_template(aws: Aws, builds: dict[str, Built], thing: str) -> None:
    iam, name = aws.client("iam"), f"tap-{thing}-us-east-1-dev"
    role = iam.get_role(RoleName=name)["Role"]
    boundary = f"arn:aws:iam::{aws.account}:policy/tap-bootstrap-boundary-us-east-1-dev"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    attached = {each["PolicyName"] for each in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]}
    account = Account.of(builds["dev"])
    policies = [each["Ref"] for each in account.properties(f"{thing.capitalize()}Role")["ManagedPolicyArns"]]
    assert attached == {account.properties(policy)["ManagedPolicyName"] for policy in policies}
