"""An operation on a StackSet from its request to its end: begun or queued, region by region, stopped or at its tolerance.

Models the API reference's StackSetOperation, StackSetOperationResultSummary, ManagedExecution and StopStackSetOperation, and the user
guide's "StackSets status codes": one operation at a time, unless managed execution queues those that conflict; more failures in a
region than are tolerated end the operation there and in all later regions; what was not begun is CANCELLED, what runs is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from .emulator import Parameters, responses
from .faults import Call, request_faults
from .stack_set_records import Failed, Instance, Operation, Result, Skipped, StackSet, refused, sets_of
from .wire import text

_EXCEEDED = "Cancelled since failure tolerance has exceeded"
_STOPPED = "Cancelled since the operation was stopped by the user"
_DEPENDENCY = "Cancelled since an operation that this one depends on has failed"
_OUTDATING = ("CREATE", "UPDATE")


def repeated(stack_set: StackSet, params: Parameters) -> Operation | None:
    """The operation that the same request has begun before.

    Raises:
        Refused: another request took that id.
    """
    wanted = text(params, "OperationId")
    found = stack_set.operation(wanted)
    if found is not None and found.request != params:
        raise refused("OperationIdAlreadyExistsException", f"Operation id {wanted} already exists", 409)
    return found


def request(stack_set: StackSet, operation: Operation) -> None:
    """Begin it, or queue it where managed execution allows that.

    Raises:
        Refused: another one is in progress.
    """
    pending = stack_set.pending()
    drifting = operation.action == "DETECT_DRIFT" and any(other.action == "DETECT_DRIFT" for other in pending)
    if drifting or (pending and not stack_set.managed_execution):
        busy = pending[0].operation_id
        raise refused("OperationInProgressException", f"Another Operation on StackSet {stack_set.arn} is in progress: {busy}", 409)
    queue(stack_set, operation)


def queue(stack_set: StackSet, operation: Operation) -> None:
    """Begin it as soon as what stands before it is over."""
    stack_set.operations.append(operation)
    _advance(stack_set)


def stop(stack_set: StackSet, operation: Operation) -> None:
    """
    Raises:
        Refused: it is over already.
    """
    if operation.over or operation.stopping:
        raise refused("InvalidOperationException", f"Operation {operation.operation_id} is {operation.status} and cannot be stopped")
    if operation.status == "QUEUED":
        _end(stack_set, operation, "STOPPED", _STOPPED)
    else:
        operation.status = "STOPPING"


def _advance(stack_set: StackSet) -> None:
    """Begin what is next in the order of the requests, until one has to wait."""
    for operation in stack_set.pending():
        if operation.status != "QUEUED":
            continue
        if any(needed.over and not needed.well for needed in operation.needs):
            _end(stack_set, operation, "FAILED", _DEPENDENCY)
        elif _must_wait(stack_set, operation):
            return
        else:
            _begin(stack_set, operation)


def _must_wait(stack_set: StackSet, operation: Operation) -> bool:
    if not all(other.over for other in (*operation.after, *operation.needs)):
        return True
    running = [other for other in stack_set.pending() if other.status != "QUEUED"]
    return any(operation.conflicts(other) for other in running) if stack_set.managed_execution else bool(running)


def _begin(stack_set: StackSet, operation: Operation) -> None:
    operation.status = "RUNNING"
    with responses.request_scope(stack_set.account, stack_set.region):
        instances = operation.begin()
        for instance in instances:
            operation.results[instance.target] = Result(account=instance.account, region=instance.region, unit=instance.unit)
            instance.last_operation = operation.operation_id
            if operation.action != "DETECT_DRIFT":
                instance.detailed = "PENDING"
        operation.task = asyncio.get_running_loop().create_task(_run(stack_set, operation, instances))


async def _run(stack_set: StackSet, operation: Operation, instances: list[Instance]) -> None:
    preferences = operation.preferences
    todo = [
        [instance for instance in instances if instance.region == region]
        for region in preferences.regions(instance.region for instance in instances)
    ]
    if preferences.parallel:
        exceeded = any(await asyncio.gather(*(_region(operation, members) for members in todo)))
    else:
        exceeded = False
        for members in todo:
            exceeded = exceeded or operation.stopping or await _region(operation, members)
    if operation.stopping:
        status, reason = "STOPPED", _STOPPED
    else:
        status, reason = ("FAILED", _EXCEEDED) if exceeded else ("SUCCEEDED", "")
    _cancel(operation, instances, reason)
    _end(stack_set, operation, status, reason if status == "FAILED" else "")


async def _region(operation: Operation, members: list[Instance]) -> bool:
    """One region; whether more failed there than are tolerated."""
    waiting, failures = list(members), 0
    tolerance = operation.preferences.tolerance(len(members))
    working: set[asyncio.Task[bool]] = set()
    while working or waiting:
        while (
            waiting
            and not operation.stopping
            and failures <= tolerance
            and len(working) < operation.preferences.at_a_time(len(members), failures)
        ):
            working.add(asyncio.create_task(_one(operation, waiting.pop(0))))
        if not working:
            break
        done, working = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        failures += sum(not task.result() for task in done)
    return failures > tolerance


async def _one(operation: Operation, instance: Instance) -> bool:
    """One account in one region, as itself; False where it failed."""
    result, reports = operation.results[instance.target], operation.action != "DETECT_DRIFT"
    result.status = "RUNNING"
    if reports:
        instance.detailed = "RUNNING"
    try:
        _reach(operation, instance)
        with responses.request_scope(instance.account, instance.region):
            await operation.work(instance)
        result.status, detailed = "SUCCEEDED", "SUCCEEDED"
    except Skipped:
        result.status, detailed = "CANCELLED", "SKIPPED_SUSPENDED_ACCOUNT"
        result.reason = f"Account {instance.account} is suspended"
    except Exception as error:  # noqa: BLE001 - whatever goes wrong there is that account's result
        result.status, detailed = "FAILED", "FAILED"
        result.reason = str(error)
    if reports:
        instance.detailed = "INOPERABLE" if instance.status == "INOPERABLE" else detailed
        instance.reason = result.reason
        if operation.action in _OUTDATING and instance.status != "INOPERABLE":
            instance.status = "CURRENT" if result.status == "SUCCEEDED" else "OUTDATED"
    return result.status != "FAILED"


def _reach(operation: Operation, instance: Instance) -> None:
    """
    Raises:
        Failed: a fault's rule says that CloudFormation does not answer there.
    """
    call = Call(account=instance.account, region=instance.region, service="cloudformation", actions=(operation.action,))
    for rule in request_faults(call):
        if rule.error or rule.drop:
            raise Failed(f"{rule.error or 'ServiceUnavailable'}: {rule.message if rule.error else f'no answer from {instance.region}'}")


def _cancel(operation: Operation, instances: Iterable[Instance], reason: str) -> None:
    """What was not begun."""
    for instance in instances:
        result = operation.results[instance.target]
        if result.status != "PENDING":
            continue
        result.status, result.reason = "CANCELLED", reason
        if operation.action != "DETECT_DRIFT":
            instance.detailed, instance.reason = "CANCELLED", reason
        if operation.action in _OUTDATING:
            instance.status = "OUTDATED"


def _end(stack_set: StackSet, operation: Operation, status: str, reason: str) -> None:
    operation.status, operation.reason, operation.ended = status, reason, responses.now_iso()
    if operation.finish is not None:
        operation.finish(operation)
    for other in sets_of(stack_set.account):
        _advance(other)
