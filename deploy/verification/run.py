"""One check from its first attempt to its end: time limits, retries, and results that are fit to be shown.

An attempt runs in a thread of its own, which is left behind when its time is over: whatever hangs, a server, a function, AWS itself,
holds up nothing but itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.errors import DeployError
from deploy.record import CheckResult
from deploy.verification import words
from deploy.verification.kinds import kind_of, see, subject
from deploy.verification.model import Check, NotVerified
from deploy.verification.place import Place

LOOK_SECONDS = 0.05
"""Between two looks at whether to stop."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """``stop`` ends everything; ``sleep`` waits between attempts, by default until ``stop``; ``clock`` in seconds."""

    stop: threading.Event
    sleep: Callable[[float], object]
    clock: Callable[[], float]


@dataclass
class _Attempt:
    """What a thread leaves behind: an output, or why it failed. ``over`` tells what still works on it to end."""

    output: str = ""
    reason: str | None = None
    stopped: bool = False
    ended: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


def run(check: Check, place: Place, pace: Pace) -> CheckResult:
    """Never raises for what it finds; ``ok`` None where it was stopped before its end."""
    began, tried, attempt = pace.clock(), 0, _Attempt(reason="")
    while tried < check.attempts and not pace.stop.is_set():
        if tried:
            pace.sleep(check.wait_seconds)
            if pace.stop.is_set():
                break
        attempt, tried = _try(check, place, pace.stop), tried + 1
        if attempt.reason is None:
            break
    # What has failed at its last attempt has failed, whatever else came to its end meanwhile.
    stopped = attempt.reason is not None and (tried < check.attempts or attempt.stopped)
    # What passes once all is to stop may have asked what comes after: a release that is put back answers well.
    if attempt.reason is None and pace.stop.is_set():
        stopped, attempt.reason = True, "it passed when it was to stop already"
    return CheckResult(
        check=kind_of(check),
        name=words.line(subject(check)),
        ok=None if stopped else attempt.reason is None,
        attempts=tried,
        seconds=round(pace.clock() - began, 3),
        output=words.fit(attempt.output),
        reason=words.fit(attempt.reason or ""),
    )


def _try(check: Check, place: Place, stop: threading.Event) -> _Attempt:
    attempt = _Attempt()
    threading.Thread(target=_attempt, args=(check, place, attempt), daemon=True, name=f"check-{kind_of(check)}").start()
    deadline = time.monotonic() + check.timeout_seconds
    while not attempt.ended.wait(LOOK_SECONDS):
        if stop.is_set() or time.monotonic() >= deadline:
            attempt.over.set()
            # Another one, since the thread may still write into its own.
            return _Attempt(reason="" if stop.is_set() else f"no end within {check.timeout_seconds} s", stopped=stop.is_set())
    return attempt


def _attempt(check: Check, place: Place, attempt: _Attempt) -> None:
    try:
        attempt.output = see(check, place, attempt.over)
    except NotVerified as error:
        attempt.output, attempt.reason = error.output, error.reason
    except DeployError as error:
        # Credentials and permissions as well: what may not be looked at is not verified, and AWS's reason says why.
        attempt.reason = "; ".join((f"{error.subject}: {error.fact}", *error.details, *((error.remedy,) if error.remedy else ())))
    except Exception as error:  # noqa: BLE001 - a fault in a check fails that check, never the deployment's own story
        attempt.reason = f"{type(error).__name__}: {error}"
    finally:
        attempt.ended.set()
