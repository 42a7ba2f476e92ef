"""Failing over on the local AWS: what is looked at, what moves, what is written down, and back."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.ledger import Ledger
from tests.deploy.pair import FAR
from tests.deploy.world import ENVIRONMENT, parameter
from tests.failover.conftest import TABLE, Twin
from tests.local.conftest import REGION

pytestmark = pytest.mark.row("R16")


def checks(answer: Any) -> dict[str, str]:
    return {one["check"]: one["state"] for one in answer.json["checks"]}


def test_a_dry_run_asks_everything_and_moves_nothing(twin: Twin) -> None:
    answer = twin.run("failover", ENVIRONMENT, "--dry-run", "--format", "json")
    assert answer.code == 0, answer.out + answer.err
    assert set(checks(answer)) == {"region", "objects", "table", "capacity", "alarms", "release", "serves", "queues", "lock"}
    assert {state for name, state in checks(answer).items() if name != "capacity"} == {"ok"}
    assert answer.json["lost"] == []
    assert twin.switch() != "ALARM"


def test_traffic_moves_and_comes_back_and_both_ledgers_have_it(twin: Twin) -> None:
    moved = twin.run("failover", ENVIRONMENT, "--yes")
    assert moved.code == 0, moved.out + moved.err
    assert twin.switch() == "ALARM"
    assert f"goes to {FAR}" in twin.run("status", ENVIRONMENT).out
    twin.pending(0, back=True)
    again = twin.run("failover", ENVIRONMENT, "--yes")
    assert "nothing to do" in again.err
    back = twin.run("failover", ENVIRONMENT, "--back", "--yes")
    assert back.code == 0, back.out + back.err
    assert twin.switch() == "OK"
    assert f"goes to {REGION}" in twin.run("status", ENVIRONMENT).out
    for region in (REGION, FAR):
        found = [one["message"].split(";")[0] for one in history(twin, region) if one["operation"] == "failover"]
        assert found == [f"traffic goes from {FAR} to {REGION}", f"traffic goes from {REGION} to {FAR}"]


def history(twin: Twin, region: str, *, changes: bool = False) -> list[dict[str, Any]]:
    import msgspec

    from deploy.aws.sessions import Sessions
    from deploy.commands.options import Common
    from deploy.failover.alone import alone
    from tests.deploy.world import credentials

    common = Common(local=False, profile=None, endpoint_url=twin.aws.url, format="json", debug=False, build=twin.folder)
    with credentials(twin.aws.account):
        account = alone(common.account(ENVIRONMENT, mend=False), region)
        assert isinstance(account.sessions, Sessions)
        ledger = Ledger(store=account.store("plan", region))
        return [msgspec.to_builtins(one) for one in (ledger.changes() if changes else ledger.newest())]


def test_what_s3_has_still_to_copy_is_said_and_keeps_traffic_from_going_back(twin: Twin) -> None:
    twin.pending(3, 2048, 40)
    said = twin.run("failover", ENVIRONMENT, "--dry-run")
    assert said.code == 0
    assert f"3 operations, 2,048 bytes, are not in {FAR} yet, 40 s behind" in said.out
    assert "lost at most: objects: 3 operations of the last 40 s" in said.out
    assert twin.run("failover", ENVIRONMENT, "--yes").code == 0
    twin.pending(1, 10, 5, back=True)
    refused = twin.run("failover", ENVIRONMENT, "--back", "--yes")
    assert refused.code == 4
    assert "wait until S3 has copied them" in refused.err
    assert twin.switch() == "ALARM"


def test_a_standby_of_another_release_is_refused_until_somebody_takes_it_on_themselves(twin: Twin) -> None:
    twin.aws.client("ssm", FAR).put_parameter(Name="/tap/dev/release", Value='{"release": "0123456789ab"}', Overwrite=True)
    refused = twin.run("failover", ENVIRONMENT, "--yes")
    assert refused.code == 4
    assert f"{FAR} runs 0123456789ab" in refused.err
    assert twin.run("failover", ENVIRONMENT, "--dry-run", "--accept", "table").code == 2
    assert twin.run("failover", ENVIRONMENT, "--yes", "--accept", "release").code == 0


def test_checks_that_fail_in_the_standby_keep_traffic_where_it_is(twin: Twin) -> None:
    twin.aws.client("ssm", FAR).delete_parameter(Name="/tap/dev/far-limit")
    refused = twin.run("failover", ENVIRONMENT, "--yes")
    assert refused.code == 4
    assert f"1 of 1 checks fail in {FAR}" in refused.err
    assert twin.switch() != "ALARM"


def test_jobs_that_wait_in_the_first_region_are_counted(twin: Twin) -> None:
    sqs = twin.aws.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="tap-jobs-dev")["QueueUrl"], MessageBody="x")
    said = twin.run("failover", ENVIRONMENT, "--dry-run")
    assert f"1 messages wait in {REGION}" in said.out


def test_items_written_in_one_region_are_read_in_the_other_whichever_serves(twin: Twin) -> None:
    here, there = (twin.aws.client("dynamodb", region) for region in (REGION, FAR))
    here.put_item(TableName=TABLE, Item={"id": {"S": "before"}})
    assert twin.run("failover", ENVIRONMENT, "--yes").code == 0
    assert "Item" in there.get_item(TableName=TABLE, Key={"id": {"S": "before"}})
    there.put_item(TableName=TABLE, Item={"id": {"S": "meanwhile"}})
    twin.pending(0, back=True)
    assert twin.run("failover", ENVIRONMENT, "--back", "--yes").code == 0
    assert "Item" in here.get_item(TableName=TABLE, Key={"id": {"S": "meanwhile"}})


def test_an_environment_of_one_region_is_refused(twin: Twin) -> None:
    import json

    path = twin.folder / ENVIRONMENT / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"failover": None}))
    answer = twin.run("failover", ENVIRONMENT)
    assert answer.code == 4
    assert "it has one region" in answer.err


@pytest.mark.parametrize(
    ("given", "words"),
    [(("--to", "eu-west-1"), "it is no region of the environment"), (("--back", "--to", FAR), f"--back goes to {REGION}")],
)
def test_a_region_that_is_none_of_its_own_is_refused(twin: Twin, given: tuple[str, ...], words: str) -> None:
    answer = twin.run("failover", ENVIRONMENT, *given)
    assert answer.code == 2
    assert words in answer.err


def test_nobody_else_deploys_while_traffic_moves(twin: Twin) -> None:
    from tests.failover.holding import held

    with held(twin, FAR):
        answer = twin.run("failover", ENVIRONMENT, "--yes")
    assert answer.code == 4
    assert "somebody works on the environment" in answer.err
    twin.copies["Resources"]["Limit"] = parameter("20", "/tap/dev/far-limit")
    assert twin.build().up().code == 0
