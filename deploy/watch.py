"""Following an operation: new events of a root and of everything nested in it, until the root has come to an end.

Asks the stacks that are at work alone, and of each only for what is new. A question that fails in passing fails nothing: what runs in
AWS goes on, and is asked for again until a wall-clock budget ends.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from deploy.errors import CredentialsExpired, OutcomeUnknown
from deploy.model import NESTED, Event
from deploy.progress import Progress

BUDGET_SECONDS = 600.0
"""How long AWS may be out of reach before the outcome is called unknown."""

SKEW = timedelta(minutes=15)
"""How far this clock may be off: events older than what is followed by more than this are not read."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
WORKERS = 4


class Reads(Protocol):
    """What is asked; `deploy.aws.stacks.Stacks` in a deployment."""

    def events(self, stack_id: str, path: tuple[str, ...] = ()) -> Iterator[Event]: ...


@dataclass(kw_only=True)
class Feed:
    """The events of one operation as they come.

    ``stack_id`` of the root; ``token``: the operation's, its first event begins what is read; ``since``: where there is no token.
    """

    reads: Reads
    stack_id: str
    token: str = ""
    since: datetime | None = None
    _known: set[tuple[tuple[str, ...], str]] = field(default_factory=set)
    _ids: dict[tuple[str, ...], str] = field(default_factory=dict)
    _busy: set[tuple[str, ...]] = field(default_factory=set)
    _state: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _untold: list[Event] = field(default_factory=list)

    def begun(self) -> bool:
        """True where an operation with this token has begun, by whomever."""
        recent = itertools.takewhile(lambda event: not self._before(event), self.reads.events(self.stack_id))
        return any(event.token == self.token for event in recent)

    def news(self) -> list[Event]:
        """What has happened since the last call that did not fail; what was read before a failure is told by the next one."""
        self._note(self._new((), self.stack_id))
        with ThreadPoolExecutor(WORKERS) as pool:
            while asked := [path for path in sorted(self._busy) if path in self._ids]:
                # Those asked are struck off only once all have answered: a failure asks them again.
                below = [event for events in pool.map(lambda path: self._new(path, self._ids[path]), asked) for event in events]
                self._busy.difference_update(asked)
                self._note(below)
                if not below:
                    break
        self._busy = {path for path, busy in self._state.items() if busy}
        told, self._untold = self._untold, []
        return told

    def _new(self, path: tuple[str, ...], stack_id: str) -> list[Event]:
        """Newest first until what is known, or what was before the operation."""
        fresh: list[Event] = []
        for event in self.reads.events(stack_id, path):
            if (event.path, event.id) in self._known or self._before(event):
                break
            fresh.append(event)
            if self._first(event):
                self.since = event.at
                break
        return fresh[::-1]

    def _before(self, event: Event) -> bool:
        return self.since is not None and event.at < self.since

    def _first(self, event: Event) -> bool:
        """The root's own event with which the operation begins."""
        return bool(self.token) and event.token == self.token and not event.path and event.status in _BEGINNINGS

    def _note(self, events: list[Event]) -> None:
        """Remember what was seen; a nested stack that begins, goes on or ends is asked once more."""
        self._untold += events
        for event in events:
            self._known.add((event.path, event.id))
            if event.type == NESTED and event.path and event.physical_id.startswith("arn:"):
                self._ids[event.path] = event.physical_id
                self._state[event.path] = event.status.endswith("_IN_PROGRESS")
                self._busy.add(event.path)


_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")


def follow(
    feed: Feed,
    progress: Progress,
    on_news: Callable[[Progress], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    budget: float = BUDGET_SECONDS,
) -> Progress:
    """Until the root has come to an end. ``on_news`` is called at each round, also where nothing is new: time goes on.

    Raises:
        OutcomeUnknown: AWS was out of reach for ``budget`` seconds, or the credentials have ended.
    """
    pause, answered = FIRST_PAUSE, clock()
    while True:
        try:
            events = feed.news()
            answered = clock()
        except CredentialsExpired as error:
            raise OutcomeUnknown(
                f"stack {progress.operation.stack}", "the credentials ended while it was followed; AWS goes on", error.remedy
            ) from error
        except OutcomeUnknown:
            if clock() - answered > budget:
                raise
            events = []
        progress = progress.add(events)
        on_news(progress)
        if progress.over:
            return progress
        pause = FIRST_PAUSE if events else min(pause * 1.3, LONGEST_PAUSE)
        sleep(pause)
