"""Drift-aware change sets: what was changed by hand is a change of its own, and executing it puts the resource back.

Models the user guide's "Using drift-aware change sets" and the API reference's CreateChangeSet (DeploymentMode), ResourceChange
(ResourceDriftStatus) and ResourceTargetDefinition (BeforeValueFrom, AfterValueFrom): the value before is the actual one, the value after the
template's; what was deleted is made again; what cannot be updated in place stays as it is; a rollback restores the actual state. Whether it
goes with nested stacks is written nowhere: here it does.
"""

from __future__ import annotations

import json
from typing import Any

from .emulator import Record, Stack, drift, provisioners, responses, stack_by_id

MODE = "REVERT_DRIFT"

Change = dict[str, Any]


def with_drift(changes: list[Change], stack: Stack) -> list[Change]:
    """The rows of a change set with those of what was changed by hand."""
    shown = {change["ResourceChange"]["LogicalResourceId"] for change in changes}
    found = [row for logical_id, record in stack.get("_resources", {}).items() if logical_id not in shown and (row := _row(stack, record))]
    return [*changes, *({"Type": "Resource", "ResourceChange": row} for row in found)]


def actual(stack: Stack, record: Record) -> tuple[str, dict[str, Any]]:
    """The verdict on a resource, and what its properties are now; empty where its type cannot be read."""
    if not drift.supports_drift(record["ResourceType"]):
        return "", {}
    said = drift.detect_resource_drift(stack, record["LogicalResourceId"], record, responses.now_iso())
    return said["StackResourceDriftStatus"], json.loads(said.get("ActualProperties", "{}"))


def mark(stack: Stack, *, on: bool) -> None:
    """Whether the next update of this stack puts back what was changed by hand."""
    stack["_reverts"] = on


def reverts(stack_id: str) -> bool:
    stack = stack_by_id(stack_id)
    return bool(stack and stack.get("_reverts"))


def as_it_is(stack: Stack, old: Record | None) -> Record | None:
    """A resource as it is and not as it was made; None where somebody has deleted it."""
    if old is None or not stack.get("_reverts"):
        return old
    status, found = actual(stack, old)
    if status == "DELETED":
        return None
    if status != "MODIFIED":
        return old
    properties = {**old.get("Properties", {}), **found}
    if provisioners._replacing_change(old["ResourceType"], properties, old.get("Properties", {})):
        return old
    return {**old, "Properties": properties}


def _row(stack: Stack, record: Record) -> dict[str, Any] | None:
    status, found = actual(stack, record)
    said = {
        "LogicalResourceId": record["LogicalResourceId"],
        "PhysicalResourceId": record["PhysicalResourceId"],
        "ResourceType": record["ResourceType"],
        "ResourceDriftStatus": status,
    }
    if status == "DELETED":
        return {**said, "Action": "Add", "Scope": [], "Details": []}
    expected = record.get("Properties", {})
    details = [_detail(name, value, expected.get(name)) for name, value in found.items() if value != expected.get(name)]
    if status != "MODIFIED" or not details:
        return None
    return {**said, "Action": "Modify", "Replacement": "False", "Scope": ["Properties"], "Details": details}


def _detail(name: str, before: Any, after: Any) -> dict[str, Any]:
    values = {
        key: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        for key, value in (("BeforeValue", before), ("AfterValue", after))
    }
    return {
        "Target": {
            "Attribute": "Properties",
            "Name": name,
            "Path": f"/Properties/{name}",
            "RequiresRecreation": "Never",
            "AttributeChangeType": "Modify",
            "BeforeValueFrom": "ACTUAL_STATE",
            "AfterValueFrom": "TEMPLATE",
            **values,
        },
        "Evaluation": "Static",
    }
