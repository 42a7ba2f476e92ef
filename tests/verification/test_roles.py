"""The deploy role may run every kind of check and nothing beyond, on a local AWS that enforces policies and boundaries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.strict import DEV, Accounts, root_keys, strict

MORE = """
  - check: queue
    queue: jobs
  - check: table
    table: items
  - check: object
    bucket: data
  - check: python
    function: tests.verification.probe:seen
"""

pytestmark = pytest.mark.rehearsal


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """Dev with a check of every kind, deployed through its roles."""
    with strict(tmp_path_factory.mktemp("roles"), more_checks=MORE) as made:
        for keys, verb in ((root_keys(DEV), "bootstrap"), (made.operator(), "up")):
            done = made.run(keys, verb, "dev", "--yes")
            assert done.returncode == 0, done.stdout + done.stderr
        yield made


def test_every_kind_of_check_passes_through_the_deploy_role(accounts: Accounts) -> None:
    done = accounts.run(accounts.operator(), "verify", "dev", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)["checks"]
    assert {result["check"] for result in results if result["ok"]} == {
        "alarms",
        "http",
        "invoke",
        "object",
        "outputs",
        "parameter",
        "python",
        "queue",
        "table",
    }


ITEM = {"pk": {"S": "item#a"}, "sk": {"S": "v0"}}


@pytest.mark.row("R11")
@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        pytest.param("lambda", "invoke", {"FunctionName": "tap-worker-dev:live"}, id="another function"),
        pytest.param("lambda", "invoke", {"FunctionName": "tap-api-dev"}, id="the function past its alias"),
        pytest.param("lambda", "update_function_code", {"FunctionName": "tap-api-dev", "ZipFile": b"x"}, id="the function's code"),
        pytest.param("sqs", "send_message", {"QueueUrl": "{url}/tap-failures-dev", "MessageBody": "x"}, id="another queue"),
        pytest.param("sqs", "receive_message", {"QueueUrl": "{url}/tap-jobs-dev"}, id="messages are read"),
        pytest.param("sqs", "purge_queue", {"QueueUrl": "{url}/tap-jobs-dev"}, id="messages are thrown away"),
        pytest.param("dynamodb", "get_item", {"TableName": "tap-items-dev", "Key": ITEM}, id="an item that is no check's is read"),
        pytest.param("dynamodb", "put_item", {"TableName": "tap-items-dev", "Item": ITEM}, id="one is written"),
        pytest.param("dynamodb", "delete_item", {"TableName": "tap-items-dev", "Key": ITEM}, id="one is deleted"),
        pytest.param("dynamodb", "scan", {"TableName": "tap-items-dev"}, id="all items are read"),
        pytest.param("s3", "get_object", {"Bucket": "{data}", "Key": "items/a.json"}, id="an object that is no check's is read"),
        pytest.param("s3", "put_object", {"Bucket": "{data}", "Key": "items/a.json", "Body": b"x"}, id="one is written"),
        pytest.param("s3", "delete_object", {"Bucket": "{data}", "Key": "items/a.json"}, id="one is deleted"),
    ],
)
def test_the_deploy_role_may_do_nothing_beyond_its_checks(
    accounts: Accounts, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    client = accounts.client(accounts.as_role("deploy", "dev", "us-east-1", DEV), service)
    places = {"url": f"{accounts.url}/{DEV}", "data": f"tap-data-{DEV}-us-east-1-dev"}
    filled = {key: value.format(**places) if isinstance(value, str) else value for key, value in arguments.items()}
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        getattr(client, operation)(**filled)


@pytest.mark.failure("KMS or IAM denied")
def test_a_permission_that_is_missing_fails_its_check_with_awss_words(accounts: Accounts) -> None:
    iam, role = accounts.root(DEV).client("iam"), "tap-deploy-us-east-1-dev"
    denial = {"Statement": [{"Effect": "Deny", "Action": "lambda:InvokeFunction", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="broken", PolicyDocument=json.dumps(denial))
    try:
        done = accounts.run(accounts.operator(), "verify", "dev", "--format", "json")
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="broken")
    assert done.returncode == 7
    (result,) = [result for result in json.loads(done.stdout)["checks"] if not result["ok"]]
    assert result["check"] == "invoke"
    for word in (role, "may not lambda:InvokeFunction", "explicit deny"):
        assert word in result["reason"]


def test_the_plan_role_may_run_none_of_them(accounts: Accounts) -> None:
    client = accounts.client(accounts.as_role("plan", "dev", "us-east-1", DEV), "lambda")
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        client.invoke(FunctionName="tap-api-dev:live")
