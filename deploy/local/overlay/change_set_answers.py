"""What is said of change sets: page by page, with parents and roots, and with values before and after where asked for.

Models the API reference's DescribeChangeSet, ResourceChange and ResourceTargetDefinition.
"""

from __future__ import annotations

import json
from typing import Any

from .change_sets import ChangeSet, find
from .emulator import Answer, Parameters, cloudformation, handlers, stack_by_id
from .known import View
from .settings import PAGE_SIZE
from .wire import answer, flag, page, refusal, text

_SAID = (
    "ChangeSetId",
    "ChangeSetName",
    "StackId",
    "StackName",
    "CreationTime",
    "ExecutionStatus",
    "Status",
    "ChangeSetType",
    "ParentChangeSetId",
    "RootChangeSetId",
    "ImportExistingResources",
    "DeploymentMode",
)
_SAID_IF_GIVEN = ("Description", "StatusReason", "OnStackFailure", "RoleARN")


def describe_change_set(params: Parameters) -> Answer:
    _, change_set = find(params)
    if change_set is None:
        return refusal("ChangeSetNotFound", f"ChangeSet [{text(params, 'ChangeSetName')}] does not exist", 404)
    shown, token = page(change_set["Changes"], params, "DescribeChangeSet", PAGE_SIZE)
    changes = [change["ResourceChange"] for change in shown]
    if flag(params, "IncludePropertyValues"):
        changes = [_with_values(change_set, change) for change in changes]
    return answer(
        "DescribeChangeSet",
        {
            **{key: change_set.get(key) for key in _SAID},
            **{key: change_set.get(key) or None for key in _SAID_IF_GIVEN},
            "IncludeNestedStacks": bool(change_set.get("IncludeNestedStacks")),
            "RollbackConfiguration": change_set.get("RollbackConfiguration") or {},
            "NotificationARNs": change_set.get("NotificationARNs", []),
            "Parameters": change_set.get("Parameters") or [],
            "Capabilities": change_set.get("Capabilities") or [],
            "Tags": [{"Key": tag["Key"], "Value": tag["Value"]} for tag in change_set.get("Tags") or []],
            "Changes": [{"Type": "Resource", "ResourceChange": _row(change)} for change in changes],
            "NextToken": token,
        },
    )


def _row(change: dict[str, Any]) -> dict[str, Any]:
    return {"Scope": [], "Details": [], **change}


def _with_values(change_set: ChangeSet, change: dict[str, Any]) -> dict[str, Any]:
    """The change with the whole resource before and after, and each property's own two values."""
    logical_id = change["LogicalResourceId"]
    before = (change_set["_former_records"].get(logical_id) or {}).get("Properties")
    after = _after(change_set, logical_id) if change["Action"] != "Remove" else None
    contexts = {"BeforeContext": _context(before), "AfterContext": _context(after)}
    details = [_detail(detail, before or {}, after or {}) for detail in change.get("Details", [])]
    return {**change, **{key: value for key, value in contexts.items() if value}, "Details": details}


def _after(change_set: ChangeSet, logical_id: str) -> dict[str, Any] | None:
    stack = stack_by_id(change_set["StackId"])
    if stack is None or not change_set["_template"]:
        return None
    changed = {change["ResourceChange"]["LogicalResourceId"] for change in change_set["Changes"]}
    return View.ahead(stack, change_set["_template"], change_set["_resolved_params"], changed).properties(logical_id)


def _context(properties: dict[str, Any] | None) -> str | None:
    return None if properties is None else json.dumps({"Properties": properties}, sort_keys=True)


def _detail(detail: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    target = detail["Target"]
    name = target.get("Name")
    if target["Attribute"] != "Properties" or not name or "BeforeValueFrom" in target:
        return detail
    kind = "Add" if name not in before else "Remove" if name not in after else "Modify"
    values = {"BeforeValue": before.get(name), "AfterValue": after.get(name)}
    told = {
        key: value if isinstance(value, str) else json.dumps(value, sort_keys=True) for key, value in values.items() if value is not None
    }
    return {**detail, "Target": {**target, "Path": f"/Properties/{name}", "AttributeChangeType": kind, **told}}


def list_change_sets(params: Parameters) -> Answer:
    name = text(params, "StackName")
    if not name:
        return refusal("ValidationError", "StackName is required")
    stack = handlers._resolve_stack(name)
    stack_id = stack["StackId"] if stack else name
    found = [made for made in cloudformation._change_sets.values() if made["StackId"] == stack_id]
    shown, token = page(found, params, "ListChangeSets", PAGE_SIZE)
    said = (*_SAID[:8], "Description", "StatusReason", "IncludeNestedStacks", "ParentChangeSetId", "RootChangeSetId")
    summaries = [{key: made.get(key) or None for key in said if key != "ChangeSetType"} for made in shown]
    return answer("ListChangeSets", {"Summaries": summaries, "NextToken": token})


def install() -> None:
    handlers._ACTION_HANDLERS.update({"DescribeChangeSet": describe_change_set, "ListChangeSets": list_change_sets})
