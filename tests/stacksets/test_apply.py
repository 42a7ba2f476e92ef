"""A rollout goes wave by wave, stops where it must, says why, and goes on with the same command."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.manifest import Override
from deploy.stacksets.model import SetPlan
from deploy.stacksets.rolling import Rolling
from tests.deploy.world import Answer, queue
from tests.local.conftest import REGION, Faults, wait
from tests.stacksets.world import NAME, SECOND, SET, Organization, preferences, wave

pytestmark = pytest.mark.overlay


def applied(organization: Organization, path: Path, *more: str) -> Answer:
    return organization.run("apply", str(path), "--yes", *more)


def waves(answer: Answer) -> dict[str, dict[str, Any]]:
    return {one["wave"]: one for one in answer.json["waves"]}


def targets(organization: Organization, action: str) -> list[set[str]]:
    """The accounts of each operation of a kind, in order."""
    found = []
    for one in organization.operations():
        if one["Action"] == action:
            pages = organization.api.get_paginator("list_stack_set_operation_results")
            results = pages.paginate(StackSetName=SET, OperationId=one["OperationId"])
            found.append({result["Account"] for page in results for result in page["Summaries"]})
    return found


@pytest.mark.row("R26")
def test_waves_follow_each_other_and_each_is_one_operation_on_its_own_accounts(organization: Organization) -> None:
    organization.rolled_out()
    one, two, three, *rest = organization.members
    assert targets(organization, "CREATE") == [{one}, {two, three}, set(rest)]
    starts = [operation["CreationTimestamp"] for operation in organization.operations()]
    ends = [operation["EndTimestamp"] for operation in organization.operations()]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    assert set(organization.instances().values()) == {"CURRENT"}


@pytest.mark.row("R26")
def test_an_update_reaches_a_wave_at_a_time_over_accounts_and_regions(organization: Organization) -> None:
    one, *rest = organization.members
    organization.waves = (wave("canary", one, regions=(REGION, SECOND)), wave("rest", *rest, regions=(REGION, SECOND)))
    organization.rolled_out()
    organization.build(parameters={"Size": "large"})
    path = organization.plan()
    seen: list[dict[str, str]] = []
    home = organization.home()
    made = _load(path)

    def reached(point: str) -> None:
        if point == "passed-canary":
            seen.append(
                {f"{member}/{region}": organization.size(member, region) for member in organization.members for region in (REGION, SECOND)}
            )

    record = Rolling(home=home, plan=made, show=_quiet(), reached=reached).run()
    assert record.outcome == "succeeded"
    (between,) = seen
    assert {place for place, size in between.items() if size == "large"} == {f"{one}/{REGION}", f"{one}/{SECOND}"}
    assert {organization.size(member, region) for member in organization.members for region in (REGION, SECOND)} == {"large"}
    assert set(organization.instances().values()) == {"CURRENT"}
    assert targets(organization, "UPDATE") == [{one}, set(rest)]


def test_instances_of_later_waves_are_outdated_until_their_turn_and_earlier_ones_stay_current(organization: Organization) -> None:
    organization.rolled_out()
    organization.build(parameters={"Size": "large"})
    made, seen = _load(organization.plan()), {}

    def reached(point: str) -> None:
        if point.startswith("passed-"):
            seen[point] = [status for _, status in sorted(organization.instances().items())]

    Rolling(home=organization.home(), plan=made, show=_quiet(), reached=reached).run()
    assert seen == {
        "passed-canary": ["CURRENT"] + ["OUTDATED"] * 5,
        "passed-first": ["CURRENT"] * 3 + ["OUTDATED"] * 3,
        "passed-everyone": ["CURRENT"] * 6,
    }


def test_own_values_come_with_the_wave_and_are_changed_without_the_set(organization: Organization) -> None:
    organization.ready()
    two = organization.members[1]
    organization.build(overrides=(Override(accounts=(two,), parameters={"Size": "large"}),))
    assert organization.up().code == 0
    assert [organization.size(member) for member in organization.members[:3]] == ["small", "large", "small"]
    organization.build(overrides=(Override(accounts=(two,), parameters={"Size": "huge"}),))
    assert organization.up().code == 0
    assert organization.size(two) == "huge"
    organization.build(overrides=(), parameters={"Size": "medium"})
    assert organization.up().code == 0
    assert {organization.size(member) for member in organization.members} == {"medium"}
    answer = organization.run("plan", NAME)
    assert "No changes" in answer.out


def test_a_new_account_in_the_canary_wave_of_a_set_that_stands_gets_the_new_release_and_nobody_else_does(
    organization: Organization,
) -> None:
    """UpdateStackSet that named no instance would change all."""
    new, *rest = organization.members
    organization.waves = (wave("rest", *rest),)
    organization.rolled_out()
    organization.template["Parameters"]["Colour"] = {"Type": "String", "Default": "red"}
    organization.waves = (wave("canary", new), wave("rest", *rest))
    organization.build(parameters={"Size": "large"}, overrides=(Override(accounts=(new,), parameters={"Colour": "blue", "Size": "huge"}),))
    made, seen = _load(organization.plan()), []

    def reached(point: str) -> None:
        if point == "passed-canary":
            seen.append({organization.size(member) for member in rest})

    record = Rolling(home=organization.home(), plan=made, show=_quiet(), reached=reached).run()
    assert record.outcome == "succeeded", record
    assert seen == [{"small"}]
    assert organization.size(new) == "huge"
    assert {organization.size(member) for member in rest} == {"large"}
    own = organization.api.describe_stack_instance(StackSetName=SET, StackInstanceAccount=new, StackInstanceRegion=REGION)
    found = {one["ParameterKey"]: one["ParameterValue"] for one in own["StackInstance"]["ParameterOverrides"]}
    assert found == {"Colour": "blue", "Size": "huge"}
    assert "No changes" in organization.run("plan", NAME).out


def test_accounts_with_different_regions_to_do_are_reached_by_operations_that_touch_nothing_else(organization: Organization) -> None:
    one, two, *_ = organization.members
    organization.waves = (wave("all", one, two),)
    organization.rolled_out()
    organization.waves = (wave("all", one, two, regions=(REGION, SECOND)),)
    organization.build()
    assert organization.up().code == 0
    three = organization.members[2]
    organization.waves = (wave("all", one, two, three, regions=(REGION, SECOND)),)
    assert organization.build().up().code == 0
    assert len(organization.instances()) == 6
    names = [event["ResourceStatus"] for event in _root_events(organization, one)]
    assert names == ["CREATE_COMPLETE", "CREATE_IN_PROGRESS"], "what stands was not touched"


@pytest.mark.row("R26")
@pytest.mark.failure("StackSet operation partly failed")
def test_a_failed_instance_stops_the_rollout_and_the_same_command_goes_on_once_it_is_mended(organization: Organization) -> None:
    organization.ready().build()
    bad = organization.members[2]
    path = organization.plan()
    organization.take(bad)
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    found = waves(answer)
    assert list(found) == ["canary", "first"], "no later wave was begun"
    assert (found["canary"]["outcome"], found["first"]["outcome"]) == ("succeeded", "failed")
    (failure,) = found["first"]["failed"]
    assert (failure["account"], failure["region"]) == (bad, REGION)
    assert failure["cause"]["path"] == ["Jobs"]
    assert "'tap-jobs' already exists" in failure["cause"]["reason"]
    assert f"{bad} {REGION}: Jobs (AWS::SQS::Queue)" in answer.err
    assert "1 of 2 accounts failed in us-east-1, and 0 may" in answer.err
    assert len(organization.instances()) == 3
    organization.give_back(bad)
    before = len(organization.operations())
    again = applied(organization, path, "--format", "json")
    assert again.code == 0, again.err
    assert set(organization.instances().values()) == {"CURRENT"}
    assert len(organization.instances()) == 6
    made = targets(organization, "UPDATE") + targets(organization, "CREATE")[before:]
    assert [bad] == [member for accounts in targets(organization, "UPDATE") for member in accounts], f"only what failed: {made}"
    assert applied(organization, path).code == 0, "applied already"


def test_failures_within_the_tolerance_let_the_next_wave_begin_and_are_no_success(organization: Organization) -> None:
    one, *rest = organization.members
    organization.waves = (wave("canary", one), wave("first", *rest[:3], tolerance=1), wave("everyone", *rest[3:]))
    organization.ready().build()
    path = organization.plan()
    organization.take(rest[1])
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    assert {name: one["outcome"] for name, one in waves(answer).items()} == dict.fromkeys(("canary", "first", "everyone"), "succeeded")
    assert len(waves(answer)["first"]["failed"]) == 1
    assert "every wave is through, and 1 instance failed within what their waves bear" in answer.err
    organization.give_back(rest[1])
    count = len(organization.operations())
    assert applied(organization, path).code == 0
    assert len(organization.operations()) == count + 1, "one operation, for the one that had failed"
    assert set(organization.instances().values()) == {"CURRENT"}


def test_what_is_tolerated_is_counted_over_all_operations_of_a_wave(organization: Organization) -> None:
    """Two own values are two operations; each of them alone would bear its failure."""
    one, two, three, four, *_ = organization.members
    organization.waves = (wave("all", one, two, three, four, tolerance=1),)
    organization.ready().build(overrides=(Override(accounts=(three, four), parameters={"Size": "large"}),))
    path = organization.plan()
    organization.take(two)
    organization.take(four)
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    assert waves(answer)["all"]["outcome"] == "failed"
    assert "2 of 4 accounts failed in us-east-1, and 1 may" in answer.err


@pytest.mark.failure("StackSet: somebody changed the set")
@pytest.mark.parametrize("change", ["set", "instances", "operation", "values"])
def test_a_set_that_somebody_changed_since_the_plan_is_refused_with_what_moved(organization: Organization, change: str) -> None:
    organization.rolled_out()
    organization.build(parameters={"Size": "large"})
    path = organization.plan()
    words = _change(organization, change)
    answer = applied(organization, path)
    assert answer.code == 6
    assert "what it was made for has moved since" in answer.err
    assert words in answer.err
    assert {organization.size(member) for member in organization.members[1:5]} == {"small"}


def _change(organization: Organization, change: str) -> str:
    one, last = organization.members[0], organization.members[-1]
    if change == "set":
        changed = organization.api.update_stack_set(
            StackSetName=SET,
            UsePreviousTemplate=True,
            Tags=[{"Key": "Project", "Value": "other"}],
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Accounts=[one],
            Regions=[REGION],
        )
        _over(organization, changed["OperationId"])
        return 'tags.Project: it was "tap", and is "other"'
    if change == "instances":
        _over(
            organization,
            organization.api.delete_stack_instances(StackSetName=SET, Accounts=[last], Regions=[REGION], RetainStacks=True)["OperationId"],
        )
        return f"instance {last} {REGION}: it was current, and is not there"
    if change == "operation":
        _over(
            organization,
            organization.api.update_stack_set(StackSetName=SET, UsePreviousTemplate=True, Capabilities=["CAPABILITY_NAMED_IAM"])[
                "OperationId"
            ],
        )
        return "was begun after the plan was made"
    _over(
        organization,
        organization.api.update_stack_instances(
            StackSetName=SET, Accounts=[last], Regions=[REGION], ParameterOverrides=[{"ParameterKey": "Size", "ParameterValue": "mine"}]
        )["OperationId"],
    )
    return "was begun after the plan was made"


def _over(organization: Organization, identifier: str) -> None:
    wait(
        lambda: any(one["OperationId"] == identifier and "EndTimestamp" in one for one in organization.operations()), "the operation to end"
    )


def test_a_look_for_drift_since_the_plan_moves_nothing(organization: Organization) -> None:
    organization.rolled_out()
    organization.build(parameters={"Size": "large"})
    path = organization.plan()
    assert organization.run("drift", NAME).code == 0
    assert applied(organization, path).code == 0


@pytest.mark.failure("StackSet: an operation of somebody else")
def test_an_operation_of_somebody_else_is_followed_to_its_end_and_never_doubled(organization: Organization) -> None:
    """It begins between two waves: after the plan has looked again."""
    organization.rolled_out()
    organization.build(parameters={"Size": "large"})
    slow = Faults(url=organization.aws.url, account=organization.members[5])
    slow.add(resource="AWS::SSM::Parameter", latency=0.5)
    theirs: list[str] = []

    def reached(point: str) -> None:
        if point == "passed-canary":
            made = organization.api.update_stack_instances(StackSetName=SET, Accounts=[organization.members[5]], Regions=[REGION])
            theirs.append(made["OperationId"])

    try:
        record = Rolling(home=organization.home(), plan=_load(organization.plan()), show=_quiet(), reached=reached).run()
    finally:
        slow.clear()
    assert record.outcome == "succeeded"
    found = {one["OperationId"]: one for one in organization.operations()}
    ended = found[theirs[0]]["EndTimestamp"]
    later = [one for one in found.values() if one["CreationTimestamp"] > found[theirs[0]]["CreationTimestamp"]]
    assert later
    assert all(one["CreationTimestamp"] >= ended for one in later)


def test_a_set_that_somebody_changes_between_two_waves_ends_the_rollout(organization: Organization) -> None:
    organization.rolled_out()
    organization.build(parameters={"Size": "large"})
    path = organization.plan()

    def reached(point: str) -> None:
        if point == "passed-canary":
            made = organization.api.update_stack_set(
                StackSetName=SET,
                UsePreviousTemplate=True,
                Parameters=[{"ParameterKey": "Size", "ParameterValue": "theirs"}],
                Capabilities=["CAPABILITY_NAMED_IAM"],
                Accounts=[organization.members[5]],
                Regions=[REGION],
            )
            _over(organization, made["OperationId"])

    from deploy.errors import Conflict

    with pytest.raises(Conflict, match="somebody has changed the set since"):
        Rolling(home=organization.home(), plan=_load(path), show=_quiet(), reached=reached).run()
    assert organization.size(organization.members[1]) == "small"
    again = applied(organization, path)
    assert again.code == 6
    assert 'parameters.Size: it was "small", and is "theirs"' in again.err
    assert organization.up().code == 0, "a new plan begins from what is there"


@pytest.mark.failure("StackSet: an operation is stopped")
def test_an_operation_that_another_person_stops_ends_the_rollout_and_the_same_command_resumes(organization: Organization) -> None:
    one, *rest = organization.members
    organization.waves = (wave("canary", one), wave("rest", *rest, preferences=preferences(concurrency=1)))
    organization.ready().build()
    path = organization.plan()
    for member in rest:
        Faults(url=organization.aws.url, account=member).add(resource="AWS::SQS::Queue", latency=0.4)
    told: list[Answer] = []
    runner = threading.Thread(target=lambda: told.append(_in_process(organization, path)))
    runner.start()
    wait(lambda: len(_listed(organization)) == 2 and len(organization.instances()) == 6, "the second wave to begin")
    stopped = organization.run("stop", NAME, "--yes", "--format", "json")
    assert stopped.code == 0, stopped.err
    assert stopped.json["operation"]["status"] == "STOPPED"
    runner.join(30)
    assert told[0].code == 7
    assert "was stopped by somebody" in told[0].err
    record = json.loads(told[0].out)
    assert record["waves"][-1]["outcome"] == "stopped"
    assert record["waves"][-1]["cancelled"] > 0
    for member in rest:
        Faults(url=organization.aws.url, account=member).clear()
    assert applied(organization, path).code == 0
    assert set(organization.instances().values()) == {"CURRENT"}


def _in_process(organization: Organization, path: Path) -> Answer:
    process = organization.process("stackset", "apply", str(path), "--yes", "--format", "json")
    out, err = process.communicate(timeout=60)
    return Answer(process.returncode, out, err)


def _listed(organization: Organization) -> list[Any]:
    try:
        return organization.operations()
    except organization.api.exceptions.StackSetNotFoundException:
        return []


def test_two_rollouts_of_one_set_exclude_each_other_and_of_two_sets_do_not(organization: Organization) -> None:
    from deploy import lock

    organization.ready().build()
    path = organization.plan()
    home = organization.home()
    held = lock.acquire(home.shelf("deploy"), operation="another", verb="stackset apply", by="ann", host="elsewhere")
    answer = applied(organization, path)
    assert (answer.code, f"stackset status {NAME}" in answer.err) == (6, True)
    assert organization.run("plan", NAME).code == 6
    held.release()
    other = lock.acquire(home.account.store("deploy", REGION), operation="deployment", verb="apply", by="ann", host="elsewhere")
    assert applied(organization, path).code == 0
    other.release()


def alarm(organization: Organization, member: str, state: str) -> None:
    client = organization.aws.client("cloudwatch", REGION, member)
    client.put_metric_alarm(
        AlarmName="tap-root-used",
        Namespace="tap",
        MetricName="root",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    client.set_alarm_state(AlarmName="tap-root-used", StateValue=state, StateReason="somebody used it")


def test_an_alarm_that_rings_in_a_wave_keeps_the_next_one_from_beginning(organization: Organization) -> None:
    organization.ready().build(alarms=("tap-root-used",))
    bad = organization.members[1]
    alarm(organization, bad, "ALARM")
    path = organization.plan()
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    found = waves(answer)
    assert (list(found), found["first"]["outcome"]) == (["canary", "first"], "unverified")
    (check,) = found["first"]["checks"]
    assert check["name"] == f"{bad}/{REGION} tap-root-used"
    assert check["reason"] == "somebody used it"
    assert f"{bad}/{REGION} tap-root-used" in answer.err
    alarm(organization, bad, "OK")
    count = len(organization.operations())
    assert applied(organization, path).code == 0
    assert len(organization.operations()) == count + 1, "the wave was watched again, and only the last one was begun"


def test_an_alarm_is_watched_for_as_long_as_the_wave_says(organization: Organization) -> None:
    organization.waves = (wave("canary", organization.members[0], watch_minutes=10), wave("rest", *organization.members[1:]))
    organization.ready().build(alarms=("tap-root-used",))
    made, now, slept = _load(organization.plan()), [0.0], []

    def sleep(seconds: float) -> None:
        if seconds > 5:
            slept.append(seconds)
            now[0] += seconds
            if len(slept) == 3:
                alarm(organization, organization.members[0], "ALARM")
        else:
            time.sleep(seconds)

    record = Rolling(home=organization.home(), plan=made, show=_quiet(), sleep=sleep, clock=lambda: now[0]).run()
    assert record.outcome == "unverified"
    assert (len(slept), len(organization.instances())) == (3, 1)


def test_a_check_that_fails_in_an_account_stops_the_rollout_with_its_reason(organization: Organization) -> None:
    organization.ready().build(checks=({"check": "outputs", "outputs": ["Address"], "attempts": 1},))
    path = organization.plan()
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    found = waves(answer)
    assert (list(found), found["canary"]["outcome"]) == (["canary"], "unverified")
    assert found["canary"]["checks"][0]["name"].startswith(f"{organization.members[0]}/{REGION} ")
    assert "Address" in found["canary"]["checks"][0]["reason"]


def test_checks_look_at_the_instances_own_stacks(organization: Organization) -> None:
    organization.template["Outputs"] = {"Address": {"Value": {"Ref": "Jobs"}}}
    organization.ready().build(checks=({"check": "outputs", "outputs": ["Address"], "attempts": 1},))
    answer = organization.up()
    assert answer.code == 0, answer.err


def test_settings_that_no_instance_sees_come_last_and_change_no_stack(organization: Organization) -> None:
    organization.rolled_out()
    events = len(_root_events(organization, organization.members[0]))
    organization.build(description="Another description", managed_execution=True)
    answer = organization.up()
    assert answer.code == 0, answer.err
    found = organization.api.describe_stack_set(StackSetName=SET)["StackSet"]
    assert (found["Description"], found["ManagedExecution"]["Active"]) == ("Another description", True)
    assert len(_root_events(organization, organization.members[0])) == events
    assert "No changes" in organization.run("plan", NAME).out


@pytest.mark.failure("StackSet: a region is out")
def test_a_region_that_is_out_fails_its_instances_and_the_rollout_resumes_when_it_is_back(organization: Organization) -> None:
    one, *rest = organization.members
    organization.waves = (wave("canary", one, regions=(REGION,)), wave("rest", *rest, regions=(REGION, SECOND)))
    organization.ready().build()
    path = organization.plan()
    out = [Faults(url=organization.aws.url, account=member) for member in rest]
    for fault in out:
        fault.add(resource="AWS::SQS::Queue", error="ServiceUnavailable", message="the region is out", verb="create", times=2)
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    assert "the region is out" in answer.err
    for fault in out:
        fault.clear()
    assert applied(organization, path).code == 0
    assert set(organization.instances().values()) == {"CURRENT"}


@pytest.mark.failure("StackSet: an account is suspended")
def test_an_account_that_is_closed_in_mid_operation_is_named_and_the_next_plan_leaves_it_out(organization: Organization) -> None:
    api = organization.aws.client("organizations")
    root = api.list_roots()["Roots"][0]["Id"]
    members = [str(api.create_account(Email=f"{n}@example.org", AccountName=f"m{n}")["CreateAccountStatus"]["AccountId"]) for n in range(3)]
    assert root
    organization.members = tuple(members)
    organization.waves = (wave("canary", members[0]), wave("rest", *members[1:]))
    organization.ready().build()
    path = organization.plan()
    api.close_account(AccountId=members[2])
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    (failure,) = waves(answer)["rest"]["failed"]
    assert failure["account"] == members[2]
    assert failure["reason"].startswith("the account is suspended; CloudFormation says: ")
    refused = organization.run("plan", NAME)
    assert (refused.code, f"account {members[2]} is suspended" in refused.err) == (4, True)
    organization.waves = (wave("canary", members[0]), wave("rest", members[1]))
    assert organization.build().up().code == 0


def test_a_throttled_and_lossy_line_loses_and_doubles_nothing(organization: Organization) -> None:
    organization.ready().build()
    path = organization.plan()
    faults = Faults(url=organization.aws.url, account=organization.aws.account)
    for action in ("CreateStackSet", "CreateStackInstances", "UpdateStackSet"):
        faults.add(service="cloudformation", action=action, drop="answer", times=1)
    faults.add(service="cloudformation", action="DescribeStackSetOperation", error="Throttling", times=6, probability=0.5)
    faults.add(service="cloudformation", action="List*", error="Throttling", times=4, probability=0.5)
    try:
        answer = applied(organization, path)
    finally:
        faults.clear()
    assert answer.code == 0, answer.err
    assert len(organization.operations()) == 3
    assert set(organization.instances().values()) == {"CURRENT"}


def test_nested_causes_are_looked_for_in_the_account(organization: Organization) -> None:
    """Self-managed sets may nest: the cause is the deepest stack's."""
    url = organization.aws.publish({"Resources": {"Deep": queue(VisibilityTimeout=999999)}}, bucket="nested")
    s3 = organization.aws.client("s3")
    bucket = f"nested-{organization.aws.account}"
    readers = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [readers]}))
    organization.ready().build()
    assert organization.up().code == 0
    organization.template["Resources"]["Child"] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    path = organization.build().plan()
    answer = applied(organization, path, "--format", "json")
    assert answer.code == 7
    (failure,) = waves(answer)["canary"]["failed"]
    assert failure["cause"]["path"] == ["Child", "Deep"]


def _root_events(organization: Organization, member: str) -> list[Any]:
    client = organization.aws.client("cloudformation", REGION, member)
    (name,) = organization.stacks(member)
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    return [event for event in events if event["LogicalResourceId"] == name]


def _load(path: Path) -> SetPlan:
    from deploy.commands.sets import load

    return load(path)


def _quiet() -> Any:
    from deploy.console import console

    return console("json")
