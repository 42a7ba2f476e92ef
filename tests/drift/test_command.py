"""`drift` on a small platform: what was changed by hand is found, told in four forms, accepted, and bad input is refused."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.drift import last_report, look
from deploy.manifest import decode
from tests.deploy.world import ENVIRONMENT, STACK, World, credentials
from tests.local.conftest import Aws, wait

TOMORROW = f"{datetime.now(UTC).date() + timedelta(days=1)}"


def shaped(world: World) -> World:
    """The platform with a policy on its queue, which CloudFormation cannot check, and a topic's."""
    resources = world.services["messaging"]["Resources"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": {"Fn::GetAtt": ["Jobs", "Arn"]}}
    resources["JobsPolicy"] = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Jobs"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}},
    }
    resources["News"] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "tap-news-dev"}}
    said = {"Sid": "Own", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": {"Ref": "News"}}
    resources["NewsPolicy"] = {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [{"Ref": "News"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [said]}},
    }
    return world.deployed()


def change_queue(world: World, **attributes: str) -> None:
    world.aws.client("sqs").set_queue_attributes(QueueUrl=queue_url(world), Attributes=attributes)


def queue_url(world: World) -> str:
    return str(world.aws.client("sqs").get_queue_url(QueueName="tap-jobs-dev")["QueueUrl"])


def found(world: World, *more: str) -> dict[str, Any]:
    answer = world.run("drift", ENVIRONMENT, "--format", "json", *more)
    assert answer.out, answer.err
    return {"code": answer.code, **answer.json}


def accept(world: World, name: str, until: str = TOMORROW, reason: str = "a slow partner") -> Any:
    return world.run("drift", ENVIRONMENT, "--accept", name, "--until", until, "--reason", reason)


@pytest.mark.row("R09")
def test_what_stands_as_it_was_made_has_not_drifted(world: World) -> None:
    said = found(shaped(world))
    assert (said["code"], said["drifted"], said["stacks"], said["unchecked_stacks"]) == (0, [], 4, [])
    # What only our own readers can compare is no gap: nothing is left but what nobody can check.
    assert said["uncovered"] == []
    assert said["clean"]


@pytest.mark.row("R09")
def test_every_kind_of_change_by_hand_is_found_with_both_values(world: World) -> None:
    shaped(world)
    change_queue(world, VisibilityTimeout="45")
    world.aws.client("ssm").put_parameter(Name="/tap/dev/limit", Value="11", Type="String", Overwrite=True)
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}
    world.aws.client("iam").update_assume_role_policy(RoleName="tap-worker-dev", PolicyDocument=json.dumps(trust))
    world.aws.client("dynamodb").delete_table(TableName="tap-items-dev")
    said = found(world)
    assert said["code"] == 3
    verdicts = {one["path"]: one["status"] for one in said["drifted"]}
    assert verdicts == {"Compute/Limit": "MODIFIED", "Compute/Worker": "MODIFIED", "Data/Items": "DELETED", "Messaging/Jobs": "MODIFIED"}
    (jobs,) = [one for one in said["drifted"] if one["path"] == "Messaging/Jobs"]
    assert jobs["differences"] == [{"property": "/VisibilityTimeout", "kind": "NOT_EQUAL", "expected": "30", "actual": "45"}]


@pytest.mark.row("R09")
def test_what_cloudformation_cannot_check_is_compared_by_readers_of_our_own(world: World) -> None:
    shaped(world)
    change_queue(world, Policy="")
    open_to_all = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:*", "Resource": "*"}]}
    (topic,) = [one["TopicArn"] for one in world.aws.client("sns").list_topics()["Topics"] if one["TopicArn"].endswith(":tap-news-dev")]
    world.aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(open_to_all))
    said = found(world)
    assert said["code"] == 3
    assert {one["path"]: (one["status"], one["read"]) for one in said["drifted"]} == {
        "Messaging/JobsPolicy": ("MODIFIED", True),
        "Messaging/NewsPolicy": ("MODIFIED", True),
    }
    assert all("by hand" in one["ways"][0] for one in said["drifted"])
    world.aws.client("sns").delete_topic(TopicArn=topic)
    verdicts = {one["path"]: one["status"] for one in found(world)["drifted"]}
    assert (verdicts["Messaging/News"], verdicts["Messaging/NewsPolicy"]) == ("DELETED", "DELETED")


def test_one_difference_is_told_in_every_form(world: World) -> None:
    """Text, Markdown, SARIF, with names from CloudTrail, and as a typed value for others."""
    shaped(world)
    change_queue(world, VisibilityTimeout="45")
    answer = world.run("drift", ENVIRONMENT)
    assert answer.code == 3
    for said in (
        "1 resource has drifted",
        "Messaging/Jobs",
        "VisibilityTimeout  expected 30, is 45",
        "up dev --revert-drift",
        "--accept Messaging/Jobs",
    ):
        assert said in answer.out, answer.out
    words = world.run("drift", ENVIRONMENT, "--format", "markdown")
    assert words.code == 3
    assert "`VisibilityTimeout`: expected `30`, is `45`" in words.out
    sarif = world.run("drift", ENVIRONMENT, "--format", "sarif")
    assert sarif.code == 3
    (result,) = sarif.json["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["level"], place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("error", "templates/messaging.py", 34)
    named = world.run("drift", ENVIRONMENT, "--who", "--format", "json")
    assert named.code == 3, named.err
    assert isinstance(named.json["drifted"][0]["by"], list)
    data = (world.folder / ENVIRONMENT / "manifest.json").read_bytes()
    with credentials(world.aws.account):
        account = Account(
            manifest=decode(data), data=data, folder=world.folder / ENVIRONMENT, sessions=Sessions(endpoint=world.aws.url, who="test")
        )
        (report,) = look(account)
        assert last_report(account) is None
    assert ([one.path for one in report.drifted], report.clean, report.code) == (["Messaging/Jobs"], False, 3)
    assert account.sessions.calls.counts["cloudformation:DetectStackDrift"] == report.stacks == 4


@pytest.mark.row("R09")
def test_accepted_drift_is_shown_as_that_and_is_drift_again_once_it_changes(world: World) -> None:
    shaped(world)
    change_queue(world, VisibilityTimeout="45")
    answer = accept(world, "Messaging/Jobs")
    assert answer.code == 0, answer.err
    said = found(world)
    assert (said["code"], said["drifted"], said["clean"]) == (0, [], False)
    (one,) = said["accepted"]
    (given,) = one["accepted"]
    assert (given["until"], given["reason"]) == (TOMORROW, "a slow partner")
    assert given["by"].startswith("arn:aws:")
    assert "accepted until" in world.run("drift", ENVIRONMENT).out
    newest = world.run("history", ENVIRONMENT, "--format", "json").json["records"][0]
    assert (newest["operation"], newest["outcome"], newest["by"]) == ("accept drift", "succeeded", given["by"])
    assert newest["message"] == f"Messaging/Jobs until {TOMORROW}: a slow partner"
    change_queue(world, VisibilityTimeout="46")
    assert found(world)["code"] == 3


def test_one_property_is_accepted_by_itself(world: World) -> None:
    shaped(world)
    change_queue(world, VisibilityTimeout="45")
    assert accept(world, "Messaging/Jobs/VisibilityTimeout").code == 0
    assert found(world)["code"] == 0
    world.aws.client("sqs").tag_queue(QueueUrl=queue_url(world), Tags={"Environment": "other"})
    said = found(world)
    (one,) = said["drifted"]
    assert said["code"] == 3
    assert len(one["differences"]) == 2


def test_an_acceptance_ends_by_itself(world: World) -> None:
    shaped(world)
    change_queue(world, VisibilityTimeout="45")
    assert accept(world, "Messaging/Jobs").code == 0
    ssm = world.aws.client("ssm")
    name = f"/tap/dev/drift/accepted/{STACK}/Messaging/Jobs"
    kept = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    yesterday = f"{datetime.now(UTC).date() - timedelta(days=1)}"
    ssm.put_parameter(Name=name, Value=json.dumps(kept | {"until": yesterday}), Type="String", Overwrite=True)
    assert found(world)["code"] == 3


BAD = {
    "no date": (("--accept", "Messaging/Jobs", "--until", "soon", "--reason", "x"), 2, "it is no date"),
    "no until": (("--accept", "Messaging/Jobs", "--reason", "x"), 2, "it is no date"),
    "past": (("--accept", "Messaging/Jobs", "--until", "2020-01-01", "--reason", "x"), 2, "it is past"),
    "too far": (("--accept", "Messaging/Jobs", "--until", "2999-01-01", "--reason", "x"), 2, "more than a year"),
    "no reason": (("--accept", "Messaging/Jobs", "--until", TOMORROW), 2, "--reason"),
    "blank reason": (("--accept", "Messaging/Jobs", "--until", TOMORROW, "--reason", " "), 2, "--reason"),
    "long reason": (("--accept", "Messaging/Jobs", "--until", TOMORROW, "--reason", "x" * 401), 2, "400"),
    "until alone": (("--until", TOMORROW), 2, "--accept ID"),
    "no such resource": (("--accept", "Messaging/Nothing", "--until", TOMORROW, "--reason", "x"), 4, "Messaging/Jobs"),
    "not drifted": (("--accept", "Data/Items", "--until", TOMORROW, "--reason", "x"), 4, "has drifted"),
    "property not drifted": (("--accept", "Messaging/Jobs/QueueName", "--until", TOMORROW, "--reason", "x"), 4, "VisibilityTimeout"),
}


def test_bad_input_is_refused_and_accepts_nothing(world: World) -> None:
    shaped(world)
    change_queue(world, VisibilityTimeout="45")
    for name, (arguments, code, words) in BAD.items():
        answer = world.run("drift", ENVIRONMENT, *arguments)
        assert answer.code == code, (name, answer.err)
        assert words in answer.err, (name, answer.err)
    assert world.aws.client("ssm").get_parameters_by_path(Path="/tap/dev/drift", Recursive=True)["Parameters"] == []
    assert found(world)["code"] == 3


def test_an_environment_that_is_not_built_or_not_deployed_is_said(world: World) -> None:
    world.ready().build()
    assert world.run("drift", "nowhere").code == 2
    answer = world.run("drift", ENVIRONMENT)
    assert answer.code == 4
    assert "nothing is deployed" in answer.err


def test_a_stack_at_work_is_not_looked_at(world: World) -> None:
    world.monitoring = 20
    world.ready().build()
    process = world.process("up", ENVIRONMENT, "--yes")
    try:
        wait(lambda: STACK in world.stack_names() and world.status_of(STACK).endswith("IN_PROGRESS"), "the stack to be at work")
        wait(lambda: world.status_of(STACK) == "CREATE_IN_PROGRESS", "the create to begin")
        answer = world.run("drift", ENVIRONMENT)
        assert answer.code == 6, answer.err
        assert "CREATE_IN_PROGRESS" in answer.err
    finally:
        process.kill()
        process.wait()


def test_a_nested_stack_that_is_gone_is_no_clean_one(world: World) -> None:
    """Exit 3 for what its parent has lost where CloudFormation says so; else 75: it gave no answer."""
    shaped(world)
    cloudformation = world.aws.cloudformation
    cloudformation.delete_stack(StackName=world.aws.child(STACK, "Data"))
    said = found(world)
    assert said["code"] in (3, 75)
    assert not said["clean"]
    assert [one["path"] for one in said["unchecked_stacks"]] == ["Data"]


def test_a_policy_in_the_root_itself_is_compared_as_well(aws: Aws) -> None:
    """The root is asked for by its name, which has no account and no region in it."""
    from deploy.detector import drift_detection, drift_readers

    statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": {"Fn::GetAtt": ["Own", "Arn"]}}
    policy = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Own"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}},
    }
    aws.create("alone", {"Resources": {"Own": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "own"}}, "OwnPolicy": policy}})
    readers = drift_readers.Readers(client=aws.client)
    patience = drift_detection.Patience(seconds=10, clock=time.monotonic, sleep=time.sleep, pause=0.1)
    detection = drift_detection.detect(aws.cloudformation, "alone", patience, reads=readers)
    assert {one.path: (one.status, one.read) for one in detection.resources} == {"Own": ("IN_SYNC", False), "OwnPolicy": ("IN_SYNC", True)}
