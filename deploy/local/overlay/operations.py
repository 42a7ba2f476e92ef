"""An operation from its first event to its last: forward, monitored, and then either kept or undone.

Models the CloudFormation user guide's "Stack update events" and "Roll back your stack on alarm breach". MiniStack's own
deploy is replaced as a whole, since a rollback that must find old resources, children included, cannot be built on an
engine which disposes of them on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from . import cleanup, monitoring, nested
from .attempts import Attempt, OperationFailed, Stop, attempt_on, enter, remember
from .backward import Way, roll_back
from .deletion import Removal, delete_stack, remove
from .emulator import Stack, changesets, cloudformation, engine, handlers, stacks
from .forward import go_forward

_MINISTACKS_DEPLOY = stacks._deploy_stack_async


def deploy_stack(
    name: str, stack_id: str, template: dict[str, Any], values: dict[str, Any], *more: Any, **options: Any
) -> Coroutine[Any, Any, None]:
    """What CreateStack, UpdateStack and ExecuteChangeSet start; the signature is that of MiniStack's own.

    An operation that imports resources stays with MiniStack's engine: nothing here rests on imports.
    """
    if options.get("imports"):
        imported: Coroutine[Any, Any, None] = _MINISTACKS_DEPLOY(name, stack_id, template, values, *more, **options)
        return imported
    disable_rollback = bool(more[0])
    attempt = Attempt(
        stack=cloudformation._stacks[name],
        template=template,
        values=values,
        previous=options.get("previous_stack") if options.get("is_update") else None,
        retain_except_on_create=bool(options.get("retain_except_on_create")),
    )
    remember(attempt)
    return _operate(attempt, disable_rollback=disable_rollback)


async def _operate(attempt: Attempt, *, disable_rollback: bool) -> None:
    try:
        await _story(attempt, disable_rollback=disable_rollback)
    finally:
        attempt.over.set()


async def _story(attempt: Attempt, *, disable_rollback: bool) -> None:
    if _refused_early(attempt, disable_rollback=disable_rollback):
        return
    _take_template(attempt)
    try:
        await _forward_and_monitor(attempt)
        nested.take_outputs(attempt)
    except OperationFailed as failure:
        await _failed(attempt, failure, disable_rollback=disable_rollback)
        return
    if attempt.is_update:
        await cleanup.after_success(attempt)
    else:
        enter(attempt.stack, "CREATE_COMPLETE")


def _refused_early(attempt: Attempt, *, disable_rollback: bool) -> bool:
    """MiniStack's model of AWS's early validation: names that are taken, values that the type does not know."""
    if attempt.stack.get("_disable_validation"):
        return False
    try:
        order = attempt.active()
    except ValueError:
        return False
    return bool(
        stacks._fail_property_validation(
            attempt.stack,
            attempt.stack_id,
            attempt.name,
            attempt.definitions,
            order,
            attempt.values,
            attempt.conditions,
            attempt.template.get("Mappings", {}),
            disable_rollback,
            previous_stack=attempt.previous,
        )
    )


def _take_template(attempt: Attempt) -> None:
    attempt.stack["_template"], attempt.stack["_resolved_params"] = attempt.template, attempt.values
    attempt.stack["_conditions"] = engine._evaluate_conditions(attempt.template, attempt.values)
    attempt.stack["Description"] = attempt.template.get("Description", "")


async def _forward_and_monitor(attempt: Attempt) -> None:
    """
    Raises:
        OperationFailed: a resource failed, a trigger fired, or somebody cancelled.
    """
    attempt.work = asyncio.ensure_future(_forward_then_wait(attempt))
    watcher = asyncio.ensure_future(monitoring.watch(attempt))
    try:
        await attempt.work
    except asyncio.CancelledError:
        if attempt.stopped is None:
            raise
        raise OperationFailed(attempt.stopped.reason, verb=attempt.verb) from None
    finally:
        watcher.cancel()
    if why := monitoring.fired(attempt.stack):
        raise OperationFailed(why, verb=attempt.verb)


async def _forward_then_wait(attempt: Attempt) -> None:
    await go_forward(attempt)
    await monitoring.wait(attempt)


async def _failed(attempt: Attempt, failure: OperationFailed, *, disable_rollback: bool) -> None:
    if attempt.stopped and not attempt.stopped.roll_back:
        return
    if disable_rollback and not attempt.stopped:
        enter(attempt.stack, f"{attempt.verb.upper()}_FAILED", failure.summary)
        return
    if attempt.stopped:
        # What follows is the cancel's doing, so its events carry the cancel's token.
        stacks.CLIENT_REQUEST_TOKEN.set(attempt.stopped.token)
    requested = "" if attempt.is_update or attempt.stopped else "Rollback requested by user."
    await roll_back(attempt, f"{failure.summary}{requested}")


def cancel(stack: Stack, token: str) -> None:
    """CancelUpdateStack: the running update ends here and rolls back."""
    if attempt := attempt_on(stack):
        attempt.stop(Stop(reason="User Initiated", token=token))


async def continue_rollback(stack: Stack, way: Way) -> None:
    """ContinueUpdateRollback: try again what could not be put back, but for what is skipped."""
    attempt = attempt_on(stack)
    if attempt is None:
        enter(stack, "UPDATE_ROLLBACK_FAILED", "Internal Failure")
        return
    attempt.over.clear()
    try:
        await roll_back(attempt, "User Initiated", way)
    finally:
        attempt.over.set()


async def roll_back_failed(stack: Stack) -> None:
    """RollbackStack: to the last stable state, or away where there never was one."""
    attempt = attempt_on(stack)
    if attempt is not None and await roll_back(attempt, "User Initiated") and not attempt.is_update:
        await remove(Removal(stack=stack))


async def delete_after_stopping(name: str, stack_id: str, *more: Any, **options: Any) -> None:
    """DeleteStack ends a create that is still running, and then takes away what there is."""
    stack = cloudformation._stacks.get(name)
    if stack is not None and (attempt := attempt_on(stack)) and not attempt.over.is_set():
        attempt.stop(Stop(reason="Stack deletion requested", roll_back=False))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(attempt.over.wait(), 60)
    await delete_stack(name, stack_id, *more, **options)


def install() -> None:
    """Every way into MiniStack's engine leads here."""
    handlers._deploy_stack_async = changesets._deploy_stack_async = deploy_stack
    handlers._delete_stack_async = delete_after_stopping
    # The delete that follows a failed create of its own (OnFailure=DELETE) runs inside that create.
    stacks._delete_stack_async = delete_stack
