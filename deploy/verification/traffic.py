"""Traffic: a bounded stream of requests, so that an alarm on a broken release can ring in an environment without users.

It asks what the http checks ask, or calls what the invoke checks call where there are none of them.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.account import Account
from deploy.errors import DeployError
from deploy.verification import http, invoke, words
from deploy.verification.model import HttpCheck, InvokeCheck, NotVerified, TrafficResult, checks
from deploy.verification.place import Place

SENDERS = 8
"""Requests under way at once; where all wait for an answer, fewer are sent than were asked for."""

JOIN_SECONDS = 1.0
"""What an answer is still waited for at the end."""

Send = Callable[[], str]


@dataclass(kw_only=True)
class _Score:
    """What the senders share. ``given``: turns, of which those at the end may not be used; ``next_at``: when the next request may leave."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    given: int = 0
    sent: int = 0
    failures: int = 0
    worst_ms: int = 0
    reason: str = ""
    next_at: float = 0.0
    first_at: float | None = None
    last_at: float = 0.0


class Traffic:
    """At most ``per_second`` requests in any second and ``most`` altogether; nothing that an answer says is raised."""

    def __init__(
        self, account: Account, per_second: float, most: int, *, send: Send | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``send`` sends one request and raises where it fails, by default what the manifest's checks send.

        Raises:
            Invalid: the manifest has a check that this deployer does not know.
        """
        self._pause, self._most, self._clock = 1 / per_second if per_second > 0 else 0.0, most if per_second > 0 else 0, clock
        self._send = send or _sender(account)
        self._stop, self._score = threading.Event(), _Score()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin in the background; once."""
        if self._threads or self._send is None:
            return
        for _ in range(min(SENDERS, self._most)):
            self._threads.append(threading.Thread(target=self._run, daemon=True, name="traffic"))
        for thread in self._threads:
            thread.start()

    def stop(self) -> TrafficResult:
        """Send no more; what is not answered yet is left behind."""
        self._stop.set()
        deadline = time.monotonic() + JOIN_SECONDS
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))
        with self._score.lock:
            score = self._score
            return TrafficResult(
                requests=score.sent,
                failures=score.failures,
                worst_ms=score.worst_ms,
                seconds=round(score.last_at - score.first_at, 3) if score.first_at is not None else 0.0,
                reason=words.line(score.reason),
            )

    def _run(self) -> None:
        while (wait := self._turn()) is not None:
            if wait and self._stop.wait(wait):
                return
            self._one()

    def _turn(self) -> float | None:
        """Seconds until this sender's turn; None where there is none any more.

        Turns are a pause apart and are never made up for: after a slow answer no burst follows.
        """
        with self._score.lock:
            if self._stop.is_set() or self._score.given >= self._most:
                return None
            self._score.given += 1
            now = self._clock()
            at = max(now, self._score.next_at)
            self._score.next_at = at + self._pause
            return at - now

    def _one(self) -> None:
        began, reason = self._clock(), ""
        try:
            if self._send:
                self._send()
        except NotVerified as error:
            reason = error.reason
        except DeployError as error:
            reason = f"{error.subject}: {error.fact}"
        except Exception as error:  # noqa: BLE001 - a request that fails is what this is for
            reason = f"{type(error).__name__}: {error}"
        ended = self._clock()
        with self._score.lock:
            score = self._score
            score.sent += 1
            score.first_at = began if score.first_at is None else min(score.first_at, began)
            score.last_at = max(score.last_at, ended)
            score.worst_ms = max(score.worst_ms, round((ended - began) * 1000))
            if reason:
                score.failures += 1
                score.reason = score.reason or reason


def _sender(account: Account) -> Send | None:
    """One after another of what the http checks ask, else of what the invoke checks call; None where there are neither."""
    known = checks(account.manifest)
    asked: list[HttpCheck | InvokeCheck] = [check for check in known if isinstance(check, HttpCheck)]
    asked = asked or [check for check in known if isinstance(check, InvokeCheck)]
    if not asked:
        return None
    place, turns, lock = _Remembering(account=account, region=account.manifest.region), itertools.cycle(asked), threading.Lock()
    over = threading.Event()

    def send() -> str:
        with lock:
            check = next(turns)
        return http.see(check, place, over) if isinstance(check, HttpCheck) else invoke.see(check, place, over)

    return send


@dataclass(frozen=True, kw_only=True)
class _Remembering(Place):
    """Asks for an output once: the API's address does not change while a stream of requests goes to it."""

    known: dict[str, str] = field(default_factory=dict)

    def output(self, name: str) -> str:
        if name not in self.known:
            self.known[name] = super().output(name)
        return self.known[name]
