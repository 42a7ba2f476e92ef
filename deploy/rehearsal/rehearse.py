"""The story of a rehearsal: a stage for each story, its play, what it left behind, and whether the promise was kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from deploy.errors import DeployError, Interrupted
from deploy.rehearsal.build import Unfit
from deploy.rehearsal.outcome import Outcome, Rehearsal, Unplayed
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import ONE_REGION, Broken, Story


class Theatre(Protocol):
    """`deploy.rehearsal.theatre` on the local AWS, `deploy.rehearsal.account` in a real account."""

    @property
    def where(self) -> str: ...
    def stage(self, name: str) -> Stage: ...
    def leave(self, stage: Stage) -> tuple[str, ...]: ...
    def close(self) -> tuple[str, ...]: ...


Told = Callable[[Outcome], None]


def rehearse(
    environment: str,
    wanted: Iterable[Story],
    theatre: Theatre,
    begins: Callable[[Story], None],
    told: Told,
    *,
    in_account: bool = False,
    regions: int = 1,
) -> Rehearsal:
    """``begins`` and ``told`` are called around each story; ``regions``: how many the environment has."""
    outcomes, unplayed = [], []
    for story in wanted:
        why = story.in_account if in_account else ""
        if story.regions and regions < 2:
            why = ONE_REGION
        if why:
            unplayed.append(Unplayed(name=story.name, sentence=story.sentence, reason=why))
            continue
        begins(story)
        outcomes.append(perform(story, theatre))
        told(outcomes[-1])
    left = theatre.close()
    return Rehearsal(environment=environment, where=theatre.where, outcomes=tuple(outcomes), unplayed=tuple(unplayed), left=left)


def perform(story: Story, theatre: Theatre) -> Outcome:
    """Play one story. Whatever goes wrong on the stage is a promise that was not kept."""
    began = time.monotonic()
    stage = theatre.stage(story.name)
    try:
        broken = _played(story, stage)
    finally:
        left = theatre.leave(stage)
    return Outcome(
        name=story.name,
        sentence=story.sentence,
        broken=broken or "; ".join(left),
        to_rollback=stage.to_rollback,
        to_restored=stage.to_restored,
        seconds=round(time.monotonic() - began, 2),
        notes=tuple(stage.notes),
    )


def _played(story: Story, stage: Stage) -> str:
    """The promise that was not kept; empty where all were."""
    try:
        story.play(stage)
        stage.mended()
        return f"left behind: {'; '.join(left)}" if (left := stage.left()) else ""
    except Broken as broken:
        return str(broken)
    except Unfit as unfit:
        return f"it cannot be played with this build: {unfit}"
    except Interrupted:
        raise
    except DeployError as error:
        return error.text
    except Exception as error:  # noqa: BLE001 - a fault of the tool breaks its promise too
        return f"fault of the tool: {type(error).__name__}: {error}"
