"""Drift detection: every nested stack is looked into, every page is read, and what was not checked is never clean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from shared.drift_detection import Detection, Difference, Patience, detect

from .fakes import DELETED, IN_SYNC, NOON, Clock, FakeStack, Stacks, modified, refusal

QUEUE, TOPIC, TABLE = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::DynamoDB::GlobalTable"


def found(stacks: Stacks, clock: Clock | None = None, seconds: float = 60) -> Detection:
    clock = clock or Clock()
    return detect(stacks, "root", Patience(seconds=seconds, clock=clock, sleep=clock.sleep))


def statuses(detection: Detection) -> dict[str, str]:
    return {resource.path: resource.status for resource in detection.resources}


def nested(**inner: Any) -> Stacks:
    """A root with the nested stack Messaging, which holds the nested stack Inner."""
    return Stacks(
        root=FakeStack({"Messaging": "stack:messaging", "Topic": TOPIC}, {"Topic": IN_SYNC}),
        messaging=FakeStack({"Queue": QUEUE, "Inner": "stack:inner", "Other": QUEUE}, {"Queue": IN_SYNC, "Other": IN_SYNC}),
        inner=FakeStack(**{"members": {"Queue": QUEUE}, "drifts": {"Queue": IN_SYNC}, **inner}),
    )


def test_everything_in_sync_is_clean() -> None:
    detection = found(nested())
    assert detection.clean
    assert detection.counts() == {"IN_SYNC": 4, "MODIFIED": 0, "DELETED": 0, "NOT_CHECKED": 0, "UNKNOWN": 0}


def test_every_nested_stack_is_looked_into_at_any_depth() -> None:
    detection = found(nested(drifts={"Queue": modified("/VisibilityTimeout")}))
    assert [stack.path for stack in detection.stacks] == ["", "Messaging", "Messaging/Inner"]
    assert [resource.path for resource in detection.drifted] == ["Messaging/Inner/Queue"]


def test_all_detections_are_started_before_the_first_is_waited_for() -> None:
    stacks = nested()
    found(stacks)
    order = [call for call, _ in stacks.calls if call.startswith(("detect", "describe_stack_drift"))]
    assert order == ["detect_stack_drift"] * 3 + ["describe_stack_drift_detection_status"] * 3


def test_every_page_is_read() -> None:
    stacks = Stacks(root=FakeStack(dict.fromkeys("ABCDE", QUEUE), dict.fromkeys("ABCD", IN_SYNC) | {"E": DELETED}))
    detection = found(stacks)
    assert statuses(detection) == {"A": "IN_SYNC", "B": "IN_SYNC", "C": "IN_SYNC", "D": "IN_SYNC", "E": "DELETED"}
    assert len(stacks.called("list_stack_resources")) == len(stacks.called("describe_stack_resource_drifts")) == 5


def test_a_difference_has_its_property_its_kind_and_both_values() -> None:
    (resource,) = found(Stacks(root=FakeStack({"Queue": QUEUE}, {"Queue": modified("/VisibilityTimeout")}))).drifted
    assert (resource.type, resource.physical_id, resource.status) == (QUEUE, "physical-Queue", "MODIFIED")
    assert resource.differences == (Difference(property="/VisibilityTimeout", kind="NOT_EQUAL", expected="1", actual="2"),)


def test_differences_have_one_order_whatever_order_they_come_in() -> None:
    one, other = (found(Stacks(root=FakeStack({"Queue": QUEUE}, {"Queue": modified(*names)}))) for names in (("/A", "/B"), ("/B", "/A")))
    assert one.resources == other.resources


def test_a_resource_that_is_gone_is_drifted() -> None:
    assert [item.path for item in found(Stacks(root=FakeStack({"Queue": QUEUE}, {"Queue": DELETED}))).drifted] == ["Queue"]


@pytest.mark.parametrize("status", ["NOT_CHECKED", "UNKNOWN", "UNSUPPORTED", "SOMETHING_NEW"])
def test_a_resource_without_a_verdict_is_uncovered_and_never_clean(status: str) -> None:
    detection = found(Stacks(root=FakeStack({"Queue": QUEUE}, {"Queue": {"StackResourceDriftStatus": status}})))
    assert [item.path for item in detection.uncovered] == ["Queue"]
    assert not detection.drifted
    assert not detection.clean
    assert detection.counts()[status] == 1


def test_a_type_that_cannot_be_detected_has_no_record_and_is_uncovered() -> None:
    detection = found(Stacks(root=FakeStack({"Queue": QUEUE, "Table": TABLE}, {"Queue": IN_SYNC})))
    assert statuses(detection) == {"Queue": "IN_SYNC", "Table": "NOT_CHECKED"}
    assert not detection.clean


def test_a_nested_stack_is_no_uncovered_resource_itself() -> None:
    assert "Messaging" not in statuses(found(nested()))


def test_a_nested_stack_that_cloudformation_has_a_verdict_on_counts_as_a_resource_too() -> None:
    stacks = Stacks(
        root=FakeStack({"Messaging": "stack:messaging"}, {"Messaging": modified("/Tags")}),
        messaging=FakeStack({"Queue": QUEUE}, {"Queue": IN_SYNC}),
    )
    assert [item.path for item in found(stacks).drifted] == ["Messaging"]


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "DELETE_SKIPPED"])
def test_what_the_stack_no_longer_holds_is_not_asked_for(status: str) -> None:
    stacks = Stacks(root=FakeStack({"Queue": QUEUE, "Old": "stack:old"}, {"Queue": IN_SYNC}, statuses={"Old": status}))
    assert found(stacks).clean


@pytest.mark.parametrize("code", ["ValidationError", "OperationInProgressException"])
def test_a_stack_whose_detection_is_refused_is_unchecked_with_awss_reason_and_the_others_are_checked(code: str) -> None:
    detection = found(nested(refused=code, drifts={"Queue": IN_SYNC}))
    (stack,) = detection.unchecked
    assert stack.path == "Messaging/Inner"
    assert "UPDATE_IN_PROGRESS" in stack.reason
    assert statuses(detection)["Messaging/Inner/Queue"] == "NOT_CHECKED"
    assert statuses(detection)["Messaging/Queue"] == "IN_SYNC"
    assert not detection.clean


def test_a_permission_that_is_missing_is_raised_and_not_taken_for_a_stack_that_cannot_be_checked() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        found(nested(refused="AccessDenied"))


def test_a_nested_stack_that_was_deleted_by_hand_is_unchecked() -> None:
    stacks = nested()
    del stacks.stacks["stack:inner"]
    detection = found(stacks)
    assert [(stack.path, "does not exist" in stack.reason) for stack in detection.unchecked] == [("Messaging/Inner", True)]
    assert not detection.clean


def test_a_root_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ClientError, match="does not exist"):
        found(Stacks())


def test_a_nested_stack_that_may_not_be_listed_is_an_error() -> None:
    stacks = nested()
    stacks.failing = {"list_stack_resources": [None, None, refusal("AccessDenied")]}
    with pytest.raises(ClientError, match="AccessDenied"):
        found(stacks)


def test_detections_are_waited_for_until_they_end() -> None:
    clock = Clock()
    assert found(nested(looks=3), clock).clean
    assert clock.slept == [3.0, 3.0, 3.0]


def test_a_detection_that_has_ended_is_not_asked_for_again() -> None:
    stacks = nested(looks=3)
    found(stacks)
    asked = [request["StackDriftDetectionId"] for request in stacks.called("describe_stack_drift_detection_status")]
    assert (asked.count("detection-root"), asked.count("detection-stack:inner")) == (1, 4)


def test_waiting_has_an_end_and_what_did_not_end_is_unchecked() -> None:
    clock = Clock()
    detection = found(nested(looks=1000), clock, seconds=10)
    assert sum(clock.slept) <= 10
    assert [(stack.path, stack.reason) for stack in detection.unchecked] == [("Messaging/Inner", "detection did not end within 10 s")]
    assert statuses(detection)["Messaging/Inner/Queue"] == "NOT_CHECKED"
    assert not detection.clean


def test_without_any_time_every_stack_is_still_looked_at_once() -> None:
    assert found(nested(), seconds=0).clean


def test_a_detection_that_failed_gives_what_it_found_and_is_not_clean() -> None:
    detection = found(nested(end="DETECTION_FAILED", drifts={"Queue": modified("/VisibilityTimeout")}))
    assert [item.path for item in detection.drifted] == ["Messaging/Inner/Queue"]
    assert [stack.reason for stack in detection.unchecked] == ["Failed to detect drift on resources [Inner]"]


def test_what_an_earlier_detection_found_is_no_verdict_of_one_that_failed() -> None:
    earlier = NOON - timedelta(hours=6)
    assert statuses(found(nested(end="DETECTION_FAILED", listed_at=earlier)))["Messaging/Inner/Queue"] == "NOT_CHECKED"
