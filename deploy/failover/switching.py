"""Where traffic goes, and what moves it: the switch that DNS looks at, and the distribution where there is one.

The switch is an alarm of the standby region on a metric that nobody but the deployer writes. Route 53 looks at what the alarm looks at and not
at its state (developer guide, health checks that monitor an alarm), so the metric is written, and not the state set. Missing data leave the
alarm as it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.account import Account
from deploy.aws.failures import AwsRefusal
from deploy.errors import DeployError, OutcomeUnknown, Refused
from deploy.failover.facts import Unknown
from deploy.manifest import Failover

Say = Callable[[str], None]
AGAIN_SECONDS = 10.0
LONGEST_SECONDS = 600.0
ACTIVE = "Which region serves writes; written by failover"


def serving(account: Account, failover: Failover) -> str | Unknown:
    """The region that traffic goes to now, as the standby region tells; the first one where nobody ever moved anything."""
    try:
        if failover.active:
            return account.parameters("plan", failover.standby).get(failover.active) or failover.region
        found = account.alarms("plan", failover.standby).metric(failover.switch)
    except (AwsRefusal, OutcomeUnknown, DeployError) as error:
        return Unknown(reason=f"{error.subject}: {error.fact}")
    return failover.standby if found and found.state == "ALARM" else failover.region


@dataclass(frozen=True, kw_only=True)
class Switch:
    """``sleep`` and ``clock`` in seconds."""

    account: Account
    failover: Failover
    say: Say
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def move(self, target: str) -> None:
        """Write the metric until the alarm stands for ``target``; where it does already, once, so that who looks at the metric sees it too.

        Raises:
            Refused: there is no such alarm.
            OutcomeUnknown: it has not moved in time; the same command again goes on.
        """
        place = self.failover.standby
        alarms, metrics = self.account.alarms("plan", place), self.account.metrics("deploy", place)
        wanted = "ALARM" if target == place else "OK"
        began, written = self.clock(), None
        while True:
            found = alarms.metric(self.failover.switch)
            if found is None:
                how = f"deploy it: python -m deploy up {self.account.manifest.environment}"
                raise Refused(f"switch {self.failover.switch}", f"there is no such alarm in {place}", how)
            if written is not None and found.state == wanted:
                return
            if written is None or self.clock() - written >= AGAIN_SECONDS:
                metrics.write(found.metric, found.threshold if wanted == "ALARM" else found.threshold - 1)
                written = self.clock()
                self.say(f"the switch {self.failover.switch} is {found.state}, and is to be {wanted}")
            if self.clock() - began > LONGEST_SECONDS:
                fact = f"it is still {found.state} after {LONGEST_SECONDS / 60:.0f} minutes, and is to be {wanted}"
                raise OutcomeUnknown(f"switch {self.failover.switch}", fact, "run the same command again: it goes on")
            self.sleep(0.2 if self.account.sessions.endpoint else 5.0)

    def name(self, target: str) -> bool:
        """Say in Parameter Store which region serves writes, where a distribution reads it. True where that was something new."""
        if not self.failover.active:
            return False
        place = self.failover.standby
        if self.account.parameters("plan", place).get(self.failover.active) == target:
            return False
        self.account.parameters("deploy", place).put(self.failover.active, target, ACTIVE)
        self.say(f"{self.failover.active} in {place} is {target} now")
        return True


def released(text: str | None) -> str:
    """The digest of the release that a region's parameter names; empty where it names none."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return ""
    return str(found.get("release") or found.get("manifest") or "") if isinstance(found, dict) else ""
