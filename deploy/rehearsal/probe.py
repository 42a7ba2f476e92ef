"""Users: requests that keep coming while a story plays, and when they were answered badly, and well again."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

PAUSE_SECONDS = 0.05
USERS = 2


@dataclass(kw_only=True)
class Probe:
    """As a context: ``ask`` is called again and again, by several at once; it says whether it was answered as it should be.

    ``spread``: seconds over which the first requests leave; ``asked``: when each request left, in seconds since the epoch, and how it was answered.
    """

    ask: Callable[[], bool]
    users: int = USERS
    pause: float = PAUSE_SECONDS
    spread: float = 0.0
    asked: list[tuple[float, bool]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Probe:
        for number in range(self.users):
            late = self.spread * number / self.users
            self._threads.append(threading.Thread(target=self._run, args=(late,), daemon=True, name="user"))
            self._threads[-1].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def first_bad(self) -> float | None:
        return min((at for at, good in self.asked if not good), default=None)

    @property
    def restored(self) -> float | None:
        """The first good answer after the last bad one; None where there is no bad one, or none that is good after it."""
        last = max((at for at, good in self.asked if not good), default=None)
        return None if last is None else min((at for at, good in self.asked if good and at > last), default=None)

    def wait_restored(self, seconds: float = 15.0) -> bool:
        """Whether the last requests are answered as they should be."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (restored := self.restored) and sum(good and at >= restored for at, good in list(self.asked)) > self.users:
                return True
            time.sleep(self.pause)
        return False

    def _run(self, late: float) -> None:
        self._stop.wait(late)
        while not self._stop.is_set():
            at = time.time()
            self.asked.append((at, self.ask()))
            self._stop.wait(self.pause)


def answered(url: str, endpoint: str) -> bool:
    """Whether an address answers with 200; it is asked where the local AWS has it, by its own name."""
    asked = urllib.parse.urlsplit(url)
    where = f"{endpoint.rstrip('/')}{asked.path}{f'?{asked.query}' if asked.query else ''}"
    try:
        with urllib.request.urlopen(urllib.request.Request(where, headers={"Host": asked.netloc}), timeout=30) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
