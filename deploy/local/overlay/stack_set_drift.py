"""What a drift detection found in a StackSet, counted.

Models the API reference's StackSetDriftDetectionDetails: one drifted instance makes the set DRIFTED; the set keeps what the last
operation that was not stopped found.
"""

from __future__ import annotations

from typing import Any

from .emulator import responses
from .stack_set_records import Operation, StackSet

_STATUS = {"RUNNING": "IN_PROGRESS", "QUEUED": "IN_PROGRESS", "STOPPING": "IN_PROGRESS", "STOPPED": "STOPPED", "FAILED": "FAILED"}


def found(stack_set: StackSet, operation: Operation) -> dict[str, Any]:
    """Of an operation that runs, or has just ended."""
    done = [target for target, result in operation.results.items() if result.status == "SUCCEEDED"]
    drifts = [stack_set.instances[target].drift for target in done if target in stack_set.instances]
    drifted, in_sync = drifts.count("DRIFTED"), drifts.count("IN_SYNC")
    failures = operation.failures()
    return {
        "DriftStatus": "DRIFTED" if drifted else "IN_SYNC" if in_sync else "NOT_CHECKED",
        "DriftDetectionStatus": _STATUS.get(operation.status, "PARTIAL_SUCCESS" if failures else "COMPLETED"),
        "LastDriftCheckTimestamp": operation.ended or responses.now_iso(),
        "TotalStackInstancesCount": len(operation.results),
        "DriftedStackInstancesCount": drifted,
        "InSyncStackInstancesCount": in_sync,
        "InProgressStackInstancesCount": sum(result.status in ("PENDING", "RUNNING") for result in operation.results.values()),
        "FailedStackInstancesCount": failures,
    }


def keep_drift(stack_set: StackSet, operation: Operation) -> None:
    """The operation keeps what it found, and so does the set, unless it was stopped."""
    details = operation.details["StackSetDriftDetectionDetails"] = found(stack_set, operation)
    if operation.status != "STOPPED":
        stack_set.drift = details
