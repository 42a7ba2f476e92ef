"""The guard of a deployment: checks run while CloudFormation still monitors, and a failed one makes it roll back by itself.

Once everything that the plan changes is made, and the root is still in progress, the old resources exist and the new ones serve: that is
the moment. A failed check closes the gate, which is a rollback trigger. Where an update has not begun to roll back in time, it is
cancelled. Where CloudFormation has stopped watching, nothing undoes itself, and the way back is a reviewed rollback.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from deploy import gate
from deploy.aws.alarms import Alarms
from deploy.errors import DeployError
from deploy.model import NESTED
from deploy.plan import Proposal
from deploy.progress import Progress
from deploy.record import CheckResult
from deploy.status import Status

PATIENCE_SECONDS = 90.0
"""CloudFormation looks at alarms now and then, not all the time; after this the update is cancelled."""


def patience(monitoring_minutes: int) -> float:
    """Half of the monitoring time where that is shorter: afterwards there is nothing to cancel any more."""
    return min(PATIENCE_SECONDS, monitoring_minutes * 30.0)


class Sent(Protocol):
    """How it went, in words."""

    @property
    def words(self) -> str: ...


class Stream(Protocol):
    """Requests while CloudFormation monitors; `deploy.verification.traffic.Traffic` in a deployment."""

    def start(self) -> None: ...
    def stop(self) -> Sent: ...


Ended = Callable[[CheckResult], None]
Verify = Callable[[threading.Event, Ended], tuple[CheckResult, ...]]


@dataclass(kw_only=True)
class Guard:
    """Of one stack's operation. ``cancel`` is the second way back, None for a create; ``who`` goes into the gate's reason."""

    proposal: Proposal
    gate: str
    alarms: Alarms
    verify: Verify
    cancel: Callable[[], None] | None
    who: str
    say: Callable[[str], None]
    traffic: Stream | None = None
    clock: Callable[[], float] = time.monotonic
    patience: float
    results: tuple[CheckResult, ...] = ()
    closed_at: float | None = None
    sent: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _checks: threading.Thread | None = None
    _first: CheckResult | None = None
    _cancelled: bool = False

    def watch(self, progress: Progress) -> None:
        """Called with all news: begins the checks, closes the gate, cancels; each once."""
        if progress.going_back:
            self._stop.set()
            return
        if self._checks is None and ready(progress, self.proposal):
            self._begin()
        if self._first and self.closed_at is None and not progress.over:
            self._close(self._first)
        if self._overdue() and self.cancel and progress.status == Status.UPDATE_IN_PROGRESS:
            self._cancel()

    def finish(self, progress: Progress) -> None:
        """The operation is over: the checks come to an end, or run now where there was no time for them, and the gate is opened."""
        if progress.going_back:
            self._stop.set()
        elif self._checks is None and Status(progress.status).is_success:
            self._begin()
        if self._checks:
            self._checks.join()
        if self.traffic and self._checks:
            self.sent = self.traffic.stop().words
            self.say(self.sent)
        self.open()

    def open(self) -> None:
        """Whatever happened; also a gate that an earlier run of this operation has closed."""
        if not self.gate:
            return
        try:
            alarm = next(iter(self.alarms.named([self.gate])), None)
            if alarm and gate.is_closed(alarm):
                if not self.results:
                    self.results = (CheckResult(check="gate", name=self.gate, ok=False, reason=alarm.reason),)
                gate.open_again(self.alarms, self.gate, "the operation is over")
        except DeployError as error:
            self.say(f"the gate {self.gate} could not be opened, the next run of any verb does it: {error.fact}")

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        return tuple(result for result in self.results if result.ok is False)

    def _begin(self) -> None:
        self.say("verifying")
        if self.traffic:
            self.traffic.start()
        self._checks = threading.Thread(target=self._run, daemon=True)
        self._checks.start()

    def _run(self) -> None:
        try:
            self.results = self.verify(self._stop, self._ended)
        except DeployError as error:
            self.results = (_not_verified(error.text),)
        except Exception as error:  # noqa: BLE001 - what cannot be verified, for whatever reason, is not verified
            self.results = (_not_verified(f"fault of the tool: {type(error).__name__}: {error}"),)
        for result in self.results:
            self._ended(result)

    def _ended(self, result: CheckResult) -> None:
        """Called by the checks as each ends: the first that fails is enough."""
        if result.ok is False and self._first is None:
            self._first = result

    def _close(self, first: CheckResult) -> None:
        """At the first failed check; the others go on, so that all is recorded. A gate that cannot be closed leaves the cancellation."""
        self.closed_at = self.clock()
        why = f"check {first.check} {first.name} failed: {first.reason}"
        self.say(f"{why}; the gate is closed, so that CloudFormation rolls back")
        try:
            gate.close(self.alarms, self.gate, why=why, who=self.who)
        except DeployError as error:
            self.say(f"the gate cannot be closed: {error.fact}")
            self.closed_at -= self.patience

    def _overdue(self) -> bool:
        return self.closed_at is not None and not self._cancelled and self.clock() - self.closed_at >= self.patience

    def _cancel(self) -> None:
        self._cancelled = True
        self.say("CloudFormation has not begun to roll back: the update is cancelled")
        try:
            if self.cancel:
                self.cancel()
        except DeployError as error:
            self.say(f"it cannot be cancelled: {error.fact}")


def _not_verified(reason: str) -> CheckResult:
    return CheckResult(check="verification", name="all checks", ok=False, reason=reason)


def ready(progress: Progress, proposal: Proposal) -> bool:
    """True once all that the plan makes or changes is done and the root still in progress.

    What goes away goes after the monitoring time. What the review has proven unchanged may or may not have events.
    """
    if not progress.root.events or progress.over or "CLEANUP" in progress.status or progress.going_back:
        return False
    nodes = {node.path: node for node in progress.root.walk()}
    for item in proposal.review.items:
        if item.verdict in ("unchanged", "remove") or item.type == NESTED:
            continue
        path = tuple(item.path.split("/"))
        # A nested stack answers for what is in it: CloudFormation may find at last that a resource need not change.
        node = nodes.get(path[:-1]) if len(path) > 1 else nodes.get(path)
        if node is None or not _done(node.status):
            return False
    return all(_done(node.status) for node in nodes.values() if node.path and node.events)


def _done(status: str) -> bool:
    return status.endswith("_COMPLETE") or status == Status.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
