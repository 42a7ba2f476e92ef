"""How a story is shown while it goes on; `deploy.console.Console` in a command."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from deploy.progress import Progress


class Show(Protocol):
    """What the stories say: a step, its end, a warning, and an operation that is followed."""

    def note(self, text: str) -> None: ...
    def done(self, text: str, seconds: float | None = None) -> None: ...
    def warn(self, text: str) -> None: ...
    def follow(self, progress: Progress) -> AbstractContextManager[Callable[[Progress], None]]: ...
