"""How fast one service of one account and region may be asked, by everything in this process together.

AWS counts requests by account, region and service, and says no more than "slow down". So nobody waits until it does; then all ask one
after the other, at the rate that it took just before, which falls with each refusal and creeps up between them: refusals stay few, and
each is asked again by botocore's own retries, at this pace.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from deploy.aws.failures import is_busy

_WINDOW = 2.0
"""Seconds over which it is counted what AWS took."""

_SLOWEST = 0.5
_FALL = 0.85
_TOGETHER = 0.5
"""Seconds within which refusals are of requests that were under way together."""

_SEARCH, _CREEP = 0.4, 0.05
"""The share of the rate that a second without a refusal adds: until the second refusal, since the first says little, and after it."""

_FORGET = 60.0
"""Seconds without a refusal after which nobody waits any more."""


@dataclass
class Pace:
    """``rate``: requests a second, None while nobody has to wait. Times are of ``clock``."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rate: float | None = None
    _step: float = _SEARCH
    _free: float = 0.0
    _refused: float = 0.0
    _looked: float = 0.0
    _taken: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _queue: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> None:
        """Until it is this request's turn. Only who is next waits for the time: the others wait for that one, and then go by a rate that is
        as new."""
        if self.rate is None:
            return
        with self._queue:
            while (left := self._left()) > 0:
                self.sleep(left)

    def _left(self) -> float:
        """Seconds until the next turn; where it has come, it is taken."""
        with self._lock:
            now = self.clock()
            if self.rate is not None and self._free <= now:
                self._free = now + 1 / self.rate
                return 0.0
            return 0.0 if self.rate is None else self._free - now

    def took(self) -> None:
        """AWS answered, be it with an error of another kind."""
        with self._lock:
            now = self.clock()
            self._taken.append(now)
            while self._taken[0] < now - _WINDOW:
                self._taken.popleft()
            if self.rate is not None and now - self._refused > _FORGET:
                self.rate, self._step = None, _SEARCH
            elif self.rate is not None:
                self.rate += (now - self._looked) * self.rate * self._step
            self._looked = now

    def refused(self) -> None:
        """AWS asked to slow down. Requests that were under way together count as one."""
        with self._lock:
            now = self.clock()
            lately = sum(taken >= now - _WINDOW for taken in self._taken) / _WINDOW
            if self.rate is None:
                self.rate = max(_SLOWEST, lately)
            elif now - self._refused >= max(_TOGETHER, 1 / self.rate):
                self.rate, self._step = max(_SLOWEST, min(self.rate, lately) * _FALL), _CREEP
            self._refused = self._looked = now
            self._free = max(self._free, now + 1 / self.rate)

    def attach(self, client: Any) -> None:
        """Let every request of a client, its retries included, go at this pace."""
        client.meta.events.register("before-send", self._before)
        client.meta.events.register("needs-retry", self._after)

    def _before(self, **_: Any) -> None:
        self.wait()

    def _after(self, response: Any = None, **_: Any) -> None:
        """``response``: HTTP's, and what was read from it; None where none came, which says nothing of the pace."""
        if response is None:
            return
        if is_busy(str(response[1].get("Error", {}).get("Code", ""))):
            self.refused()
        else:
            self.took()


@dataclass(frozen=True)
class Paces:
    """One pace for each account, service and region, for as long as somebody asks there: a command may go through a thousand accounts."""

    _known: WeakValueDictionary[tuple[str, str, str], Pace] = field(default_factory=WeakValueDictionary)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, account: str, service: str, region: str) -> Pace:
        with self._lock:
            return self._known.setdefault((account, service, region), Pace())


PACES = Paces()
"""Of this process: AWS counts its requests together, whatever part of it they come from."""
