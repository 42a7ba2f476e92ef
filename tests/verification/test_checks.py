"""Every kind of check on the real dev: it passes where all is well, and fails for what it is there for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy import manifest as contract
from deploy.verification import failed, passed, sentence, verify
from tests.live.conftest import eventually
from tests.verification.conftest import Ground


def test_a_good_release_passes_its_own_checks(ground: Ground) -> None:
    results = verify(ground.account(*ground.deployed.manifest.checks))
    assert passed(results), [sentence(result) for result in failed(results)]
    assert {result.check for result in results} == {"outputs", "http", "invoke", "parameter", "alarms"}
    assert all(result.output and not result.reason and result.attempts == 1 for result in results)


def test_results_come_in_the_order_of_the_file_and_are_told_as_they_end(ground: Ground) -> None:
    said: list[str] = []
    results = verify(ground.account(*ground.deployed.manifest.checks), say=said.append)
    assert [result.check for result in results] == [check["check"] for check in ground.deployed.manifest.checks]
    assert sorted(said) == sorted(sentence(result) for result in results)


# http


def test_http_shows_status_time_and_body(ground: Ground) -> None:
    result = ground.check("http", path="/health", contains='"ok"', latency_ms=9000)
    assert result.ok, result.reason
    assert result.name == "GET /health"
    assert result.output.startswith("200 in ")
    assert '"status": "ok"' in result.output.replace('":"', '": "')


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"path": "/health", "status": 201}, "status 200, expected 201", id="status"),
        pytest.param({"path": "/nowhere"}, "status 403, expected 200", id="no such path"),
        pytest.param({"path": "/health", "contains": "broken"}, "the answer does not contain 'broken'", id="body"),
        pytest.param({"path": "/health", "latency_ms": 1}, " ms, at most 1 ms are allowed", id="latency"),
    ],
)
def test_http_fails_for_what_it_is_for(ground: Ground, fields: dict[str, Any], reason: str) -> None:
    result = ground.check("http", **fields)
    assert result.ok is False
    assert reason in result.reason
    assert result.output


def test_a_path_that_needs_a_signature_says_403(ground: Ground) -> None:
    assert ground.check("http", path="/items", status=403).ok


# invoke


def test_invoke_shows_the_answer(ground: Ground) -> None:
    result = ground.check("invoke", function="api", payload={"httpMethod": "GET", "path": "/health"})
    assert result.ok, result.reason
    assert "statusCode" in result.output


def test_invoke_fails_with_what_the_function_raised(ground: Ground) -> None:
    ground.function("broken", "def handler(event, context):\n    raise RuntimeError('no table')\n")
    result = ground.check("invoke", function="broken")
    assert result.ok is False
    assert "no table" in result.reason


def test_a_function_that_is_slow_fails_in_its_time_and_is_not_called_again(ground: Ground) -> None:
    ground.function("slow", "import time\n\ndef handler(event, context):\n    time.sleep(2.5)\n    return {}\n")
    began = time.monotonic()
    result = ground.check("invoke", function="slow", timeout_seconds=1)
    assert (result.ok, result.reason) == (False, "no end within 1 s")
    assert time.monotonic() - began < 2


def test_a_function_that_is_not_there_fails_with_awss_reason(ground: Ground) -> None:
    result = ground.check("invoke", function="nobody")
    assert result.ok is False
    assert "lambda:Invoke: AWS answers ResourceNotFoundException" in result.reason


# parameter and outputs


def test_a_parameter_is_there_and_its_value_is_not_shown(ground: Ground) -> None:
    result = ground.check("parameter", path="config/log-level")
    assert result.ok
    assert "INFO" not in result.output


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("config/nothing", "there is no parameter /tap/dev/config/nothing", id="missing"),
        pytest.param("config/blank", "parameter /tap/dev/config/blank is empty", id="empty"),
    ],
)
def test_a_parameter_that_is_missing_or_empty_fails(ground: Ground, path: str, reason: str) -> None:
    ground.client("ssm").put_parameter(Name="/tap/dev/config/blank", Value=" ", Type="String", Overwrite=True)
    result = ground.check("parameter", path=path)
    assert (result.ok, result.reason) == (False, reason)


def test_outputs_that_are_missing_are_named_and_the_others_shown(ground: Ground) -> None:
    result = ground.check("outputs", outputs=["TableName", "Nothing", "ApiUrl", "Neither"])
    assert (result.ok, result.reason) == (False, "missing or empty: Nothing, Neither")
    assert "TableName = tap-items-dev" in result.output


# alarms


@pytest.fixture
def mine(ground: Ground) -> Iterator[str]:
    """An alarm that nothing but a test moves."""
    cloudwatch = ground.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="tap-mine-dev",
        Namespace="test",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    yield "tap-mine-dev"
    cloudwatch.delete_alarms(AlarmNames=["tap-mine-dev"])


def test_an_alarm_that_watches_releases_fails_with_its_reason(ground: Ground, mine: str) -> None:
    cloudwatch = ground.client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName="tap-mine-release-dev", AlarmRule=f'ALARM("{mine}")')
    trigger = contract.Trigger(alarm="tap-mine-release-dev", type="AWS::CloudWatch::CompositeAlarm", since="update")
    try:
        assert ground.check("alarms", triggers=(trigger,)).ok
        cloudwatch.set_alarm_state(AlarmName=mine, StateValue="ALARM", StateReason="17 errors")
        result = ground.check("alarms", triggers=(trigger,))
        assert result.ok is False
        assert result.reason.startswith("in ALARM: tap-mine-dev")
        assert "17 errors" in result.output
    finally:
        cloudwatch.delete_alarms(AlarmNames=["tap-mine-release-dev"])


def test_alarms_that_watch_no_release_are_told_of_and_decide_nothing(ground: Ground, mine: str) -> None:
    ground.client("cloudwatch").set_alarm_state(AlarmName=mine, StateValue="ALARM", StateReason="drift")
    result = ground.check("alarms")
    assert result.ok, result.reason
    assert "in ALARM, but not for a release: " in result.output
    assert mine in result.output


def test_without_a_composite_alarm_all_decide_but_the_gate(ground: Ground, mine: str) -> None:
    cloudwatch = ground.client("cloudwatch")
    (gate,) = [trigger for trigger in ground.deployed.manifest.stacks[0].guard.triggers if trigger.since == "create"]
    cloudwatch.set_alarm_state(AlarmName=gate.alarm, StateValue="ALARM", StateReason="closed")
    cloudwatch.set_alarm_state(AlarmName=mine, StateValue="ALARM", StateReason="17 errors")
    try:
        result = ground.check("alarms", triggers=(gate,))
        assert result.ok is False
        assert mine in result.reason
        assert gate.alarm not in result.reason
    finally:
        cloudwatch.set_alarm_state(AlarmName=gate.alarm, StateValue="OK", StateReason="open")


# table and object


def test_a_table_round_trip_leaves_nothing(ground: Ground) -> None:
    result = ground.check("table", table="items")
    assert result.ok, result.reason
    assert not [item for item in ground.client("dynamodb").scan(TableName="tap-items-dev")["Items"] if "verification" in item]


def test_a_table_that_is_gone_fails(ground: Ground) -> None:
    result = ground.check("table", table="gone")
    assert result.ok is False
    assert "ResourceNotFoundException" in result.reason


def test_a_table_without_a_text_as_its_key_is_left_alone(ground: Ground) -> None:
    ground.client("dynamodb").create_table(
        TableName="tap-counts-dev",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "n", "KeyType": "HASH"}],
    )
    result = ground.check("table", table="counts")
    assert (result.ok, result.reason) == (False, "the partition key n is no text, so that no item can be told from others")


def test_an_object_round_trip_leaves_nothing(ground: Ground) -> None:
    result = ground.check("object", bucket="data")
    assert result.ok, result.reason
    found = ground.client("s3").list_objects_v2(Bucket=ground.deployed.output("DataBucketName"), Prefix="verification/")
    assert found.get("KeyCount", 0) == 0


def test_a_bucket_that_the_environment_has_not_fails(ground: Ground) -> None:
    result = ground.check("object", bucket="other-data")
    assert (result.ok, result.reason) == (False, "the environment has no output OtherDataBucketName")


# queue


def test_a_message_is_worked_off_and_does_nothing(ground: Ground) -> None:
    result = ground.check("queue", queue="jobs")
    assert result.ok, result.reason
    assert result.output == "worked off; 0 waiting, 0 taken"
    assert not ground.deployed.api.table_ids() & {"verification"}
    sqs = ground.client("sqs")
    url = sqs.get_queue_url(QueueName="tap-jobs-dead-letters-dev")["QueueUrl"]
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_a_queue_that_nobody_takes_from_fails(ground: Ground) -> None:
    ground.queue("lonely")
    result = ground.check("queue", queue="lonely", timeout_seconds=2)
    assert (result.ok, result.reason) == (False, "the message is not worked off after 1 s")
    assert result.output == "1 waiting, 0 taken"


def test_a_consumer_that_fails_is_seen_in_the_dead_letters(ground: Ground) -> None:
    source = ground.queue("poison")
    function = ground.function("poisoned", "def handler(event, context):\n    raise RuntimeError('broken')\n")
    ground.client("lambda").create_event_source_mapping(EventSourceArn=source, FunctionName=f"{function}:live", BatchSize=1)
    result = eventually(lambda: (found := ground.check("queue", queue="poison", timeout_seconds=6)).ok is False and found)
    assert "dead letters: " in result.reason


# python

REPOSITORY = Path(__file__).parents[2]
GOOD = """
def seen(context):
    print("looking at", context.environment)
    return f"{context.account} {context.region} {context.outputs['TableName']} {bool(context.endpoint)}"

def raising(context):
    print("about to fail")
    raise ValueError("3 of 4 items")

def hanging(context):
    import time
    time.sleep(60)

def leaving(context):
    raise SystemExit(0)

def silent(context):
    return None

def killed(context):
    import os
    os._exit(3)

def calling(context):
    import boto3
    return boto3.client("sts").get_caller_identity()["Arn"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "probes.py").write_text(GOOD)
    return tmp_path


def test_python_is_given_the_environment_and_returns_what_it_saw(ground: Ground, root: Path) -> None:
    result = ground.check("python", root, function="mine.probes:seen")
    assert result.ok, result.reason
    assert result.output == "111111111111 us-east-1 tap-items-dev True\nlooking at dev"


def test_python_calls_aws_as_the_deploy_role_and_not_as_whoever_runs_it(ground: Ground, root: Path) -> None:
    result = ground.check("python", root, function="mine.probes:calling")
    assert result.ok, result.reason
    assert ":assumed-role/tap-deploy-us-east-1-dev/tapline-deploy-" in result.output


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        pytest.param("mine.probes:raising", "ValueError: 3 of 4 items", id="raises"),
        pytest.param("mine.probes:leaving", "SystemExit: 0", id="exits"),
        pytest.param("mine.probes:killed", "the process ended with 3 and no answer", id="dies"),
        pytest.param(
            "mine.probes:silent", "TypeError: mine.probes:silent returned NoneType; a check returns text, or raises", id="says nothing"
        ),
        pytest.param("mine.probes:nothing", "AttributeError: module 'mine.probes' has no attribute 'nothing'", id="no such function"),
        pytest.param("mine.nothing:seen", "module mine.nothing is no file of this repository", id="no such module"),
        pytest.param("os:getcwd", "module os is no file of this repository", id="installed"),
        pytest.param("deploy.whose:whose", "module deploy.whose is no file of this repository", id="another repository"),
        pytest.param("mine..probes:seen", "module mine..probes is no file of this repository", id="dots"),
        pytest.param("linked:seen", "module linked is outside of this repository", id="link that leads out"),
    ],
)
def test_python_fails_with_what_happened(ground: Ground, root: Path, function: str, reason: str) -> None:
    if function.startswith("linked"):
        outside = root.parent / f"{root.name}-outside.py"
        outside.write_text(GOOD)
        (root / "linked.py").symlink_to(outside)
    result = ground.check("python", root, function=function)
    assert (result.ok, result.reason) == (False, reason)


def test_what_a_failing_function_printed_is_shown_with_its_traceback(ground: Ground, root: Path) -> None:
    result = ground.check("python", root, function="mine.probes:raising")
    assert "about to fail" in result.output
    assert "Traceback" in result.output


def test_python_that_hangs_is_ended(ground: Ground, root: Path) -> None:
    began = time.monotonic()
    result = ground.check("python", root, function="mine.probes:hanging", timeout_seconds=1)
    assert (result.ok, result.reason) == (False, "no end within 1 s")
    assert time.monotonic() - began < 3
    assert eventually(lambda: not _running(root), 3)


def _running(root: Path) -> bool:
    """A process of a check of this root is still there."""
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return any(str(root).encode() in line for line in lines)


def test_this_repository_is_the_root_by_default(ground: Ground) -> None:
    result = ground.check("python", function="tests.verification.probe:seen")
    assert result.ok, result.reason
    assert result.output == "dev"
