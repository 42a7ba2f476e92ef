"""Change sets are made, executed and deleted under AWS's conditions, with their nested ones.

Models the API reference's CreateChangeSet, ExecuteChangeSet and DeleteChangeSet and the user guide's "Change sets for nested
stacks": a stack that is busy or was never created well takes none; a nested change set is executed and deleted from its
root only; executing one deletes the stack's others; without IncludeNestedStacks every nested stack counts as perhaps changed
(ChangeSource Automatic).
"""

from __future__ import annotations

import re
from typing import Any

from . import drift_reverts, monitoring, nested_change_sets, wire
from .attempts import STACK
from .emulator import Answer, Parameters, Stack, changesets, cloudformation, handlers, stack_by_id, stack_called, stacks
from .nested import children_of
from .settings import CHANGE_SETS_PER_STACK
from .stack_actions import not_updatable, remember_settings
from .wire import Handler, answer, flag, refusal, text, texts

ChangeSet = dict[str, Any]


def create_change_set(theirs: Handler, params: Parameters) -> Answer:
    stack = stack_called(text(params, "StackName"))
    if problem := _refused(params, stack):
        return problem
    reviewed = stack if stack is not None and stack["StackStatus"] == "REVIEW_IN_PROGRESS" else None
    made = theirs(params)
    if made[0] != 200:
        return made
    if found := re.search(rb"<Id>([^<]*)</Id>", made[2]):
        change_set = cloudformation._change_sets[found.group(1).decode()]
        if reviewed is not None:
            _keep_stack(change_set, reviewed)
        _remember(change_set, params)
        _revert(change_set)
        _nest(change_set, include=flag(params, "IncludeNestedStacks"))
        return answer("CreateChangeSet", {"Id": change_set["ChangeSetId"], "StackId": change_set["StackId"]})
    return made


def _refused(params: Parameters, stack: Stack | None) -> Answer | None:
    if problem := monitoring.problem(monitoring.configuration(params)):
        return problem
    if (mode := text(params, "DeploymentMode")) and mode != drift_reverts.MODE:
        return refusal("ValidationError", f"Value '{mode}' at 'deploymentMode' must satisfy enum value set: [{drift_reverts.MODE}]")
    if stack is None:
        return None
    name, kind = text(params, "ChangeSetName"), text(params, "ChangeSetType", "UPDATE")
    if kind == "CREATE" and stack["StackStatus"] != "REVIEW_IN_PROGRESS":
        return refusal(
            "ValidationError", f"Stack [{stack['StackName']}] already exists and cannot be created again with the changeSet [{name}]."
        )
    if kind == "UPDATE" and (problem := not_updatable(stack)):
        return problem
    if len(_on(stack)) >= CHANGE_SETS_PER_STACK:
        return refusal("LimitExceededException", f"ChangeSet limit exceeded for stack {stack['StackId']}")
    return None


def _on(stack: Stack) -> list[ChangeSet]:
    return [made for made in cloudformation._change_sets.values() if made["StackId"] == stack["StackId"]]


def _keep_stack(change_set: ChangeSet, stack: Stack) -> None:
    """A second change set for a stack that is still in review belongs to that stack; MiniStack makes another one."""
    stack["Tags"] = change_set["Tags"]
    cloudformation._stack_events.pop(change_set["StackId"], None)
    cloudformation._stacks[stack["StackName"]] = stack
    change_set["StackId"] = stack["StackId"]


def _remember(change_set: ChangeSet, params: Parameters) -> None:
    """What execution gives to the stack, and what the stack looked like when this was made."""
    stack = cloudformation._stacks[change_set["StackName"]]
    change_set["RollbackConfiguration"] = monitoring.configuration(params)
    change_set["RoleARN"] = text(params, "RoleARN") or None
    change_set["DeploymentMode"] = text(params, "DeploymentMode") or None
    change_set["NotificationARNs"] = texts(params, "NotificationARNs")
    change_set["_request"] = {
        name: value for name, value in params.items() if name.startswith(("RollbackConfiguration", "RoleARN", "Notific"))
    }
    change_set["_former"] = dict(stack.get("_template", {}).get("Resources") or {})
    change_set["_former_records"] = dict(stack.get("_resources", {}))


def _revert(change_set: ChangeSet) -> None:
    if change_set["DeploymentMode"] != drift_reverts.MODE:
        return
    change_set["Changes"] = drift_reverts.with_drift(change_set["Changes"], cloudformation._stacks[change_set["StackName"]])
    if change_set["Changes"] and change_set["StatusReason"] == nested_change_sets.NO_CHANGES:
        change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")


def _nest(change_set: ChangeSet, *, include: bool) -> None:
    """Nested stacks are looked into when asked for; else each of them may have changed, for all that one can see."""
    stack = cloudformation._stacks[change_set["StackName"]]
    change_set["IncludeNestedStacks"] = include
    if change_set["ChangeSetType"] == "IMPORT" or not (_nests(change_set) or children_of(stack)):
        return
    if include:
        nested_change_sets.begin(change_set)
    elif children_of(stack):
        nested_change_sets.add_automatic(change_set, set(children_of(stack)) & set(change_set["_template"]["Resources"]))
        if change_set["Changes"] and change_set["StatusReason"] == nested_change_sets.NO_CHANGES:
            change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")


def _nests(change_set: ChangeSet) -> bool:
    return any(resource.get("Type") == STACK for resource in change_set["_template"].get("Resources", {}).values())


def execute_change_set(theirs: Handler, params: Parameters) -> Answer:
    _, change_set = find(params)
    if change_set is None:
        return theirs(params)
    if change_set.get("RootChangeSetId"):
        return refusal("InvalidChangeSetStatus", f"ChangeSet [{change_set['ChangeSetId']}] is {nested_change_sets.FROM_ROOT.lower()}")
    if change_set["ExecutionStatus"] != "AVAILABLE":
        state = change_set["Status"] if change_set["Status"] != "CREATE_COMPLETE" else change_set["ExecutionStatus"]
        return refusal(
            "InvalidChangeSetStatus", f"ChangeSet [{change_set['ChangeSetId']}] cannot be executed in its current status of [{state}]"
        )
    stack = cloudformation._stacks[change_set["StackName"]]
    if change_set["ChangeSetType"] == "UPDATE" and (problem := not_updatable(stack)):
        return problem
    others = [made for made in _on(stack) if made is not change_set]
    nested_change_sets.reserve(change_set)
    reverting = change_set.get("DeploymentMode") == drift_reverts.MODE
    for member in (change_set, *nested_change_sets.below(change_set)):
        # Also taken away, where an earlier one failed before it came so far.
        drift_reverts.mark(cloudformation._stacks[member["StackName"]], on=reverting and member["Status"] == "CREATE_COMPLETE")
    made = theirs(params)
    if made[0] == 200:
        remember_settings(stack, change_set["_request"])
        for other in others:
            nested_change_sets.drop(other)
        nested_change_sets.forget(change_set)
    return made


def delete_change_set(theirs: Handler, params: Parameters) -> Answer:
    _, change_set = find(params)
    if change_set is None:
        return theirs(params)
    if root := change_set.get("RootChangeSetId"):
        return refusal(
            "InvalidChangeSetStatus", f"ChangeSet [{change_set['ChangeSetId']}] can only be deleted from the root change set [{root}]"
        )
    family = [change_set, *nested_change_sets.below(change_set)]
    if any(member["Status"] == "CREATE_IN_PROGRESS" for member in family):
        return refusal(
            "InvalidChangeSetStatus", f"ChangeSet [{change_set['ChangeSetId']}] cannot be deleted in status [CREATE_IN_PROGRESS]"
        )
    if len(family) == 1:
        nested_change_sets.drop(change_set)
        return answer("DeleteChangeSet", {})
    change_set["Status"], change_set["ExecutionStatus"] = "DELETE_IN_PROGRESS", "UNAVAILABLE"
    stack = stack_by_id(change_set["StackId"])
    stacks._create_stack_task_in_region(nested_change_sets.drop_later(change_set), stack, change_set["StackId"])
    return answer("DeleteChangeSet", {})


def find(params: Parameters) -> tuple[str | None, ChangeSet | None]:
    """The change set that a request means, by id, or by name and stack."""
    stack = stack_called(text(params, "StackName"))
    found: tuple[str | None, ChangeSet | None] = changesets._find_change_set(
        text(params, "ChangeSetName"), stack["StackName"] if stack else text(params, "StackName")
    )
    return found


def install() -> None:
    actions: dict[str, Handler] = handlers._ACTION_HANDLERS
    for action, around in (
        ("CreateChangeSet", create_change_set),
        ("ExecuteChangeSet", execute_change_set),
        ("DeleteChangeSet", delete_change_set),
    ):
        actions[action] = wire.around(around, actions[action])
