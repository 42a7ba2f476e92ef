"""What is said of stacks: with parents and roots, rollback configuration, role, and events in pages that stay put.

Models the API reference's DescribeStacks, ListStacks, DescribeStackEvents and DescribeEvents.
"""

from __future__ import annotations

import contextvars
from typing import Any

from .emulator import Answer, Parameters, Stack, changesets, cloudformation, handlers, helpers, responses, stacks
from .settings import PAGE_SIZE
from .wire import answer, flag, page, refusal, text, texts

_OPERATION: contextvars.ContextVar[str] = contextvars.ContextVar("tapline_operation", default="")
_add_event = stacks._add_event


def describe_stacks(params: Parameters) -> Answer:
    name = text(params, "StackName")
    if name:
        found = _described(name)
        if found is None:
            return refusal("ValidationError", f"Stack with id {name} does not exist")
        chosen = [found]
    else:
        chosen = [stack for stack in cloudformation._stacks.values() if stack["StackStatus"] != "DELETE_COMPLETE"]
    shown, token = page(chosen, params, "DescribeStacks", PAGE_SIZE)
    return answer("DescribeStacks", {"Stacks": [_stack(stack) for stack in shown], "NextToken": token})


def _described(name: str) -> Stack | None:
    """A deleted stack answers to its id alone."""
    stack: Stack | None = handlers._resolve_stack(name)
    if stack and stack["StackStatus"] == "DELETE_COMPLETE" and name != stack["StackId"]:
        return None
    return stack


def _stack(stack: Stack) -> dict[str, Any]:
    return {
        **{key: stack.get(key) for key in ("StackName", "StackId", "StackStatus", "CreationTime")},
        "StackStatusReason": stack.get("StackStatusReason") or None,
        "LastUpdatedTime": stack.get("LastUpdatedTime") or None,
        "DeletionTime": stack.get("DeletionTime"),
        "Description": stack.get("Description") or None,
        "RoleARN": stack.get("RoleARN"),
        "DisableRollback": bool(stack.get("DisableRollback")),
        "EnableTerminationProtection": bool(stack.get("EnableTerminationProtection")),
        "DeletionMode": stack.get("DeletionMode"),
        "ParentId": stack.get("ParentId"),
        "RootId": stack.get("RootId"),
        "NotificationARNs": stack.get("NotificationARNs", []),
        "RollbackConfiguration": stack.get("RollbackConfiguration") or {},
        "Capabilities": stack.get("Capabilities", []),
        "Parameters": [_parameter(given) for given in stack.get("Parameters", [])],
        "Outputs": [{key: value for key, value in output.items() if value} for output in stack.get("Outputs", [])],
        "Tags": [{"Key": tag["Key"], "Value": tag["Value"]} for tag in stack.get("Tags", [])],
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED", **stack.get("DriftInformation", {})},
    }


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    value = "****" if given.get("NoEcho") else given.get("ParameterValue", "")
    return {"ParameterKey": given["ParameterKey"], "ParameterValue": value}


def list_stacks(params: Parameters) -> Answer:
    wanted = texts(params, "StackStatusFilter")
    chosen = [stack for stack in cloudformation._stacks.values() if not wanted or stack["StackStatus"] in wanted]
    shown, token = page(chosen, params, "ListStacks", PAGE_SIZE)
    fields = (
        "StackName",
        "StackId",
        "StackStatus",
        "CreationTime",
        "LastUpdatedTime",
        "DeletionTime",
        "StackStatusReason",
        "ParentId",
        "RootId",
    )
    summaries = [
        {
            **{key: stack.get(key) or None for key in fields},
            "TemplateDescription": stack.get("Description") or None,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED", **stack.get("DriftInformation", {})},
        }
        for stack in shown
    ]
    return answer("ListStacks", {"StackSummaries": summaries, "NextToken": token})


def add_event(stack_id: str, *given: Any, **more: Any) -> None:
    """MiniStack's own, with the operation that the event belongs to."""
    _add_event(stack_id, *given, **more)
    record = cloudformation._stack_events[stack_id][-1]
    if not _OPERATION.get():
        _OPERATION.set(responses.new_uuid())
    record["OperationId"] = _OPERATION.get()


def describe_stack_events(params: Parameters) -> Answer:
    name = text(params, "StackName")
    stack: Stack | None = handlers._resolve_stack(name)
    if stack is None:
        return refusal("ValidationError", f"Stack [{name}] does not exist")
    newest_first = list(reversed(cloudformation._stack_events.get(stack["StackId"], [])))
    shown, token = _page_of_events(newest_first, text(params, "NextToken"))
    return answer("DescribeStackEvents", {"StackEvents": [_event(made) for made in shown], "NextToken": token})


def _page_of_events(newest_first: list[dict[str, Any]], token: str) -> tuple[list[dict[str, Any]], str | None]:
    """The token names the last event shown: events that come in meanwhile move nothing."""
    start = next((index + 1 for index, made in enumerate(newest_first) if made["EventId"] == token), 0)
    shown = newest_first[start : start + PAGE_SIZE]
    return shown, (shown[-1]["EventId"] if start + PAGE_SIZE < len(newest_first) else None)


def _event(made: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if value != "" or key == "PhysicalResourceId"}


def describe_events(params: Parameters) -> Answer:
    """All events of a stack's operations, those of early validation included."""
    name = text(params, "StackName")
    known = [handlers._resolve_stack(name)] if name else list(cloudformation._stacks.values())
    if known == [None]:
        return refusal("ValidationError", f"Stack [{name}] does not exist")
    events = [] if text(params, "ChangeSetName") and not name else [made for stack in known for made in _operation_events(stack)]
    if operation := text(params, "OperationId"):
        events = [made for made in events if made.get("OperationId") == operation]
    if flag(params, "Filters.FailedEvents"):
        events = [made for made in events if made["EventType"] != "STACK_EVENT"]
    shown, token = page(events, params, "DescribeEvents", PAGE_SIZE)
    return answer("DescribeEvents", {"OperationEvents": shown, "NextToken": token})


def _operation_events(stack: Stack) -> list[dict[str, Any]]:
    recorded = list(stack.get("_operation_events") or [])
    for made in reversed(cloudformation._stack_events.get(stack["StackId"], [])):
        failed = made["ResourceStatus"].endswith("FAILED")
        kept = {key: value for key, value in _event(made).items() if key != "StackName"}
        recorded.append({**kept, "EventType": "PROVISIONING_ERROR" if failed else "STACK_EVENT"})
    return recorded


def install() -> None:
    handlers._ACTION_HANDLERS.update(
        {
            "DescribeStacks": describe_stacks,
            "ListStacks": list_stacks,
            "DescribeStackEvents": describe_stack_events,
            "DescribeEvents": describe_events,
        }
    )
    for module in (stacks, handlers, changesets):
        module._add_event = add_event
    helpers._page.__defaults__ = (PAGE_SIZE,)
