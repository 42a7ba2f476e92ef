"""What is known of two regions before traffic moves from one to the other; what could not be asked says why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from deploy.noun import Noun
from deploy.record import CheckResult

State = Literal["ok", "warns", "refuses", "accepted"]


class Unknown(Noun, frozen=True, kw_only=True):
    """``reason``: why it could not be asked."""

    reason: str


class Way(Noun, frozen=True, kw_only=True):
    """From one region of an environment to its other one. ``back``: to the first one, which usually serves."""

    environment: str
    source: str
    target: str
    back: bool

    @property
    def words(self) -> str:
        """By which its records are known."""
        return f"traffic goes from {self.source} to {self.target}"


class Objects(Noun, frozen=True, kw_only=True):
    """What S3 has still to copy to the target's bucket, as its replication metrics say; ``seconds``: how far the copy is behind."""

    operations: int
    bytes: int
    seconds: float
    at: datetime


class Copies(Noun, frozen=True, kw_only=True):
    """The global table. ``states``: region -> status of the table's copy there; ``milliseconds``: how long an item takes to the target,
    None where nothing was written lately.
    """

    states: dict[str, str]
    milliseconds: float | None = None


class Capacity(Noun, frozen=True, kw_only=True):
    """``reserved``: function -> concurrent executions kept for it in source and target, None where none are; ``limit``: the account's in the
    target, ``free``: of those, what no function has reserved.
    """

    reserved: dict[str, tuple[int | None, int | None]]
    limit: int
    free: int


class Ringing(Noun, frozen=True, kw_only=True):
    """Alarms of the target in ALARM: those that watch releases, and the others."""

    watching: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Facts(Noun, frozen=True, kw_only=True):
    """``out``: region -> why it does not answer; ``serving``: where traffic goes now; ``releases``: region -> digest of what is deployed there;
    ``left``: queue of the source -> messages in it; ``locks``: who works on the environment.
    """

    way: Way
    at: datetime
    out: dict[str, str] = msgspec.field(default_factory=dict)
    serving: str | Unknown
    objects: Objects | Unknown
    copies: Copies | Unknown
    capacity: Capacity | Unknown
    ringing: Ringing | Unknown
    releases: dict[str, str | Unknown]
    verified: tuple[CheckResult, ...] | Unknown
    left: dict[str, int] | Unknown
    locks: tuple[str, ...] = ()


class Judged(Noun, frozen=True, kw_only=True):
    """One check. ``words``: what is so; ``remedy``: what to do where it refuses; ``details``: lines below."""

    check: str
    state: State
    words: str
    remedy: str = ""
    details: tuple[str, ...] = ()


class Readiness(Noun, frozen=True, kw_only=True):
    """Whether traffic may move. ``lost``: what is lost at most, a sentence each."""

    way: Way
    serving: str
    checks: tuple[Judged, ...]
    lost: tuple[str, ...]

    @property
    def refusing(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.checks if one.state == "refuses")

    @property
    def is_there(self) -> bool:
        """Traffic goes to the target already."""
        return self.serving == self.way.target
