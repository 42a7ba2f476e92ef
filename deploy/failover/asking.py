"""Whether users reach the target: the API is asked by the name that both regions share, until an answer says that it is from there.

Which region answers stands in the answer, ``region`` of its JSON, as the functions know it. A name takes its time to move: a record is kept
for as long as it may live, about 60 s, and a distribution rolls out by itself. What cannot be asked from this machine is said and is no failure.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.account import Account
from deploy.manifest import Failover
from deploy.record import CheckResult
from deploy.verification import http, words
from deploy.verification.model import HttpCheck, NotVerified, checks

KIND = "front"
LONGEST_SECONDS = 300.0
"""Five times what a record may live; of a distribution CloudFormation has waited already."""
TRIES = 3
"""Of a name that is not known here, or a port that refuses: what stands between this machine and it does not move by itself."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Front:
    """The name in front of both regions, ``url`` without a path. ``endpoint`` as in `deploy.verification.http`; ``sleep`` and ``clock`` in seconds."""

    url: str
    check: HttpCheck
    endpoint: str | None = None
    say: Say
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def ask(self, target: str) -> CheckResult:
        """Until the target answers; ``ok`` None where it cannot be told from here, with the reason."""
        began, tried, unheard, said = self.clock(), 0, 0, ""
        while True:
            tried += 1
            ok, reason, output = self._once(target)
            unheard = unheard + 1 if ok is None and not output else 0
            if ok or (ok is None and (output or unheard >= TRIES)) or self.clock() - began >= LONGEST_SECONDS:
                break
            if reason != said:
                self.say(f"{self.url}: {reason}; waiting until {target} answers")
                said = reason
            self.sleep(0.2 if self.endpoint else 5.0)
        seconds = round(self.clock() - began, 3)
        name = words.line(f"GET {self.url}{self.check.path}")
        fitted, seen = words.fit(reason), words.fit(output)
        return CheckResult(check=KIND, name=name, ok=ok, attempts=tried, seconds=seconds, output=seen, reason=fitted)

    def _once(self, target: str) -> tuple[bool | None, str, str]:
        """Whether it is as it should be, why not, and what was seen; None where it cannot be told from here."""
        try:
            answer = http.get(f"{self.url}{self.check.path}", self.endpoint, self.check.timeout_seconds)
        except NotVerified as error:
            return (None if _is_unreachable(error) else False), error.reason, ""
        region = region_of(answer.body)
        if answer.status != self.check.status:
            return False, f"status {answer.status}, expected {self.check.status}", answer.text
        if not region:
            return None, "its answer does not say which region it is from", answer.text
        return region == target, "" if region == target else f"it is answered from {region}", answer.text


def through_the_front(account: Account, failover: Failover, target: str, say: Say) -> tuple[CheckResult, ...]:
    """Nothing where no name is in front of both regions, or no check says what to ask there."""
    check = next((one for one in checks(account.manifest) if isinstance(one, HttpCheck)), None)
    if check is None or not (failover.domain or failover.edge):
        return ()
    url = f"https://{failover.domain}" if failover.domain else _distribution(account, failover)
    if not url:
        return (CheckResult(check=KIND, name=f"GET {check.path}", ok=None, reason=f"stack {failover.edge} has no output EdgeUrl"),)
    return (Front(url=url, check=check, endpoint=account.sessions.endpoint, say=say).ask(target),)


def region_of(body: bytes) -> str:
    """As an answer of the API says it; empty where it does not."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("region") or "") if isinstance(said, dict) else ""


def _distribution(account: Account, failover: Failover) -> str:
    region = next(stack.region for stack in account.manifest.stacks if stack.name == failover.edge)
    found = account.stacks("plan", region).find(failover.edge)
    return found.outputs.get("EdgeUrl", "").rstrip("/") if found else ""


def _is_unreachable(error: NotVerified) -> bool:
    """Its name is not known here, or its port refuses."""
    cause = getattr(error.__cause__, "reason", error.__cause__)
    return isinstance(cause, (socket.gaierror, ConnectionRefusedError))
