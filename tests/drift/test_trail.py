"""Who changed it, as far as CloudTrail tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.aws.api import Api, Calls
from deploy.aws.trail import Trail

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ANN = {"userIdentity": {"arn": "arn:aws:sts::1:assumed-role/admin/ann"}}


def event(name: str, whole: dict[str, Any], read_only: str = "false") -> dict[str, Any]:
    return {"EventName": name, "EventTime": NOON, "ReadOnly": read_only, "Username": "ann", "CloudTrailEvent": json.dumps(whole)}


def trail(*events: dict[str, Any]) -> Trail:
    """CloudTrail with these events, as botocore gives them."""
    meta = SimpleNamespace(
        service_model=SimpleNamespace(service_name="cloudtrail"), method_to_api_mapping={"lookup_events": "LookupEvents"}
    )
    return Trail(api=Api(SimpleNamespace(meta=meta, lookup_events=lambda **_: {"Events": list(events)}), Calls()))


def test_the_newest_changes_are_told_with_who_made_them() -> None:
    found = trail(event("SetQueueAttributes", ANN)).acts("tap-jobs-dev")
    assert [(act.by, act.event, act.at) for act in found] == [("arn:aws:sts::1:assumed-role/admin/ann", "SetQueueAttributes", NOON)]


@pytest.mark.parametrize(
    "other",
    [
        event("GetQueueAttributes", ANN, "true"),
        event("CreateQueue", {"userIdentity": {"invokedBy": "cloudformation.amazonaws.com"}}),
        event("CreateQueue", {**ANN, "sourceIPAddress": "cloudformation.amazonaws.com"}),
    ],
    ids=["reads", "cloudformation for itself", "cloudformation for a person"],
)
def test_what_reads_and_what_cloudformation_did_is_left_out(other: dict[str, Any]) -> None:
    assert trail(other).acts("tap-jobs-dev") == ()


def test_three_are_told_and_who_has_no_arn_is_told_by_name() -> None:
    found = trail(*(event(f"Set{number}", {}) for number in range(5))).acts("tap-jobs-dev")
    assert [(act.by, act.event) for act in found] == [("ann", "Set0"), ("ann", "Set1"), ("ann", "Set2")]
