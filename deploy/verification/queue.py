"""The queue check: a message is sent and worked off, and nothing new is among the dead letters.

The message is marked, ``{"verification": "..."}``, and its consumer is to take it and do nothing (`resources/handlers/worker`). SQS tells
no one what became of a message; its numbers do, and they are approximate: they are believed once several in a row agree.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING
from uuid import uuid4

from deploy.verification.model import NotVerified, QueueCheck

if TYPE_CHECKING:
    from deploy.aws.queues import Level, Queues
    from deploy.verification.place import Place

MARK = "verification"
AGREE = 3
"""Readings in a row."""
PAUSE_SECONDS = 0.4


def name(check: QueueCheck) -> str:
    return f"queue {check.queue}"


def see(check: QueueCheck, place: Place, over: threading.Event) -> str:
    from deploy.aws.queues import Queues

    queues, queue = Queues(api=place.api("sqs"), owner=place.account.manifest.account), place.name(check.queue)
    before = queues.level(queue)
    dead = queues.level(before.dead_letters).total if before.dead_letters else 0
    queues.send(queue, json.dumps({MARK: uuid4().hex}))
    level = _settled(queues, queue, before, check.timeout_seconds - 1, over)
    after = queues.level(before.dead_letters).total if before.dead_letters else 0
    if after > dead:
        raise NotVerified(f"dead letters: {after}, before the message {dead}", _words(level))
    if level.total > before.total:
        raise NotVerified(f"the message is not worked off after {check.timeout_seconds - 1} s", _words(level))
    return f"worked off; {_words(level)}"


def _settled(queues: Queues, queue: str, before: Level, seconds: float, over: threading.Event) -> Level:
    """The last reading: when as much is there as before, several times in a row, or when the time is over."""
    readings, calm = max(int(seconds / PAUSE_SECONDS), 1), 0
    level = before
    for _ in range(readings):
        if over.wait(PAUSE_SECONDS):
            break
        level = queues.level(queue)
        calm = calm + 1 if level.total <= before.total else 0
        if calm == AGREE:
            break
    return level


def _words(level: Level) -> str:
    return f"{level.waiting} waiting, {level.taken} taken"
