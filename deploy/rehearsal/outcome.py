"""What a rehearsal says: how each story ended, in how many seconds, and which ones were not played."""

from __future__ import annotations

from deploy.noun import Noun


class Outcome(Noun, frozen=True, kw_only=True):
    """How one story ended.

    ``broken``: the promise that was not kept, and what was seen instead, empty where all were; ``to_rollback``: seconds from the first bad
    sign to the rollback's begin, ``to_restored``: to requests answered as before, None where the story has no such moment; ``seconds``: of
    the whole story; ``notes``: what it has to say beside.
    """

    name: str
    sentence: str
    broken: str = ""
    to_rollback: float | None = None
    to_restored: float | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        return not self.broken


class Unplayed(Noun, frozen=True, kw_only=True):
    """A story that cannot be played here, and why."""

    name: str
    sentence: str
    reason: str


class Rehearsal(Noun, frozen=True, kw_only=True):
    """``where``: the local AWS, or the account; ``left``: what could not be cleared away at the end."""

    environment: str
    where: str
    outcomes: tuple[Outcome, ...] = ()
    unplayed: tuple[Unplayed, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        return not self.left and all(outcome.kept for outcome in self.outcomes)


class Listed(Noun, frozen=True, kw_only=True):
    """A story as ``--list`` has it; ``in_account`` empty where it can be played in a real account, else why not."""

    name: str
    sentence: str
    in_account: str = ""
