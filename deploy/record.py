"""What the ledger keeps of one operation, and what `status` says of an environment.

A record is written once and never again. A reader of another ``version`` says so instead of guessing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from deploy.changes import Counts
from deploy.noun import Noun
from deploy.progress import Cause
from deploy.promotion.verdict import Promoted

VERSION = 1

Outcome = Literal["succeeded", "nothing to do", "rolled back", "unverified", "failed", "stuck", "unknown", "refused"]
"""``unverified``: it runs, and its verification failed when CloudFormation no longer watched."""


class Moved(Noun, frozen=True, kw_only=True):
    """One stack's status before and after an operation, as AWS has it; empty where there was no stack."""

    stack: str
    before: str = ""
    after: str = ""


class CheckResult(Noun, frozen=True, kw_only=True):
    """How one verification check ended.

    ``check``: its kind, http, invoke, ...; ``name``: what it looked at, ``GET /health``; ``ok`` None where it was not run to its end,
    because another one had failed, or could not be asked from here; ``output``: what it saw, cut; ``reason``: why it failed, or was not asked.
    """

    check: str
    name: str
    ok: bool | None
    attempts: int = 0
    seconds: float = 0.0
    output: str = ""
    reason: str = ""


class Change(Noun, frozen=True, kw_only=True):
    """What an operator did to one value of the runtime configuration.

    ``before``, ``after``: what was in force, and what is; a secret's are hidden; ``version``: of the operator's parameter after
    it, 0 where there is none; ``reason``: what the operator said.
    """

    name: str
    before: str
    after: str
    version: int = 0
    reason: str = ""


class InstanceFailure(Noun, frozen=True, kw_only=True):
    """One instance of a StackSet that is not as it was to be. ``reason``: StackSets' own words; ``cause``: the first real one, as the
    account's stack events tell it, where they could be read.
    """

    account: str
    region: str
    reason: str
    cause: Cause | None = None


class WaveResult(Noun, frozen=True, kw_only=True):
    """How one wave of a StackSet ended. ``operations``: the ids of CloudFormation's; ``done``: instances that are as they were to be; ``cancelled``:
    those that were not begun; ``skipped``: their accounts are suspended; ``reason``: why the rollout stopped here, empty where it did not.
    """

    wave: str
    outcome: Literal["succeeded", "failed", "stopped", "unverified"]
    operations: tuple[str, ...] = ()
    done: int = 0
    cancelled: int = 0
    skipped: int = 0
    failed: tuple[InstanceFailure, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    reason: str = ""


class Record(Noun, frozen=True, kw_only=True):
    """One operation on one environment.

    ``operation``: deploy, bootstrap, destroy, rollback, ...; ``by``: ARN of who ran it; ``host``: the machine that did; ``plan``:
    the plan's digest; ``manifest``: the digest that its manifest is published under; ``release``: digest of what was deployed,
    ``previous`` of what stood there before; ``code``: the exit code; ``counts``: resources changed; ``events``: how many events AWS
    gave; ``causes``: why it failed, the first one first; ``checks``: how the release was verified; ``proof``: how the one before
    it was, once it had been put back; ``promoted``: where the release came from, with what every gate said; ``change``: of the runtime
    configuration, where the operation is one; ``waves``: of a StackSet's rollout, in order; ``ahead``: stacks that it brought to its release
    before a later one failed; ``untouched``: those whose turn did not come; ``api_calls``: requests to AWS, retries included; ``ended`` None
    while it runs.
    """

    version: int = VERSION
    number: int
    operation: str
    environment: str
    by: str
    host: str
    began: datetime
    ended: datetime | None = None
    outcome: Outcome = "unknown"
    code: int = 75
    plan: str = ""
    manifest: str = ""
    release: str = ""
    previous: str = ""
    commit: str | None = None
    stacks: tuple[Moved, ...] = ()
    counts: Counts = Counts()
    events: int = 0
    causes: tuple[Cause, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    proof: tuple[CheckResult, ...] = ()
    message: str = ""
    promoted: Promoted | None = None
    change: Change | None = None
    waves: tuple[WaveResult, ...] = ()
    ahead: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    api_calls: int = 0

    @property
    def seconds(self) -> float | None:
        return (self.ended - self.began).total_seconds() if self.ended else None


class History(Noun, frozen=True, kw_only=True):
    """An environment's ledger, or its newest part."""

    environment: str = ""
    records: tuple[Record, ...] = ()


class TriggerState(Noun, frozen=True, kw_only=True):
    """A rollback trigger of a stack, and the alarm's state now; ``MISSING`` where there is no such alarm."""

    name: str
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA", "MISSING"]
    since: datetime | None = None


class StackState(Noun, frozen=True, kw_only=True):
    """One stack of an environment now. ``status`` empty where it does not exist; ``policy``: a stack policy is set; ``moved``: something else
    has changed it since this deployer last did, so that the release says less than is there; ``gate``: the deployment gate of its region;
    ``ahead``: the release that it was brought to by an operation that failed later, where nothing has brought it back.
    """

    name: str
    region: str
    status: str = ""
    reason: str = ""
    since: datetime | None = None
    moved: bool = False
    drift: str = "NOT_CHECKED"
    drift_checked: datetime | None = None
    termination_protection: bool = False
    policy: bool = False
    triggers: tuple[TriggerState, ...] = ()
    gate: TriggerState | None = None
    ahead: str = ""
    monitoring_minutes: int = 0
    outputs: dict[str, str] = msgspec.field(default_factory=dict)


class Running(Noun, frozen=True, kw_only=True):
    """Who holds the environment's lock. ``plan``: the digest of what is applied, empty for other verbs; ``ended``: its process has ended
    without giving it back, so that the same command again goes on.
    """

    operation: str
    plan: str = ""
    ended: bool = False
    by: str
    host: str
    since: datetime
    expires: datetime | None = None


class StatusReport(Noun, frozen=True, kw_only=True):
    """An environment now. ``at``: when AWS was asked; ``release`` and ``commit``: what stands there; ``gate``: the deployment gate
    alarm's state, the worst of several regions; ``last``: the newest record; ``traffic``: where it goes, of an environment with a second region; ``silent``: why
    its first region says nothing, so that all else is the second one's.
    """

    version: int = VERSION
    environment: str
    account: str
    region: str
    at: datetime
    release: str = ""
    commit: str | None = None
    since: datetime | None = None
    by: str = ""
    stacks: tuple[StackState, ...] = ()
    gate: TriggerState | None = None
    last: Record | None = None
    running: Running | None = None
    traffic: str = ""
    silent: str = ""
