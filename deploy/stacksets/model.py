"""What AWS says of StackSets, and what a plan of one holds.

Sources: CloudFormation's API reference (StackSet, StackInstanceSummary, StackSetOperationSummary, StackSetOperationResultSummary).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from deploy.changes import Difference, Finding, Review
from deploy.manifest import AutoDeployment, StackSet
from deploy.noun import Noun
from deploy.plan import Sealed
from deploy.record import Record

Place = tuple[str, str]
"""An account and a region."""

Action = Literal["create", "update", "override", "none", "inoperable", "remove"]
"""What becomes of one instance. ``override``: its own values alone; ``inoperable``: CloudFormation leaves it out; ``remove``: the manifest
does not name it any more.
"""

PREFIX = "tapline-"
"""Of the ids of operations that are ours."""

DRIFT = "drift-"
"""After it, of those that detect drift: sixteen digits, a hyphen, and who began it."""

_ENDED = ("SUCCEEDED", "FAILED", "STOPPED")


class Content(Noun, frozen=True, kw_only=True):
    """A StackSet beside its instances, as AWS has it or as it is to be. ``template``: SHA-256 of what it says, whatever the order of its keys;
    ``parameters``: with the template's own defaults; ``administration_role``: an ARN.
    """

    template: str
    parameters: dict[str, str]
    tags: dict[str, str]
    capabilities: tuple[str, ...]
    description: str
    administration_role: str = ""
    execution_role: str = ""
    auto_deployment: AutoDeployment | None = None
    managed_execution: bool = False

    @property
    def deployed(self) -> tuple[str, dict[str, str], dict[str, str]]:
        """What reaches the instances' stacks."""
        return self.template, self.parameters, self.tags


class SetState(Noun, frozen=True, kw_only=True):
    """A StackSet now. ``parameters``: those that it was given."""

    id: str
    name: str
    template: dict[str, Any]
    parameters: dict[str, str]
    tags: dict[str, str]
    capabilities: tuple[str, ...]
    description: str
    permission_model: str
    administration_role: str
    execution_role: str
    auto_deployment: AutoDeployment | None
    managed_execution: bool
    drift: str = "NOT_CHECKED"
    drift_checked: datetime | None = None


class Instance(Noun, frozen=True, kw_only=True):
    """``status``: CURRENT, OUTDATED or INOPERABLE; ``detailed``: how its last operation went; ``operation``: that one's id; ``unit``: the
    organizational unit that brought it.
    """

    account: str
    region: str
    stack_id: str = ""
    status: str = ""
    detailed: str = ""
    reason: str = ""
    unit: str = ""
    drift: str = "NOT_CHECKED"
    operation: str = ""

    @property
    def place(self) -> Place:
        return self.account, self.region

    @property
    def stack(self) -> str:
        """Its stack's name; empty where it has none."""
        return self.stack_id.split("/")[1] if self.stack_id else ""

    @property
    def is_inoperable(self) -> bool:
        return self.status == "INOPERABLE"


class Operation(Noun, frozen=True, kw_only=True):
    """``failed``: how many instances failed so far."""

    id: str
    action: str
    status: str
    reason: str = ""
    created: datetime | None = None
    ended: datetime | None = None
    failed: int = 0

    @property
    def over(self) -> bool:
        return self.status in _ENDED

    @property
    def ours(self) -> bool:
        return self.id.startswith(PREFIX)

    @property
    def words(self) -> str:
        since = f", since {self.created:%H:%M:%S} UTC" if self.created else ""
        return f"operation {self.id} ({self.action}, {self.status}{since})"


class Result(Noun, frozen=True, kw_only=True):
    """One account and region of an operation."""

    account: str
    region: str
    status: str
    reason: str = ""

    @property
    def place(self) -> Place:
        return self.account, self.region


class Row(Noun, frozen=True, kw_only=True):
    """One instance of a plan. ``wave``: empty where it is in none; ``why``: template, parameters, tags, its own values, ...; ``overrides``: its
    own values as they are to be; ``status`` and ``drift`` as the plan found them, empty where it is new; ``unit`` of the wave, where there are any.
    """

    account: str
    region: str
    wave: str
    action: Action
    why: tuple[str, ...] = ()
    overrides: dict[str, str] = msgspec.field(default_factory=dict)
    status: str = ""
    drift: str = ""
    unit: str = ""

    @property
    def place(self) -> Place:
        return self.account, self.region

    @property
    def changes(self) -> bool:
        return self.action in ("create", "update", "override")


class Preview(Noun, frozen=True, kw_only=True):
    """What a change set of the instance's own stack said. ``review`` None where none could be opened, for ``reason``."""

    account: str
    region: str
    wave: str
    review: Review | None = None
    reason: str = ""


class SetPlan(Sealed, frozen=True, kw_only=True):
    """``stack_set``: as the manifest declares it; ``before``: the set when the plan was made, None where there was none; ``after``: as it is to be;
    ``differences`` between both; ``remove``: instances that the manifest does not name are taken out, their stacks kept where ``retain``;
    ``findings``: of all previews, each once; ``incomplete``: waves of which an account is left out that AWS would not leave out.
    """

    stack_set: StackSet
    set_id: str = ""
    before: Content | None = None
    after: Content
    differences: tuple[Difference, ...] = ()
    rows: tuple[Row, ...] = ()
    previews: tuple[Preview, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    remove: bool = False
    retain: bool = True

    @property
    def subject(self) -> str:
        return self.stack_set.name

    @property
    def found(self) -> tuple[Finding, ...]:
        return self.findings

    @property
    def changes(self) -> bool:
        """There is something to do."""
        removed = self.remove and any(row.action == "remove" for row in self.rows)
        return self.before != self.after or removed or any(row.changes for row in self.rows)

    def rows_of(self, wave: str) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.wave == wave)


class Step(Noun, frozen=True, kw_only=True):
    """One operation of a wave, on disk before AWS is asked for it.

    ``kind``: ``change`` gives the set its new template and values, and brings them to the targets; ``update`` brings what the set has;
    ``settle`` sets what no instance sees. No ``accounts``: no target is named. ``units`` and ``filter``: of service-managed sets.
    """

    id: str
    kind: Literal["change", "update", "create", "override", "remove", "settle"]
    accounts: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    filter: Literal["NONE", "INTERSECTION", "DIFFERENCE", "UNION"] = "INTERSECTION"
    regions: tuple[str, ...] = ()
    overrides: dict[str, str] | None = None
    retain: bool = True


class Intent(Noun, frozen=True, kw_only=True):
    """What one attempt at a wave will ask for."""

    wave: str
    steps: tuple[Step, ...]


class InstanceState(Noun, frozen=True, kw_only=True):
    """One instance in a status report. ``release``: digest of the one that it has, as far as the ledger knows; ``since``: its last change."""

    account: str
    region: str
    wave: str
    status: str
    detailed: str = ""
    reason: str = ""
    drift: str = ""
    since: datetime | None = None
    release: str = ""


class SetStatus(Noun, frozen=True, kw_only=True):
    """A StackSet now. ``at``: when AWS was asked; ``exists`` False where there is none; ``running``: what works on it; ``begun_by``: who
    began that, empty where it is not of this deployer; ``waves``: name -> (up to date, of), in order; ``missing``: declared, and not there; ``rollouts``: the newest records of its ledger.
    """

    name: str
    set_name: str
    account: str
    region: str
    at: datetime
    exists: bool = True
    release: str = ""
    commit: str | None = None
    drift: str = "NOT_CHECKED"
    drift_checked: datetime | None = None
    running: Operation | None = None
    begun_by: str = ""
    waves: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    instances: tuple[InstanceState, ...] = ()
    missing: tuple[Place, ...] = ()
    outdated: int = 0
    inoperable: int = 0
    rollouts: tuple[Record, ...] = ()


class ResourceDrift(Noun, frozen=True, kw_only=True):
    """One resource of an instance that is not as its template says. ``differences``: property, as it is to be, as it is."""

    resource: str
    type: str
    status: str
    differences: tuple[tuple[str, str, str], ...] = ()


class DriftedInstance(Noun, frozen=True, kw_only=True):
    account: str
    region: str
    resources: tuple[ResourceDrift, ...] = ()


class Unchecked(Noun, frozen=True, kw_only=True):
    """An instance that gave no answer, and why."""

    account: str
    region: str
    reason: str = ""


class SetDrift(Noun, frozen=True, kw_only=True):
    """One detection over a set. ``checked``: instances that gave an answer."""

    name: str
    set_name: str
    operation: str
    at: datetime | None
    checked: int
    drifted: tuple[DriftedInstance, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()

    @property
    def code(self) -> int:
        """3 where something has drifted, 75 where an instance gave no answer."""
        return 3 if self.drifted else 75 if self.unchecked else 0


class Stopped(Noun, frozen=True, kw_only=True):
    """What `stackset stop` ended. ``operation`` None where nothing ran."""

    name: str
    operation: Operation | None = None
