"""What goes wrong around a deployment: others at work, plans gone stale, a network that fails, a clock that is off."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from deploy import lock, plan
from deploy.lock import Holder
from tests.deploy.world import GATE, STACK, World, parameter
from tests.local.conftest import Faults


def change(world: World, value: str = "20") -> World:
    world.services["compute"]["Resources"]["Limit"] = parameter(value, "/tap/dev/limit")
    return world.build()


@pytest.mark.failure("two deployers")
def test_two_deployers_at_once_one_goes_and_the_other_learns_who_it_is(world: World) -> None:
    world.ready().build()
    first, second = world.plan(), world.folder / "second.plan.json"
    assert world.run("plan", "dev", "--out", str(second)).code == 0
    processes = [world.process("apply", str(path), "--yes") for path in (first, second)]
    ended = [(process.wait(), *process.communicate()) for process in processes]
    codes = sorted(code for code, _, _ in ended)
    assert codes == [0, 6], ended
    assert world.aws.status(STACK) == "CREATE_COMPLETE"
    assert len(world.run("history", "dev", "--format", "json").json["records"]) == 1


@pytest.mark.failure("two deployers")
def test_a_lock_that_somebody_holds_is_named_with_its_holder(world: World) -> None:
    world.ready().build()
    held(world, until=datetime.now(UTC) + timedelta(minutes=5))
    answer = world.run("plan", "dev")
    assert answer.code == 6
    assert "ann on workbench" in answer.err


@pytest.mark.failure("two deployers")
def test_a_lock_that_has_expired_may_be_taken(world: World) -> None:
    world.ready().build()
    held(world, until=datetime.now(UTC) - timedelta(seconds=1))
    assert world.up().code == 0
    assert world.run("history", "dev", "--format", "json").json["records"][0]["number"] == 8


def held(world: World, *, until: datetime) -> None:
    """Somebody else has, or had, the lock."""
    other = Holder(operation="f" * 64, verb="apply", by="ann", host="workbench", fence=7, since=until - timedelta(minutes=15), until=until)
    world.aws.client("s3").put_object(Bucket=world.bucket, Key=lock.KEY, Body=msgspec.json.encode(other))


@pytest.mark.failure("stale plan")
def test_a_plan_is_refused_once_the_stack_has_moved(world: World) -> None:
    world.deployed()
    change(world)
    path = world.plan()
    world.aws.update(STACK, json.loads((world.folder / "dev" / "root.json").read_text()), Tags=[{"Key": "Project", "Value": "other"}])
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 6
    assert "has moved" in answer.err
    assert "plan again" in answer.err


@pytest.mark.failure("stale plan")
def test_a_plan_is_refused_once_another_one_was_applied(world: World) -> None:
    world.deployed()
    change(world)
    stale = world.plan()
    change(world, "30")
    assert world.up().code == 0
    answer = world.run("apply", str(stale), "--yes")
    assert answer.code == 6
    assert world.aws.client("ssm").get_parameter(Name="/tap/dev/limit")["Parameter"]["Value"] == "30"


@pytest.mark.failure("stale plan")
def test_a_plan_is_refused_once_its_change_set_is_gone(world: World) -> None:
    world.deployed()
    change(world)
    path = world.plan()
    change_set = plan.load(path).proposals[0].change_sets[""]
    world.aws.cloudformation.delete_change_set(ChangeSetName=change_set)
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 6
    assert "change set" in answer.err


@pytest.mark.failure("stale plan")
def test_an_expired_plan_is_refused(world: World) -> None:
    world.ready().build()
    path = world.plan()
    made = plan.load(path)
    past = datetime.now(UTC) - timedelta(minutes=1)
    plan.save(plan.seal(msgspec.structs.replace(made, expires=past)), path)
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 6
    assert "expired" in answer.err


@pytest.mark.failure("stale plan")
def test_a_plan_that_was_changed_by_hand_is_refused(world: World) -> None:
    world.ready().build()
    path = world.plan()
    path.write_text(path.read_text().replace("tap-items-dev", "tap-items-prod").replace('"add": 5', '"add": 0'))
    answer = world.run("apply", str(path), "--yes")
    assert answer.code == 6
    assert "changed after it was sealed" in answer.err


def test_another_digest_than_the_approved_one_is_refused(world: World) -> None:
    world.ready().build()
    path = world.plan()
    made = plan.load(path)
    assert world.run("apply", str(path), "--approve", "0" * 12).code == 4
    assert world.run("apply", str(path), "--approve", made.short).code == 0


@pytest.mark.failure("rollback trigger missing")
@pytest.mark.parametrize("state", ["missing", "alarm"])
def test_a_trigger_that_cannot_watch_refuses_before_anything_starts(world: World, state: str) -> None:
    world.ready().build()
    cloudwatch = world.aws.client("cloudwatch")
    if state == "missing":
        cloudwatch.delete_alarms(AlarmNames=[GATE])
    else:
        cloudwatch.set_alarm_state(AlarmName=GATE, StateValue="ALARM", StateReason="somebody said so")
    answer = world.run("plan", "dev")
    assert answer.code == 4
    assert GATE in answer.err
    assert ("somebody said so" in answer.err) is (state == "alarm")
    assert world.stack_names() == set()


@pytest.mark.failure("throttling")
def test_a_storm_of_throttling_fails_nothing(world: World, faults: Faults) -> None:
    world.ready().build()
    faults.add(service="cloudformation", error="Throttling", message="Rate exceeded", status=400, probability=0.15)
    answer = world.up()
    assert answer.code == 0, answer.err


@pytest.mark.failure("network loss")
def test_dropped_connections_fail_nothing_and_nothing_is_done_twice(world: World, faults: Faults) -> None:
    world.ready().build()
    faults.add(service="cloudformation", drop="answer", probability=0.15)
    faults.add(service="s3", drop="request", probability=0.15)
    answer = world.up()
    faults.clear()
    assert answer.code == 0, answer.err
    begun = [
        event
        for event in world.aws.events(STACK)
        if event["LogicalResourceId"] == STACK and event["ResourceStatus"] == "CREATE_IN_PROGRESS"
    ]
    assert len(begun) == 1


@pytest.mark.failure("credentials expire")
def test_credentials_that_end_while_it_is_followed_are_no_failure(world: World, faults: Faults) -> None:
    world.monitoring = 6
    world.ready().build()
    path = world.plan()
    process = world.process("apply", str(path), "--yes")
    world.aws.wait_status(STACK, "CREATE_IN_PROGRESS")
    faults.add(service="cloudformation", error="ExpiredToken", message="The security token included in the request is expired", status=400)
    out, err = process.communicate()
    assert process.returncode == 75, out + err
    assert "credentials" in err
    faults.clear()
    again = world.run("apply", str(path), "--yes")
    assert again.code == 0, again.err
    assert "attaching" in again.err


@pytest.mark.failure("clock skew")
def test_a_clock_that_is_off_is_said_in_seconds(world: World, faults: Faults) -> None:
    world.ready().build()
    faults.add(skew=3600)
    answer = world.run("plan", "dev")
    assert answer.code == 5
    assert "this clock is" in answer.err
    assert "behind" in answer.err


@pytest.mark.failure("caller is in another account")
def test_a_bootstrap_from_another_account_stops_before_anything(world: World) -> None:
    world.build()
    manifest = world.folder / "dev" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(world.aws.account, "999999999999"))
    answer = world.run("bootstrap", "dev", "--yes")
    assert answer.code == 5
    assert "999999999999" in answer.err


def test_a_stack_that_another_tool_left_in_review_is_no_obstacle_and_stays_theirs(world: World) -> None:
    world.ready().build()
    theirs = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    world.aws.change_set(STACK, theirs, "CREATE", set_name="theirs")
    refused = world.run("up", "dev")
    assert refused.code == 4, refused.err
    assert world.change_sets() == ["theirs"]
    assert world.up().code == 0


def test_a_stack_whose_first_create_failed_elsewhere_is_cleared_away(world: World) -> None:
    world.ready().build()
    world.aws.create(STACK, {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 999_999}}}})
    assert world.aws.status(STACK) == "ROLLBACK_COMPLETE"
    answer = world.up()
    assert answer.code == 0, answer.err
    assert "first create was undone" in answer.err


def test_a_leftover_stays_where_the_triggers_cannot_watch_what_comes_after_it(world: World) -> None:
    world.ready().build()
    world.aws.create(STACK, {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 999_999}}}})
    world.aws.client("cloudwatch").delete_alarms(AlarmNames=[GATE])
    answer = world.up()
    assert answer.code == 4, answer.err
    assert "nothing was started" in answer.err
    assert world.aws.status(STACK) == "ROLLBACK_COMPLETE"


def test_a_stack_that_is_busy_is_left_alone(world: World) -> None:
    world.monitoring = 4
    world.ready().build()
    path = world.plan()
    following = threading.Thread(target=lambda: world.process("apply", str(path), "--yes").wait())
    following.start()
    world.aws.wait_status(STACK, "CREATE_IN_PROGRESS")
    answer = world.run("plan", "dev")
    following.join()
    assert answer.code == 6


def test_too_many_change_sets_are_said_in_words(world: World, faults: Faults) -> None:
    world.ready().build()
    faults.add(
        service="cloudformation",
        action="CreateChangeSet",
        error="LimitExceededException",
        status=400,
        message="ChangeSet limit exceeded for stack",
    )
    answer = world.run("plan", "dev")
    assert answer.code == 4
    assert "change sets" in answer.err


@pytest.mark.failure("publishing half done")
def test_publishing_that_was_cut_off_is_completed(world: World, faults: Faults) -> None:
    world.ready().build()
    faults.add(service="s3", action="PutObject", error="AccessDenied", status=403, message="no", probability=0.5)
    world.run("publish", "dev")
    faults.clear()
    answer = world.run("publish", "dev", "--format", "json")
    assert answer.code == 0
    again = world.run("publish", "dev", "--format", "json").json
    assert [one["uploaded"] for one in again] == [0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("plan", "nowhere"), "nowhere", id="environment"),
        pytest.param(("plan", "dev", "--region", "eu-west-1"), "environment file", id="region"),
        pytest.param(("plann", "dev"), "did you mean 'plan'", id="verb"),
        pytest.param(("plan",), "ENVIRONMENT", id="argument"),
        pytest.param(("apply", "no-such.plan"), "no such file", id="plan"),
        pytest.param(("plan", "dev", "--local"), "--endpoint-url", id="local"),
        pytest.param(("diff", "dev", "--service", "x"), "messaging", id="service"),
    ],
)
def test_bad_usage_is_said_and_nothing_is_sent(world: World, arguments: tuple[str, ...], words: str) -> None:
    world.build()
    answer = world.run(*arguments)
    assert answer.code == 2
    assert words in answer.err


@pytest.mark.parametrize("file", ["manifest.json", "data.json"])
def test_a_build_folder_that_is_not_whole_is_said(world: World, file: str) -> None:
    world.ready().build()
    path: Path = world.folder / "dev" / file
    path.write_text("{}")
    answer = world.run("plan", "dev")
    assert answer.code == 2
    assert "make generate" in answer.err
