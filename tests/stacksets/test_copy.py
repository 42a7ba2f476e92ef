"""Services of an environment, merged into one template, in accounts and regions that have no such environment: their functions run there.

Trusts, policies and boundaries are enforced: an operator rolls it out through the roles that bootstrap and the target's template make.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.deploy.strict import TOOLS, Accounts, root_keys, strict
from tests.deploy.test_reach import bucket, deploy_target
from tests.local.conftest import wait

pytestmark = pytest.mark.overlay

FIRST, SECOND = "us-east-1", "us-east-2"
WORKER = "tap-worker-dev"
COPY = f"""
  workers:
    description: The workers of dev, where dev is not
    environment: dev
    services: [keys, network, storage, data, messaging, compute]
    permissions: self-managed
    targets:
      accounts: ["555555555555", "666666666666"]
      regions: [{FIRST}, {SECOND}]
    waves:
      - name: canary
        accounts: ["555555555555"]
      - name: rest
        accounts: ["666666666666"]
"""

RolledOut = tuple[Accounts, CompletedProcess[str], dict[tuple[str, str], str]]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    with strict(Path(tmp_path_factory.mktemp("copy")), more_sets=COPY) as made:
        done = made.run(root_keys(TOOLS), "bootstrap", "tools", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        body = (made.build / "tools" / "target.json").read_text()
        for account in targets(made):
            deploy_target(made, account, body)
        done = made.run(made.operator(), "stackset", "plan", "workers", "--out", str(plan(made)))
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


@pytest.fixture(scope="module")
def rolled_out(planned: Accounts) -> RolledOut:
    """The code is not in the second region's bucket when the rollout begins; it is published again, and the same command goes on. With it: how the
    first attempt ended, and what stood where then.
    """
    code = [f"assets/{one['sha256']}.zip" for one in manifest(planned)["assets"]]
    s3 = planned.root(TOOLS).client("s3", SECOND)
    policy = s3.get_bucket_policy(Bucket=bucket(SECOND))["Policy"]
    s3.delete_bucket_policy(Bucket=bucket(SECOND))  # which keeps even an administrator from it
    for key in code:
        s3.delete_object(Bucket=bucket(SECOND), Key=key)
    s3.put_bucket_policy(Bucket=bucket(SECOND), Policy=policy)
    cut, stood = apply(planned), standing(planned)
    published = planned.run(planned.operator(), "publish", "tools")
    assert published.returncode == 0, published.stdout + published.stderr
    again = apply(planned)
    assert again.returncode == 0, again.stdout + again.stderr
    return planned, cut, stood


def plan(accounts: Accounts) -> Path:
    return accounts.build / "workers.plan.json"


def apply(accounts: Accounts) -> CompletedProcess[str]:
    return accounts.run(accounts.operator(), "stackset", "apply", str(plan(accounts)), "--yes", "--format", "json")


def manifest(accounts: Accounts) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((accounts.build / "tools" / "manifest.json").read_text())
    return read


def targets(accounts: Accounts) -> list[str]:
    """As the organization numbered them, in the order of the waves."""
    waves = next(one for one in manifest(accounts)["stack_sets"] if one["name"] == "workers")["waves"]
    return [account for wave in waves for account in wave["accounts"]]


def places(accounts: Accounts) -> list[tuple[str, str]]:
    return [(account, region) for account in targets(accounts) for region in (FIRST, SECOND)]


def standing(accounts: Accounts) -> dict[tuple[str, str], str]:
    done = accounts.run(accounts.operator(), "stackset", "status", "workers", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return {(one["account"], one["region"]): one["status"] for one in json.loads(done.stdout)["instances"]}


@pytest.mark.row("R26")
def test_where_a_regions_bucket_lacks_the_code_that_regions_instance_fails_and_no_other(rolled_out: RolledOut) -> None:
    accounts, cut, stood = rolled_out
    canary = targets(accounts)[0]
    assert cut.returncode == 7, cut.stdout + cut.stderr
    (wave,) = json.loads(cut.stdout)["waves"]
    (failed,) = wave["failed"]
    assert (wave["wave"], failed["account"], failed["region"]) == ("canary", canary, SECOND)
    assert failed["cause"]["type"] == "AWS::Lambda::Function"
    assert "The specified key does not exist" in failed["cause"]["reason"]
    assert stood == {(canary, FIRST): "CURRENT", (canary, SECOND): "OUTDATED"}


@pytest.mark.row("R26")
def test_published_again_the_same_command_brings_the_copy_everywhere(rolled_out: RolledOut) -> None:
    accounts, _, _ = rolled_out
    assert standing(accounts) == dict.fromkeys(places(accounts), "CURRENT")


@pytest.mark.row("R26")
def test_each_function_has_the_code_of_the_tools_bucket_of_its_region_and_answers(rolled_out: RolledOut) -> None:
    accounts, _, _ = rolled_out
    for account, region in places(accounts):
        functions = accounts.root(account).client("lambda", region)
        config = functions.get_function(FunctionName=WORKER, Qualifier="live")["Configuration"]
        assert base64.b64decode(config["CodeSha256"]).hex() in code(accounts, region)
        answer = functions.invoke(FunctionName=WORKER, Qualifier="live", Payload=json.dumps({"Records": []}))
        assert answer.get("FunctionError") is None
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}


def code(accounts: Accounts, region: str) -> set[str]:
    """SHA-256 of each archive in a region's bucket, as it is there."""
    s3 = accounts.root(TOOLS).client("s3", region)
    found = s3.list_objects_v2(Bucket=bucket(region), Prefix="assets/")["Contents"]
    return {sha256(s3.get_object(Bucket=bucket(region), Key=one["Key"])["Body"].read()).hexdigest() for one in found}


@pytest.mark.row("R26")
def test_the_copies_services_work_together(rolled_out: RolledOut) -> None:
    """Queue, worker, table: a job marks its item done, in its own account and region."""
    accounts, _, _ = rolled_out
    for account, region in places(accounts):
        table, sqs = accounts.root(account).client("dynamodb", region), accounts.root(account).client("sqs", region)
        key = {"pk": {"S": "item#1"}, "sk": {"S": "v0"}}
        table.put_item(TableName="tap-items-dev", Item={**key, "status": {"S": "new"}})
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="tap-jobs-dev")["QueueUrl"], MessageBody='{"id": "1"}')
        wait(partial(is_done, table, key), f"the job of {account} {region}")


def is_done(table: Any, key: dict[str, Any]) -> bool:
    return bool(table.get_item(TableName="tap-items-dev", Key=key, ConsistentRead=True)["Item"]["status"]["S"] == "done")
