"""Ctrl-C while AWS works: the first says how to come back, the second leaves; AWS goes on either way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType, TracebackType
from typing import Any

from deploy.errors import Interrupted

_LAST_WORDS_SECONDS = 2.0


class Interrupt:
    """As a context: ``first`` is called at the first interrupt, and ``asked`` is true then; the second, or a request to end, raises Interrupted.

    ``again``: the command that comes back. ``first`` runs in a thread of its own: a signal may come in the middle of a print, and a stream that is being written to refuses, or
    waits for ever for, another write from within.
    """

    def __init__(self, first: Callable[[], None], again: str = "python -m deploy apply PLAN") -> None:
        self._first, self._again, self.asked = first, again, False
        self._before: dict[signal.Signals, Any] = {}
        self._interrupted: SimpleQueue[bool] = SimpleQueue()  # its put is made to be called from a signal handler
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Interrupt:
        self._teller.start()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._interrupted.put(False)
        self._teller.join(_LAST_WORDS_SECONDS)

    def _tell(self) -> None:
        if self._interrupted.get():
            self._first()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.asked or number == signal.SIGTERM:
            raise Interrupted("interrupted", "what runs in AWS goes on", f"{self._again} attaches to it again")
        self.asked = True
        self._interrupted.put(True)
