"""How an operation on a StackSet goes through accounts and regions: order, how many at a time, how many may fail, stopped, queued; and drift."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import _ACCOUNTS, REGION, Aws, wait
from tests.local.stack_sets import SECOND, StackSets, values, worker

pytestmark = pytest.mark.overlay


@pytest.fixture
def sets(aws: Aws) -> Iterator[StackSets]:
    """Four accounts that trust the one which administers the set."""
    made = StackSets(aws=aws, members=tuple(sorted(str(next(_ACCOUNTS)) for _ in range(4))))
    made.trust(*made.members)
    made.create()
    yield made
    for member in made.members:
        made.faults(member).clear()


def most_at_a_time(sets: StackSets, operation: str, *members: str) -> int:
    """How many stacks were in progress at a time, by their own events."""
    sets.over(operation)
    targets = [target for target in sets.results(operation) if target[0] in (members or sets.members)]
    spans = [sets.span(*target) for target in targets if "StackId" in sets.instance(*target)]
    changes = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    return max(accumulate(change for _, change in changes))


@pytest.mark.parametrize(
    ("preferences", "most"),
    [
        ({}, 1),
        ({"MaxConcurrentCount": 3}, 1),
        ({"MaxConcurrentCount": 4, "FailureToleranceCount": 1}, 2),
        ({"MaxConcurrentCount": 3, "FailureToleranceCount": 3}, 3),
        ({"MaxConcurrentCount": 3, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}, 3),
        ({"MaxConcurrentPercentage": 60, "FailureTolerancePercentage": 99}, 2),
        ({"MaxConcurrentPercentage": 1, "FailureTolerancePercentage": 99}, 1),
    ],
    ids=str,
)
def test_accounts_are_worked_on_as_many_at_a_time_as_asked_and_tolerated(sets: StackSets, preferences: dict[str, Any], most: int) -> None:
    sets.slow(seconds=0.1)
    operation = sets.begin(OperationPreferences=preferences)
    assert most_at_a_time(sets, operation) == most
    assert sets.status(operation) == "SUCCEEDED"


def test_strict_concurrency_falls_with_every_failure(sets: StackSets) -> None:
    first, second, *others = sets.members
    sets.slow(first, seconds=0.05)
    sets.slow(second, *others, seconds=0.15)
    sets.failing(first)
    operation = sets.begin(OperationPreferences={"MaxConcurrentCount": 2, "FailureToleranceCount": 1})
    assert most_at_a_time(sets, operation, first, second) == 2
    assert most_at_a_time(sets, operation, second, *others) == 1
    assert sets.status(operation) == "SUCCEEDED"
    assert sets.operation(operation)["StatusDetails"] == {"FailedStackInstancesCount": 1}


def test_failures_within_the_tolerance_are_results_and_no_end(sets: StackSets) -> None:
    sets.failing(sets.members[1])
    operation = sets.deploy(OperationPreferences={"FailureToleranceCount": 1})
    assert sets.statuses(operation) == ["SUCCEEDED", "FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert sets.status(operation) == "SUCCEEDED"
    assert f"no queues in {sets.members[1]}" in sets.results(operation)[sets.members[1], REGION]["StatusReason"]


def test_one_failure_too_many_ends_the_operation_in_all_later_regions(sets: StackSets) -> None:
    sets.failing(*sets.members[:2])
    operation = sets.deploy(REGION, SECOND, OperationPreferences={"FailureTolerancePercentage": 25, "RegionOrder": [SECOND, REGION]})
    found = sets.results(operation)
    assert [found[member, SECOND]["Status"] for member in sets.members] == ["FAILED", "FAILED", "CANCELLED", "CANCELLED"]
    assert {found[member, REGION]["Status"] for member in sets.members} == {"CANCELLED"}
    assert {found[member, REGION]["StatusReason"] for member in sets.members} == {"Cancelled since failure tolerance has exceeded"}
    assert sets.status(operation) == "FAILED"
    last = sets.instance(sets.members[-1])
    assert (last["Status"], last["StackInstanceStatus"]["DetailedStatus"]) == ("OUTDATED", "CANCELLED")


def test_soft_concurrency_may_fail_in_more_accounts_than_tolerated(sets: StackSets) -> None:
    sets.slow(seconds=0.1)
    sets.failing(*sets.members)
    operation = sets.deploy(OperationPreferences={"MaxConcurrentCount": 3, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"})
    assert sets.statuses(operation) == ["FAILED", "FAILED", "FAILED", "CANCELLED"]
    assert sets.operation(operation)["StatusDetails"]["FailedStackInstancesCount"] == 3


def test_regions_go_one_after_another_in_the_order_asked_for(sets: StackSets) -> None:
    first = sets.members[0]
    sets.slow(first, seconds=0.05)
    sets.deploy(REGION, SECOND, Accounts=[first], OperationPreferences={"RegionOrder": [SECOND, REGION]})
    assert sets.span(first, SECOND)[1] <= sets.span(first, REGION)[0]
    sets.remove(REGION, SECOND, Accounts=[first])
    sets.deploy(SECOND, REGION, Accounts=[first])
    assert sets.span(first, SECOND)[1] <= sets.span(first, REGION)[0]
    sets.remove(REGION, SECOND, Accounts=[first])
    sets.deploy(REGION, SECOND, Accounts=[first])
    assert sets.span(first, REGION)[1] <= sets.span(first, SECOND)[0]


def test_regions_side_by_side_have_each_their_own_tolerance(sets: StackSets) -> None:
    first, second, *_ = sets.members
    sets.slow(first, second, seconds=0.1)
    sets.faults(first).add(resource="AWS::SQS::Queue", verb="create", error="Broken", times=1)
    operation = sets.begin(REGION, SECOND, Accounts=[first, second], OperationPreferences={"RegionConcurrencyType": "PARALLEL"})
    assert most_at_a_time(sets, operation) == 2
    found = sets.results(operation)
    by_region = sorted(tuple(found[member, region]["Status"] for member in (first, second)) for region in (REGION, SECOND))
    assert by_region == [("FAILED", "CANCELLED"), ("SUCCEEDED", "SUCCEEDED")]
    assert sets.status(operation) == "FAILED"


@pytest.mark.parametrize(
    "preferences",
    [
        {"FailureToleranceCount": 1, "FailureTolerancePercentage": 1},
        {"MaxConcurrentCount": 1, "MaxConcurrentPercentage": 1},
    ],
    ids=str,
)
def test_a_count_and_a_percentage_of_the_same_are_refused(sets: StackSets, preferences: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="but not both"):
        sets.begin(OperationPreferences=preferences)


def test_a_second_operation_is_refused_while_one_runs(sets: StackSets) -> None:
    sets.slow(sets.members[0])
    operation = sets.begin()
    assert sets.operation(operation)["Status"] == "RUNNING"
    with pytest.raises(ClientError, match=f"OperationInProgressException.*Another Operation on StackSet arn:.*{operation}"):
        sets.begin(SECOND)
    with pytest.raises(ClientError, match="OperationInProgressException"):
        sets.api.delete_stack_set(StackSetName="worker")
    sets.over(operation)
    sets.deploy(SECOND)


def managed(sets: StackSets, *, active: bool = True) -> str:
    made = sets.api.update_stack_set(StackSetName="worker", UsePreviousTemplate=True, ManagedExecution={"Active": active})
    return sets.over(made["OperationId"])


def test_managed_execution_runs_side_by_side_what_does_not_conflict_and_queues_the_rest_in_order(sets: StackSets) -> None:
    managed(sets)
    first, second, third, _ = sets.members
    sets.slow(first, second)
    running = [sets.begin(Accounts=[member]) for member in (first, second)]
    conflicting, behind = sets.begin(Accounts=[first, third]), sets.begin(Accounts=[third])
    assert [sets.status(known) for known in (*running, conflicting, behind)] == ["RUNNING", "RUNNING", "QUEUED", "QUEUED"]
    with pytest.raises(ClientError, match=r"InvalidOperationException.*ManagedExecution"):
        managed(sets, active=False)
    sets.quiet()
    ended = [sets.operation(known)["EndTimestamp"] for known in (running[0], conflicting, behind)]
    assert ended == sorted(ended)
    assert {sets.status(known) for known in (*running, conflicting, behind)} == {"SUCCEEDED"}


def test_a_queued_update_changes_nothing_before_its_turn(sets: StackSets) -> None:
    managed(sets)
    first = sets.members[0]
    sets.slow(first)
    sets.begin(Accounts=[first])
    update = sets.api.update_stack_set(StackSetName="worker", UsePreviousTemplate=True, Parameters=values(Size="large"))["OperationId"]
    assert sets.status(update) == "QUEUED"
    assert sets.api.describe_stack_set(StackSetName="worker")["StackSet"]["Parameters"] == []
    sets.over(update)
    assert sets.size(first) == "large"


def test_an_update_queued_behind_a_deletion_brings_nothing_back(sets: StackSets) -> None:
    managed(sets)
    first = sets.members[0]
    target = {"StackSetName": "worker", "Accounts": [first], "Regions": [REGION]}
    sets.deploy(Accounts=[first])
    sets.slow(first)
    sets.api.update_stack_set(StackSetName="worker", UsePreviousTemplate=True, Tags=[{"Key": "team", "Value": "core"}])
    sets.api.delete_stack_instances(**target, RetainStacks=False)
    update = sets.api.update_stack_instances(**target, ParameterOverrides=values(Size="tiny"))["OperationId"]
    assert sets.status(sets.over(update)) == "SUCCEEDED"
    assert (sets.results(update), sets.instances()) == ({}, set())


def test_a_stopped_operation_finishes_what_runs_and_cancels_the_rest(sets: StackSets) -> None:
    sets.slow(sets.members[0])
    operation = sets.begin()
    sets.api.stop_stack_set_operation(StackSetName="worker", OperationId=operation)
    assert sets.status(operation) == "STOPPING"
    sets.over(operation)
    assert sets.status(operation) == "STOPPED"
    assert sets.statuses(operation) == ["SUCCEEDED", "CANCELLED", "CANCELLED", "CANCELLED"]
    with pytest.raises(ClientError, match="InvalidOperationException"):
        sets.api.stop_stack_set_operation(StackSetName="worker", OperationId=operation)
    with pytest.raises(ClientError, match="OperationNotFoundException"):
        sets.api.stop_stack_set_operation(StackSetName="worker", OperationId="other")


def test_a_queued_operation_that_is_stopped_never_begins(sets: StackSets) -> None:
    managed(sets)
    first = sets.members[0]
    sets.slow(first)
    running, waiting = sets.begin(Accounts=[first]), sets.begin()
    sets.api.stop_stack_set_operation(StackSetName="worker", OperationId=waiting)
    assert (sets.status(waiting), sets.results(waiting)) == ("STOPPED", {})
    sets.over(running)
    assert sets.instances() == {(first, REGION)}


def detect(sets: StackSets, **more: Any) -> str:
    return str(sets.api.detect_stack_set_drift(StackSetName="worker", **more)["OperationId"])


def test_drift_of_a_set_is_that_of_its_instances(sets: StackSets) -> None:
    sets.deploy(OperationPreferences={"MaxConcurrentCount": 4, "FailureToleranceCount": 3})
    first, second, *_ = sets.members
    sets.aws.client("ssm", account=first).put_parameter(Name="/worker/size", Value="by hand", Overwrite=True)
    sets.aws.client("iam", account=second).delete_role(RoleName="AWSCloudFormationStackSetExecutionRole")
    operation = sets.over(detect(sets, OperationPreferences={"FailureToleranceCount": 1}))
    found = sets.operation(operation)
    assert (found["Action"], found["Status"]) == ("DETECT_DRIFT", "SUCCEEDED")
    details = found["StackSetDriftDetectionDetails"]
    counts = [details[f"{kind}StackInstancesCount"] for kind in ("Total", "Drifted", "InSync", "InProgress", "Failed")]
    assert (details["DriftStatus"], details["DriftDetectionStatus"], counts) == ("DRIFTED", "PARTIAL_SUCCESS", [4, 1, 2, 0, 1])
    assert sets.api.describe_stack_set(StackSetName="worker")["StackSet"]["StackSetDriftDetectionDetails"] == details
    assert [sets.instance(member)["DriftStatus"] for member in sets.members] == ["DRIFTED", "NOT_CHECKED", "IN_SYNC", "IN_SYNC"]
    assert {sets.instance(member)["Status"] for member in sets.members} == {"CURRENT"}
    [drifted] = sets.api.list_stack_instance_resource_drifts(
        StackSetName="worker",
        StackInstanceAccount=first,
        StackInstanceRegion=REGION,
        OperationId=operation,
        StackInstanceResourceDriftStatuses=["MODIFIED"],
    )["Summaries"]
    assert (drifted["LogicalResourceId"], drifted["PropertyDifferences"][0]["ActualValue"]) == ("Size", "by hand")


def test_one_detection_at_a_time_even_under_managed_execution(sets: StackSets) -> None:
    managed(sets)
    first = sets.members[0]
    sets.slow(first)
    sets.begin(Accounts=[first])
    waiting = detect(sets)
    assert sets.status(waiting) == "QUEUED"
    with pytest.raises(ClientError, match="OperationInProgressException"):
        detect(sets)
    sets.over(waiting)
    found = sets.operation(waiting)["StackSetDriftDetectionDetails"]
    assert found["DriftStatus"] == "IN_SYNC"
    sets.api.update_stack_set(StackSetName="worker", UsePreviousTemplate=True, Tags=[{"Key": "team", "Value": "core"}])
    stopped = detect(sets)
    sets.api.stop_stack_set_operation(StackSetName="worker", OperationId=stopped)
    sets.quiet()
    assert sets.operation(stopped)["StackSetDriftDetectionDetails"]["DriftDetectionStatus"] == "STOPPED"
    assert sets.api.describe_stack_set(StackSetName="worker")["StackSet"]["StackSetDriftDetectionDetails"] == found


def test_a_stack_that_somebody_deleted_is_made_again(sets: StackSets) -> None:
    first = sets.members[0]
    sets.deploy(Accounts=[first])
    client = sets.aws.client("cloudformation", account=first)
    former = sets.stack(first)["StackId"]
    client.delete_stack(StackName=former)
    wait(lambda: sets.stack(first)["StackStatus"] == "DELETE_COMPLETE", "the stack to be deleted")
    sets.update(worker(), Parameters=values(Size="large"))
    assert sets.stack(first)["StackId"] != former
    assert sets.size(first) == "large"
