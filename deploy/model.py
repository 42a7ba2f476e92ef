"""What AWS says, in our own words: stacks, change sets, events, alarms, callers.

The gateway (`deploy/aws/`) makes these values; everything else reads them. Times are UTC, as ``datetime``. Sources: the
CloudFormation API reference (DescribeStacks, DescribeChangeSet, ResourceChange, ResourceTargetDefinition, StackEvent).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from deploy.noun import Noun
from deploy.status import Status

NESTED = "AWS::CloudFormation::Stack"

Action = Literal["Add", "Modify", "Remove", "Import", "Dynamic", "SyncWithActual"]
Replacement = Literal["True", "False", "Conditional"]
PolicyAction = Literal["Delete", "Retain", "Snapshot", "ReplaceAndDelete", "ReplaceAndRetain", "ReplaceAndSnapshot"]


class Caller(Noun, frozen=True, kw_only=True):
    """Who the credentials belong to."""

    account: str
    arn: str


class Trigger(Noun, frozen=True, kw_only=True):
    """One rollback trigger of a stack or of a change set."""

    arn: str
    type: str


class Stack(Noun, frozen=True, kw_only=True):
    """One stack as DescribeStacks has it."""

    id: str
    name: str
    status: Status
    reason: str = ""
    created: datetime | None = None
    updated: datetime | None = None
    outputs: dict[str, str] = msgspec.field(default_factory=dict)
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    role: str = ""
    capabilities: tuple[str, ...] = ()
    termination_protection: bool = False
    triggers: tuple[Trigger, ...] = ()
    monitoring_minutes: int = 0
    parent: str = ""
    root: str = ""
    change_set: str = ""
    drift: str = "NOT_CHECKED"
    drift_checked: datetime | None = None


class Resource(Noun, frozen=True, kw_only=True):
    """One resource of a stack as ListStackResources has it."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""


class Detail(Noun, frozen=True, kw_only=True):
    """One reason why a resource changes (ResourceChangeDetail with its target).

    ``path``: JSON pointer such as ``/Properties/MemorySize``, where AWS gives it; ``cause``: the parameter, resource or
    ``Resource.Attribute`` that causes it; ``before``, ``after``: as text, None where AWS does not say.
    """

    attribute: str
    name: str = ""
    path: str = ""
    kind: str = ""
    before: str | None = None
    after: str | None = None
    recreation: Literal["Never", "Conditionally", "Always"] = "Never"
    evaluation: Literal["Static", "Dynamic"] = "Static"
    source: str = ""
    cause: str = ""


class Change(Noun, frozen=True, kw_only=True):
    """What a change set does to one resource.

    ``before``, ``after``: the whole resource, parsed from BeforeContext and AfterContext, where AWS gives them; ``nested``:
    the id of the nested stack's own change set; ``drift``: MODIFIED or DELETED where somebody has changed it by hand and a
    drift-aware change set puts it back.
    """

    action: Action
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: Replacement | None = None
    scope: tuple[str, ...] = ()
    policy_action: PolicyAction | None = None
    details: tuple[Detail, ...] = ()
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    nested: str = ""
    drift: str = ""


class ChangeSet(Noun, frozen=True, kw_only=True):
    """A change set with everything nested in it, all pages read.

    ``children``: logical id of the nested stack -> its change set. ``empty``: AWS says that nothing changes; ``values_lost``:
    AWS warned that property values may be incomplete, so the changes were read again without them.
    """

    id: str
    name: str
    stack_id: str
    stack_name: str
    kind: Literal["CREATE", "UPDATE", "IMPORT"] = "UPDATE"
    status: str
    execution_status: str
    reason: str = ""
    created: datetime | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()
    monitoring_minutes: int = 0
    changes: tuple[Change, ...] = ()
    children: dict[str, ChangeSet] = msgspec.field(default_factory=dict)
    empty: bool = False
    values_lost: bool = False

    @property
    def failed(self) -> bool:
        return self.status == "FAILED" and not self.empty


class Event(Noun, frozen=True, kw_only=True):
    """One stack event. ``path``: logical ids from the root to the resource, ``("Compute", "ApiFunction")``; the root itself
    is ``()``, a nested stack's own events have its path.
    """

    id: str
    at: datetime
    path: tuple[str, ...]
    type: str
    status: str
    reason: str = ""
    physical_id: str = ""
    token: str = ""


class Act(Noun, frozen=True, kw_only=True):
    """One change that CloudTrail has recorded. ``by``: an ARN; ``event``: the request, ``SetQueueAttributes``."""

    at: datetime
    by: str
    event: str


class Alarm(Noun, frozen=True, kw_only=True):
    """An alarm's state now; ``since`` when it took it."""

    name: str
    arn: str
    type: str
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
    reason: str = ""
    since: datetime | None = None
