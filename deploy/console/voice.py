"""What every voice of the console can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from deploy.errors import Told
    from deploy.progress import Progress


class Voice(Protocol):
    """Lines, a live picture, or JSON."""

    def say(self, kind: str, text: str, took: float | None = None) -> None:
        """``kind``: note, done or warn; ``took``: seconds."""

    def error(self, error: Told) -> None: ...

    def begin(self, progress: Progress) -> None: ...

    def update(self, progress: Progress) -> None: ...

    def end(self, progress: Progress) -> None: ...

    def upload(self, done: int, total: int, sent: int) -> None:
        """``sent``: bytes so far."""
