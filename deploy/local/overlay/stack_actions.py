"""Requests that change stacks: refused where AWS refuses them, and handed the settings that MiniStack forgets.

Models the API reference's CreateStack, UpdateStack, DeleteStack, CancelUpdateStack, ContinueUpdateRollback, RollbackStack
and UpdateTerminationProtection. A busy stack takes no second operation; one that failed to be created takes only its
deletion; a nested stack is cancelled, continued and protected through its root.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from . import monitoring, operations, wire
from .attempts import attempt_on
from .backward import Way
from .deletion import nested_root
from .emulator import Answer, Parameters, Stack, cloudformation, handlers, stack_called, stacks
from .nested import is_nested
from .wire import Handler, answer, flag, refusal, text, texts

UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)


def missing(name: str) -> Answer:
    return refusal("ValidationError", f"Stack [{name}] does not exist")


def not_updatable(stack: Stack) -> Answer | None:
    """The refusal of an update in the stack's present state, or None."""
    if stack["StackStatus"] in UPDATABLE:
        return None
    return refusal("ValidationError", f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated.")


def remember_settings(stack: Stack, params: Parameters) -> None:
    """What stays with a stack until it is given anew."""
    monitoring.keep(stack, monitoring.configuration(params))
    if role := text(params, "RoleARN"):
        stack["RoleARN"] = role
    if "NotificationARNs" in params or text(params, "NotificationARNs.member.1"):
        stack["NotificationARNs"] = texts(params, "NotificationARNs")


def create_stack(theirs: Handler, params: Parameters) -> Answer:
    if problem := monitoring.problem(monitoring.configuration(params)):
        return problem
    name = text(params, "StackName")
    if stack_called(name):
        return refusal("AlreadyExistsException", f"Stack [{name}] already exists")
    made = theirs(params)
    if made[0] == 200:
        remember_settings(cloudformation._stacks[name], params)
    return made


def update_stack(theirs: Handler, params: Parameters) -> Answer:
    stack = stack_called(text(params, "StackName"))
    if stack is None:
        return theirs(params)
    if problem := not_updatable(stack) or monitoring.problem(monitoring.configuration(params)):
        return problem
    made = theirs(params)
    if made[0] == 200:
        remember_settings(stack, params)
    return made


def delete_stack(theirs: Handler, params: Parameters) -> Answer:
    stack = stack_called(text(params, "StackName"))
    if stack is None:
        return theirs(params)
    status = stack["StackStatus"]
    if status == "DELETE_IN_PROGRESS":
        return answer("DeleteStack")
    if status.startswith("UPDATE") and status.endswith("IN_PROGRESS"):
        return refusal("ValidationError", f"Stack [{stack['StackId']}] cannot be deleted while in status {status}")
    if nested_root(stack).get("EnableTerminationProtection"):
        return refusal("ValidationError", f"Stack [{stack['StackName']}] cannot be deleted while TerminationProtection is enabled")
    if status == "REVIEW_IN_PROGRESS":
        _drop_reserved(stack)
    return theirs(params)


def _drop_reserved(stack: Stack) -> None:
    """Nested stacks that a change set announced go with the stack that it would have made."""
    for name, other in list(cloudformation._stacks.items()):
        if other.get("RootId") == stack["StackId"] and other["StackStatus"] == "REVIEW_IN_PROGRESS":
            cloudformation._stacks.pop(name)


def cancel_update_stack(params: Parameters) -> Answer:
    name = text(params, "StackName")
    stack = stack_called(name)
    if stack is None:
        return missing(name)
    if stack["StackStatus"] != "UPDATE_IN_PROGRESS" or is_nested(stack):
        return refusal("ValidationError", "CancelUpdateStack cannot be called from current stack status")
    operations.cancel(stack, stacks.CLIENT_REQUEST_TOKEN.get())
    return answer("CancelUpdateStack")


def continue_update_rollback(params: Parameters) -> Answer:
    name, skip = text(params, "StackName"), texts(params, "ResourcesToSkip")
    stack = stack_called(name)
    if stack is None:
        return missing(name)
    if is_nested(stack):
        return refusal("ValidationError", f"RollbackUpdatedStack is not supported on nested stack [{stack['StackId']}]: use its root")
    if stack["StackStatus"] != "UPDATE_ROLLBACK_FAILED":
        return refusal(
            "ValidationError", f"Stack [{stack['StackId']}] is in {stack['StackStatus']} state and can not continue rolling back."
        )
    if skip and flag(params, "ForceRollback"):
        return refusal("ValidationError", "You can specify either ResourcesToSkip or ForceRollback, but not both.")
    if unknown := sorted(set(skip) - _pending(stack)):
        return refusal("ValidationError", f"Resource(s) [{', '.join(unknown)}] cannot be skipped: they are not in UPDATE_FAILED state")
    _start(
        operations.continue_rollback(stack, Way(skip=frozenset(skip), force=flag(params, "ForceRollback"))),
        stack,
        "UPDATE_ROLLBACK_IN_PROGRESS",
    )
    return answer("ContinueUpdateRollback", {})


def _pending(stack: Stack) -> set[str]:
    """What is still to be put back, as ResourcesToSkip names it: by nested stack's name, not by its logical id."""
    attempt = attempt_on(stack)
    found: set[str] = set()
    for member in attempt.family() if attempt else ():
        prefix = "" if member.parent is None else f"{member.name}."
        found |= {f"{prefix}{logical_id}" for logical_id in member.former_resources if logical_id not in member.reverted}
    return found


def rollback_stack(params: Parameters) -> Answer:
    name = text(params, "StackName")
    stack = stack_called(name)
    if stack is None:
        return missing(name)
    if stack["StackStatus"] not in ("CREATE_FAILED", "UPDATE_FAILED") or is_nested(stack):
        return refusal("ValidationError", f"Stack [{stack['StackId']}] is in {stack['StackStatus']} state and can not be rolled back.")
    updating = stack["StackStatus"] == "UPDATE_FAILED"
    _start(operations.roll_back_failed(stack), stack, "UPDATE_ROLLBACK_IN_PROGRESS" if updating else "ROLLBACK_IN_PROGRESS")
    return answer("RollbackStack", {"StackId": stack["StackId"]})


def _start(work: Coroutine[Any, Any, None], stack: Stack, status: str) -> None:
    """Busy from the answer on, so that a second call in the same moment is refused."""
    stack["StackStatus"] = status
    stacks._create_stack_task_in_region(work, stack, stack["StackId"])


def update_termination_protection(theirs: Handler, params: Parameters) -> Answer:
    stack = stack_called(text(params, "StackName"))
    if stack is not None and is_nested(stack):
        return refusal(
            "ValidationError", f"Termination protection cannot be set on nested stack [{stack['StackName']}]: set it on its root"
        )
    return theirs(params)


def install() -> None:
    actions: dict[str, Handler] = handlers._ACTION_HANDLERS
    for action, around in (
        ("CreateStack", create_stack),
        ("UpdateStack", update_stack),
        ("DeleteStack", delete_stack),
        ("UpdateTerminationProtection", update_termination_protection),
    ):
        actions[action] = wire.around(around, actions[action])
    actions["CancelUpdateStack"] = cancel_update_stack
    actions["ContinueUpdateRollback"] = continue_update_rollback
    actions["RollbackStack"] = rollback_stack
