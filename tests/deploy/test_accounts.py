"""Every environment through roles assumed from the tools account, on a local AWS that enforces trusts, policies and boundaries.

The roles are those that bootstrap makes, with the policies that it derives; nothing here is made for the test but the operator's own role.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.deploy.strict import DEV, STAGING, TOOLS, Accounts, operator, root_keys, strict


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """Dev and staging are bootstrapped; dev is deployed through its roles."""
    with strict(tmp_path_factory.mktemp("accounts")) as made:
        operator(made.root(TOOLS), "tap-stranger-tools")
        for environment, account in (("dev", DEV), ("staging", STAGING)):
            done = made.run(root_keys(account), "bootstrap", environment, "--yes")
            assert done.returncode == 0, done.stdout + done.stderr
        yield made


@pytest.mark.row("R11")
def test_dev_is_deployed_through_roles_of_its_own_account(accounts: Accounts) -> None:
    done = accounts.run(accounts.operator(), "up", "dev", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert accounts.root(DEV).status("tap-app-dev") == "CREATE_COMPLETE"
    again = accounts.run(accounts.operator(), "plan", "dev")
    assert again.stdout.startswith("No changes."), again.stderr


@pytest.mark.row("R09")
@pytest.mark.overlay
def test_drift_is_found_and_accepted_with_the_roles_permissions_alone(accounts: Accounts) -> None:
    """Plan looks, deploy accepts, and the function reads both with its own role."""
    sqs = accounts.root(DEV).client("sqs")
    url = sqs.get_queue_url(QueueName="tap-jobs-dev")["QueueUrl"]
    before = accounts.run(accounts.operator(), "drift", "dev", "--format", "json")
    assert before.returncode == 0, before.stderr
    assert json.loads(before.stdout)["drifted"] == []
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "45"})
    assert accounts.run(accounts.operator(), "drift", "dev").returncode == 3
    until = f"{datetime.now(UTC).date() + timedelta(days=1)}"
    arguments = ("drift", "dev", "--accept", "Messaging/JobsQueue", "--until", until, "--reason", "a test")
    accepted = accounts.run(accounts.operator(), *arguments)
    assert accepted.returncode == 0, accepted.stderr
    answer = accounts.root(DEV).client("lambda").invoke(FunctionName="tap-drift-dev", Qualifier="live", Payload=b"{}")
    outcome = json.loads(answer["Payload"].read())
    assert (outcome.get("Drifted"), outcome.get("Accepted")) == (0, 1), outcome
    last = json.loads(accounts.run(accounts.operator(), "drift", "dev", "--who", "--format", "json").stdout)
    assert [one["path"] for one in last["accepted"]] == ["Messaging/JobsQueue"]
    assert last["notes"] == []
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "180"})


@pytest.mark.row("R11")
@pytest.mark.failure("KMS or IAM denied")
def test_a_role_that_nobody_trusts_is_named_with_what_is_missing(accounts: Accounts) -> None:
    done = accounts.run(accounts.operator("tap-stranger-tools"), "plan", "dev")
    assert done.returncode == 5
    for words in ("tap-stranger-tools", "role/tap-plan-us-east-1-dev", "sts:AssumeRole", "trust.roles"):
        assert words in done.stderr


@pytest.mark.failure("KMS or IAM denied")
def test_a_role_that_is_not_there_says_to_bootstrap_first(accounts: Accounts) -> None:
    done = accounts.run(accounts.operator(), "plan", "prod")
    assert done.returncode == 5
    assert "bootstrap the environment first" in done.stderr


@pytest.mark.failure("KMS or IAM denied")
def test_an_action_that_a_role_lacks_is_named_with_the_kind_of_policy(accounts: Accounts) -> None:
    """The plan role of staging loses its right to propose, as if somebody had edited it."""
    iam = accounts.root(STAGING).client("iam")
    role = "tap-plan-us-east-2-staging"
    denial = {"Statement": [{"Effect": "Deny", "Action": "cloudformation:CreateChangeSet", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="broken", PolicyDocument=json.dumps(denial))
    try:
        done = accounts.run(accounts.operator(), "plan", "staging")
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="broken")
    assert done.returncode == 5
    assert role in done.stderr
    assert "cloudformation:CreateChangeSet" in done.stderr
    assert "deni" in done.stderr


@pytest.mark.row("R11")
@pytest.mark.parametrize(
    ("task", "service", "operation", "arguments"),
    [
        pytest.param(
            "plan", "cloudformation", "execute_change_set", {"ChangeSetName": "any", "StackName": "tap-app-dev"}, id="plan executes"
        ),
        pytest.param("plan", "cloudformation", "delete_stack", {"StackName": "tap-app-dev"}, id="plan deletes"),
        pytest.param("plan", "s3", "put_object", {"Key": "templates/x.json", "Body": b"{}", "IfNoneMatch": "*"}, id="plan publishes"),
        pytest.param("publish", "s3", "put_object", {"Key": "templates/x.json", "Body": b"{}"}, id="publish overwrites"),
        pytest.param("publish", "s3", "put_object", {"Key": "locks/x", "Body": b"{}", "IfNoneMatch": "*"}, id="publish locks"),
        pytest.param("publish", "s3", "delete_object", {"Key": "templates/x.json"}, id="publish deletes"),
        pytest.param("publish", "cloudformation", "describe_stacks", {"StackName": "tap-app-dev"}, id="publish looks"),
        pytest.param("deploy", "cloudformation", "delete_stack", {"StackName": "other-app-dev"}, id="deploy leaves its prefix"),
        pytest.param(
            "deploy",
            "cloudwatch",
            "set_alarm_state",
            {"AlarmName": "tap-release-dev", "StateValue": "OK", "StateReason": "x"},
            id="deploy silences",
        ),
        pytest.param("deploy", "s3", "delete_object", {"Key": "ledger/x.json"}, id="deploy forgets"),
        pytest.param(
            "plan", "ssm", "put_parameter", {"Name": "/tap/dev/config/set/page-limit", "Value": "1", "Type": "String"}, id="plan sets"
        ),
        pytest.param("plan", "ssm", "delete_parameter", {"Name": "/tap/dev/config/set/page-limit"}, id="plan unsets"),
        pytest.param(
            "deploy",
            "ssm",
            "put_parameter",
            {"Name": "/tap/dev/config/page-limit", "Value": "1", "Overwrite": True},
            id="deploy sets a default",
        ),
        pytest.param("deploy", "ssm", "delete_parameter", {"Name": "/tap/dev/release"}, id="deploy forgets its release"),
        pytest.param(
            "deploy", "iam", "create_role", {"RoleName": "tap-x-us-east-1-dev", "AssumeRolePolicyDocument": "{}"}, id="deploy makes roles"
        ),
    ],
)
def test_a_task_may_do_nothing_but_its_own(accounts: Accounts, task: str, service: str, operation: str, arguments: dict[str, Any]) -> None:
    session = accounts.as_role(task, "dev", "us-east-1", DEV)
    client = accounts.client(session, service)
    bucket = {"Bucket": f"tap-artifacts-{DEV}-us-east-1-dev"} if service == "s3" else {}
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        getattr(client, operation)(**arguments, **bucket)


@pytest.mark.row("R25")
@pytest.mark.row("R11")
def test_an_operator_changes_the_configuration_through_the_roles(accounts: Accounts) -> None:
    """After dev was deployed, above: set with deploy's role, all else with plan's."""
    operator_ = accounts.operator()
    for arguments in (
        ("set", "dev", "page-limit", "20"),
        ("get", "dev", "page-limit"),
        ("list", "dev"),
        ("history", "dev"),
        ("unset", "dev", "page-limit"),
    ):
        done = accounts.run(operator_, "config", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    told = accounts.run(operator_, "config", "history", "dev", "page-limit").stdout
    assert "20" in told
    assert "ann" in told


@pytest.mark.row("R11")
def test_a_role_of_dev_reaches_nothing_in_another_account(accounts: Accounts) -> None:
    session = accounts.as_role("deploy", "dev", "us-east-1", DEV)
    with pytest.raises(ClientError, match="AccessDenied"):
        accounts.client(session, "sts").assume_role(
            RoleArn=f"arn:aws:iam::{STAGING}:role/tap-deploy-us-east-2-staging", RoleSessionName="test", ExternalId="tap-deploy"
        )


def test_a_role_is_not_given_without_the_external_id(accounts: Accounts) -> None:
    keys = accounts.operator()
    sts = boto3.client(
        "sts",
        endpoint_url=accounts.url,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=f"arn:aws:iam::{DEV}:role/tap-plan-us-east-1-dev", RoleSessionName="test")


def test_bootstrapping_twice_changes_nothing(accounts: Accounts) -> None:
    done = accounts.run(root_keys(DEV), "bootstrap", "dev", "--yes")
    assert done.returncode == 0
    assert done.stdout.startswith("No changes.")


def test_a_bootstrap_that_lacks_what_a_release_needs_is_said(accounts: Accounts) -> None:
    manifest = accounts.build / "staging" / "manifest.json"
    before = manifest.read_text()
    manifest.write_text(
        before.replace(
            '"AWS::SQS::Queue",\n        "AWS::SQS::QueuePolicy"',
            '"AWS::Kinesis::Stream",\n        "AWS::SQS::Queue",\n        "AWS::SQS::QueuePolicy"',
        )
    )
    assert manifest.read_text() != before
    try:
        done = accounts.run(accounts.operator(), "plan", "staging")
    finally:
        manifest.write_text(before)
    assert done.returncode == 4
    assert "AWS::Kinesis::Stream" in done.stderr
    assert "python -m deploy bootstrap staging" in done.stderr
