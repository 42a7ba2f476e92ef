"""A wave's guard: its alarms for as long as it is watched, and its checks, in every account and region that it reached.

CloudFormation takes no rollback triggers for StackSets (API reference, CreateStackSet): nothing rolls a wave back by itself. So what is found here
keeps the next wave from beginning, and the way back is a reviewed one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from deploy import verification
from deploy.errors import DeployError
from deploy.manifest import Wave
from deploy.record import CheckResult
from deploy.report.ink import plural
from deploy.stacksets.home import Home
from deploy.stacksets.model import Instance

POLL_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class Watch:
    """``sleep`` and ``clock`` in seconds; ``look`` is called at every round, and may end it by raising."""

    home: Home
    say: Callable[[str], None]
    look: Callable[[], None] = lambda: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def results(self, wave: Wave, instances: tuple[Instance, ...]) -> tuple[CheckResult, ...]:
        """What was asked, and how it ended; the alarms end the watch when the first one rings."""
        if not instances:
            return ()
        checks = self._checks(instances) if self.home.stack_set.checks else ()
        if any(one.ok is False for one in checks) or not self.home.stack_set.alarms:
            return checks
        return (*checks, *self._alarms(wave, instances))

    def _checks(self, instances: tuple[Instance, ...]) -> tuple[CheckResult, ...]:
        self.say(f"checking {plural(len(instances), 'instance')}")
        return tuple(result for results in self.home.by_account(self._check, instances) for result in results)

    def _check(self, instance: Instance) -> Iterable[CheckResult]:
        found = verification.verify(self.home.target(instance.place, instance), stop=threading.Event())
        return [_placed(one, instance) for one in found]

    def _alarms(self, wave: Wave, instances: tuple[Instance, ...]) -> tuple[CheckResult, ...]:
        """Looked at once at least."""
        names, ends = self.home.stack_set.alarms, self.clock() + wave.watch_minutes * 60
        if wave.watch_minutes:
            self.say(f"watching {plural(len(names), 'alarm')} in {plural(len(instances), 'instance')} for {wave.watch_minutes} min")
        while True:
            found = tuple(result for results in self.home.by_account(self._ringing, instances) for result in results)
            left = ends - self.clock()
            if left <= 0 or any(one.ok is False for one in found):
                return found
            self.look()
            self.sleep(min(POLL_SECONDS, left))

    def _ringing(self, instance: Instance) -> tuple[CheckResult, ...]:
        """One result an alarm; what may not be looked at is not well."""
        names = self.home.stack_set.alarms
        try:
            states = {one.name: one for one in self.home.target(instance.place).alarms("plan", instance.region).named(names)}
        except DeployError as error:
            return (
                _placed(CheckResult(check="alarm", name=", ".join(names), ok=False, reason=f"{error.subject}: {error.fact}"), instance),
            )
        return tuple(
            _placed(
                CheckResult(
                    check="alarm",
                    name=name,
                    ok=name not in states or states[name].state != "ALARM",
                    output=states[name].state if name in states else "MISSING",
                    reason=states[name].reason or "it is in ALARM" if name in states and states[name].state == "ALARM" else "",
                ),
                instance,
            )
            for name in names
        )


def _placed(result: CheckResult, instance: Instance) -> CheckResult:
    return msgspec.structs.replace(result, name=f"{instance.account}/{instance.region} {result.name}")
