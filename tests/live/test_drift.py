"""Drift of the real dev: what is changed by hand is found by command and by schedule, rings, is told once, and is quiet again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy import manifest as contract
from deploy.__main__ import run
from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.drift import last_report, look
from tests.deploy.world import credentials
from tests.live.conftest import Deployed, eventually

UNTIL = f"{datetime.now(UTC).date() + timedelta(days=7)}"


def scheduled(deployed: Deployed) -> dict[str, Any]:
    """The function as its rule calls it: by the alias."""
    answer = deployed.aws.client("lambda").invoke(FunctionName="tap-drift-dev", Qualifier="live", Payload=b"{}")
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, found
    return found


def state(deployed: Deployed, name: str = "tap-drift-found-dev") -> str:
    return str(deployed.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


def topic(deployed: Deployed, thing: str) -> str:
    return f"arn:aws:sns:{deployed.manifest.region}:{deployed.manifest.account}:tap-{thing}-dev"


@pytest.fixture
def subscribed(deployed: Deployed) -> Iterator[str]:
    """The URL of a queue that hears what the drift topic says."""
    sqs, sns = deployed.aws.client("sqs"), deployed.aws.client("sns")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = sns.subscribe(TopicArn=topic(deployed, "drift"), Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    yield str(url)
    sns.unsubscribe(SubscriptionArn=made)
    sqs.delete_queue(QueueUrl=url)


def heard(deployed: Deployed, url: str) -> list[dict[str, Any]]:
    """The detector's notices that have come since the last look; the alarm's own are left out."""
    found = deployed.aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    bodies = [json.loads(message["Body"]) for message in found]
    for message in found:
        deployed.aws.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [body for body in bodies if body.get("Subject", "").startswith("drift in dev")]


@contextmanager
def account(deployed: Deployed) -> Iterator[Account]:
    with credentials(deployed.manifest.account):
        yield Account(
            manifest=deployed.manifest,
            data=contract.encode(deployed.manifest),
            folder=Path(),
            sessions=Sessions(endpoint=deployed.aws.url, who="test"),
        )


def by_command(deployed: Deployed) -> set[str]:
    with account(deployed) as one:
        return {found.path for report in look(one) for found in report.drifted}


@contextmanager
def changed(deployed: Deployed) -> Iterator[set[str]]:
    """A queue, a function, a parameter and a role, changed by hand and put back; the paths of what is changed."""
    clients = {service: deployed.aws.client(service) for service in ("sqs", "lambda", "ssm", "iam")}
    url, role = deployed.output("JobsQueueUrl"), "tap-worker-us-east-1-dev"
    name = "/tap/dev/outputs/messaging/JobsQueueName"
    value = clients["ssm"].get_parameter(Name=name)["Parameter"]["Value"]
    memory = clients["lambda"].get_function_configuration(FunctionName="tap-worker-dev")["MemorySize"]
    trust = clients["iam"].get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    other = {**trust, "Statement": [{**trust["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}]}
    clients["sqs"].set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "45"})
    clients["lambda"].update_function_configuration(FunctionName="tap-worker-dev", MemorySize=memory + 64)
    clients["ssm"].put_parameter(Name=name, Value="other", Overwrite=True)
    clients["iam"].update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(other))
    try:
        template = deployed.aws.cloudformation.get_template(StackName=deployed.aws.child("tap-app-dev", "Parameters"))["TemplateBody"]
        title = next(title for title, made in template["Resources"].items() if made["Properties"]["Name"] == name)
        yield {"Messaging/JobsQueue", "Compute/WorkerFunction", "Compute/WorkerRole", f"Parameters/{title}"}
    finally:
        clients["sqs"].set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "180"})
        clients["lambda"].update_function_configuration(FunctionName="tap-worker-dev", MemorySize=memory)
        clients["ssm"].put_parameter(Name=name, Value=value, Overwrite=True)
        clients["iam"].update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


@pytest.mark.row("R09")
def test_what_is_changed_by_hand_is_found_rings_is_told_once_and_is_quiet_when_it_is_put_back(deployed: Deployed, subscribed: str) -> None:
    # Before its first run, which another story may have had already, the detector's silence is no alarm.
    assert state(deployed, "tap-drift-stopped-dev") in ("INSUFFICIENT_DATA", "OK")
    assert scheduled(deployed)["Drifted"] == 0
    assert by_command(deployed) == set()
    assert eventually(lambda: state(deployed, "tap-drift-stopped-dev") == "OK")
    eventually(lambda: heard(deployed, subscribed), seconds=1)  # what an earlier story had left is told as mended
    with changed(deployed) as paths:
        assert by_command(deployed) == paths
        assert scheduled(deployed)["Drifted"] == len(paths)
        assert eventually(lambda: state(deployed) == "ALARM")
        (notice,) = eventually(lambda: heard(deployed, subscribed))
        assert all(path in notice["Message"] for path in paths)
        scheduled(deployed)
        assert eventually(lambda: heard(deployed, subscribed), seconds=1) == []
        with account(deployed) as one:
            stored = last_report(one)
        assert stored is not None
        assert {found.path for found in stored.report.drifted} == paths
        assert stored.age < 60
    assert by_command(deployed) == set()
    assert scheduled(deployed)["Drifted"] == 0
    assert eventually(lambda: state(deployed) == "OK")
    (notice,) = eventually(lambda: heard(deployed, subscribed))
    assert "No longer drifted" in notice["Message"]


@pytest.mark.row("R09")
def test_what_is_accepted_by_command_is_quiet_on_schedule(deployed: Deployed) -> None:
    with changed(deployed) as paths:
        assert scheduled(deployed)["Drifted"] == len(paths)
        assert eventually(lambda: state(deployed) == "ALARM")
        for path in sorted(paths):
            with credentials(deployed.manifest.account):
                arguments = ["drift", "dev", "--accept", path, "--until", UNTIL, "--reason", "a test"]
                assert run([*arguments, "--endpoint-url", deployed.aws.url, "--build", str(deployed.folder / "build")]) == 0
        outcome = scheduled(deployed)
        assert (outcome["Drifted"], outcome["Accepted"]) == (0, len(paths))
        assert eventually(lambda: state(deployed) == "OK")


@pytest.mark.row("R09")
def test_a_topic_that_is_deleted_by_hand_is_found(deployed: Deployed) -> None:
    """The last of these stories: nothing makes it again here."""
    deployed.aws.client("sns").delete_topic(TopicArn=topic(deployed, "alarms"))
    assert by_command(deployed) >= {"Messaging/AlarmTopic", "Messaging/AlarmTopicPolicy"}
    assert scheduled(deployed)["Drifted"] >= 2
    assert eventually(lambda: state(deployed) == "ALARM")


def test_a_look_asks_little_for_each_stack_and_waits_for_all_at_once(deployed: Deployed) -> None:
    """Docs/performance.md has the figures: a list, a start, an end and the results for each stack, and what the readers need."""
    with account(deployed) as one:
        (report,) = look(one)
    counts = one.sessions.calls.counts
    assert report.stacks == 11
    assert 11 <= counts["cloudformation:ListStackResources"] < 22  # every page of it
    for operation in ("DetectStackDrift", "DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts"):
        assert counts[f"cloudformation:{operation}"] == 11, counts
    assert counts["sqs:GetQueueAttributes"] + counts["sns:GetTopicAttributes"] == 5
    assert one.sessions.calls.total <= 4 * 11 + 16, counts
