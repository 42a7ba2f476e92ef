"""Drift of a stack and of every stack nested in it: what differs, what agrees, and what nobody could check.

DetectStackDrift does not enter nested stacks, so each is detected by itself, all at the same time. A resource counts as
clean only where CloudFormation says IN_SYNC in this very detection; one that is not checked, of an unknown or newly
invented status, or in a stack whose detection was refused or did not end in time, counts as uncovered, unless a reader of
our own (`drift_readers`) has compared it.

Nothing here knows where it runs: the scheduled function and the command `drift` use this one module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from .clients import error_code

NESTED = "AWS::CloudFormation::Stack"
DRIFTED = ("DELETED", "MODIFIED")
IN_SYNC = "IN_SYNC"
NOT_CHECKED = "NOT_CHECKED"

_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")
# A stack in another state than CloudFormation detects in, that is gone, or that is being detected by somebody else.
_REFUSALS = ("ValidationError", "OperationInProgressException")
_AT_ONCE = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


class CloudFormation(Protocol):
    """The calls that are used of boto3's client."""

    def list_stack_resources(self, **request: Any) -> Any: ...
    def detect_stack_drift(self, **request: Any) -> Any: ...
    def describe_stack_drift_detection_status(self, **request: Any) -> Any: ...
    def describe_stack_resource_drifts(self, **request: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long detections may take in all, in seconds, and how often to look; the clock never goes back."""

    seconds: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    pause: float = 3.0


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property: its path such as ``/VisibilityTimeout``, ADD, REMOVE or NOT_EQUAL, and both values as JSON texts."""

    property: str
    kind: str
    expected: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource: its logical ids from the root down, such as ``Storage/DataBucket``, and the verdict on it.

    ``read``: the verdict is of a reader of our own; ``reason``: why there is no verdict, where somebody says so.
    """

    path: str
    type: str
    physical_id: str
    status: str
    differences: tuple[Difference, ...] = ()
    read: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack: its path as a resource's, empty for the root; ``reason`` says why not all of it could be checked."""

    path: str
    id: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What was found in all stacks."""

    stacks: tuple[Stack, ...]
    resources: tuple[Resource, ...]

    @property
    def drifted(self) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.status in DRIFTED)

    @property
    def uncovered(self) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.status not in (*DRIFTED, IN_SYNC))

    @property
    def unchecked(self) -> tuple[Stack, ...]:
        return tuple(stack for stack in self.stacks if stack.reason)

    @property
    def clean(self) -> bool:
        """Everything was checked and nothing differs."""
        return not (self.drifted or self.uncovered or self.unchecked)

    def counts(self) -> dict[str, int]:
        """Resources by status; those that are asked for most are there even when they are zero."""
        found = dict.fromkeys((IN_SYNC, "MODIFIED", "DELETED", NOT_CHECKED, "UNKNOWN"), 0)
        for resource in self.resources:
            found[resource.status] = found.get(resource.status, 0) + 1
        return found


class Reads(Protocol):
    """Compares what CloudFormation cannot check; `drift_readers.Readers` is it."""

    def look(self, stack_id: str, members: tuple[Mapping[str, Any], ...], resource: Resource) -> Resource:
        """``members``: all of the stack's resources, as ListStackResources has them; the resource as it is found to be."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One stack's detection. ``members``: what the stack holds now; ``status``: AWS's answer once it has ended."""

    stack: Stack
    members: tuple[Mapping[str, Any], ...]
    detection: str = ""
    status: Mapping[str, Any] | None = None


def detect(
    cloudformation: CloudFormation,
    root: str,
    patience: Patience,
    *,
    reads: Reads | None = None,
    code: Callable[[Exception], str] = error_code,
) -> Detection:
    """Detect drift on the stack ``root`` (name or id) and on all stacks nested in it.

    ``code``: the code of what the client raises where the service has refused, and nothing for any other error.

    Raises:
        Exception: as the client raises it: the root does not exist, or a permission is missing.
    """
    until = patience.clock() + patience.seconds
    work = _Work(cloudformation, reads, code)
    runs = _each(work.started, _tree(work, root))
    runs = _ended(cloudformation, runs, patience, until)
    resources = [resource for found in _each(work.resources, runs) for resource in found]
    return Detection(
        stacks=tuple(run.stack for run in runs),
        resources=tuple(sorted(resources, key=lambda resource: resource.path)),
    )


def _each(do: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Side by side, the results in the order of the items."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(do, items))


def _tree(work: _Work, root: str) -> list[_Run]:
    """The stack and every stack nested in it, a level at a time; each parent stands before its children."""
    level, found = [Stack(path="", id=root)], list[_Run]()
    while level:
        runs = _each(work.listed, level)
        found += runs
        level = [
            Stack(path=_path(run.stack, member), id=member["PhysicalResourceId"])
            for run in runs
            for member in run.members
            if _is_stack(member)
        ]
    return sorted(found, key=lambda run: run.stack.path.split("/"))


@dataclass(frozen=True)
class _Work:
    """What is done with each stack."""

    cloudformation: CloudFormation
    reads: Reads | None
    code: Callable[[Exception], str]

    def listed(self, stack: Stack) -> _Run:
        try:
            pages = _pages(self.cloudformation.list_stack_resources, "StackResourceSummaries", stack.id)
            members = tuple(member for member in pages if member["ResourceStatus"] not in _GONE)
        except Exception as error:
            # A root that is not there is a mistake of the caller's; a nested stack may have been deleted by hand.
            if not stack.path or self.code(error) not in _REFUSALS:
                raise
            return _Run(stack=replace(stack, reason=str(error)), members=())
        return _Run(stack=stack, members=members)

    def started(self, run: _Run) -> _Run:
        if run.stack.reason:
            return run
        try:
            answer = self.cloudformation.detect_stack_drift(StackName=run.stack.id)
        except Exception as error:
            if self.code(error) not in _REFUSALS:
                raise
            return replace(run, stack=replace(run.stack, reason=str(error)))
        return replace(run, detection=answer["StackDriftDetectionId"])

    def resources(self, run: _Run) -> list[Resource]:
        found = _resources(self.cloudformation, run)
        if self.reads is None or run.status is None:
            return list(found)
        # The root was asked for by its name; its id has account and region in it.
        stack_id = run.status["StackId"]
        return [self.reads.look(stack_id, run.members, one) if one.status == NOT_CHECKED else one for one in found]


def _ended(cloudformation: CloudFormation, runs: list[_Run], patience: Patience, until: float) -> list[_Run]:
    """The same runs, in order, once all have ended or the time is over."""
    pending = sorted({run.detection for run in runs if run.detection})
    answers: dict[str, Mapping[str, Any]] = {}
    while pending:
        asked = _each(lambda one: cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=one), pending)
        answers |= {one: answer for one, answer in zip(pending, asked, strict=True) if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS"}
        pending = [one for one in pending if one not in answers]
        if not pending or patience.clock() + patience.pause > until:
            break
        patience.sleep(patience.pause)
    return [_judged(run, answers.get(run.detection), patience.seconds) for run in runs]


def _judged(run: _Run, answer: Mapping[str, Any] | None, seconds: float) -> _Run:
    if not run.detection:
        return run
    if answer is None:
        return replace(run, stack=replace(run.stack, reason=f"detection did not end within {seconds:.0f} s"))
    stack = run.stack
    if answer["DetectionStatus"] != "DETECTION_COMPLETE":
        stack = replace(stack, reason=answer.get("DetectionStatusReason") or answer["DetectionStatus"])
    return replace(run, stack=stack, status=answer)


def _resources(cloudformation: CloudFormation, run: _Run) -> Iterator[Resource]:
    """What the detection says of every resource of a stack, and NOT_CHECKED where it says nothing.

    Types that cannot be detected have no record at all, so the stack's own list says what there is.
    """
    records: dict[str, Mapping[str, Any]] = {}
    if run.status:
        found = _pages(cloudformation.describe_stack_resource_drifts, "StackResourceDrifts", run.stack.id)
        records = {record["LogicalResourceId"]: record for record in found if _is_fresh(record, run.status)}
    for member in run.members:
        record = records.get(member["LogicalResourceId"])
        # A nested stack is looked into by itself; as a resource it counts where CloudFormation has a verdict on it.
        if record or not _is_stack(member):
            yield _resource(run.stack, member, record or {})


def _is_fresh(record: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """A detection that failed leaves older records of what it did not come to; they prove nothing about today."""
    return bool(status["DetectionStatus"] == "DETECTION_COMPLETE" or record["Timestamp"] >= status["Timestamp"])


def _resource(stack: Stack, member: Mapping[str, Any], record: Mapping[str, Any]) -> Resource:
    differences = [
        Difference(
            property=found["PropertyPath"], kind=found["DifferenceType"], expected=found["ExpectedValue"], actual=found["ActualValue"]
        )
        for found in record.get("PropertyDifferences", [])
    ]
    return Resource(
        path=_path(stack, member),
        type=member["ResourceType"],
        physical_id=member.get("PhysicalResourceId", ""),
        status=record.get("StackResourceDriftStatus", NOT_CHECKED),
        differences=tuple(sorted(differences, key=lambda difference: (difference.property, difference.actual))),
        reason=record.get("DriftStatusReason", ""),
    )


def _pages(call: Callable[..., Any], items: str, stack_id: str) -> Iterator[Mapping[str, Any]]:
    request = {"StackName": stack_id}
    while True:
        page = call(**request)
        yield from page[items]
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _is_stack(member: Mapping[str, Any]) -> bool:
    """A nested stack that was really made; without a physical id there is nothing to look into."""
    return member["ResourceType"] == NESTED and bool(member.get("PhysicalResourceId"))


def _path(stack: Stack, member: Mapping[str, Any]) -> str:
    return f"{stack.path}/{member['LogicalResourceId']}".lstrip("/")
