"""A story: a name, a sentence that is the promise, and what plays it; all stories register themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.errors import Invalid

if TYPE_CHECKING:
    from deploy.rehearsal.stage import Stage

FAULTS = "it needs faults that only the local AWS can be given"
ONE_REGION = "the environment has one region, and the story needs two"
FUNCTIONS = "it needs the environment's own functions, which the disposable stack has none of"

Play = Callable[["Stage"], None]


class Broken(Exception):
    """A promise was not kept; the text says which, and what was seen."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """``in_account``: why it cannot be played in a real account; empty where it can; ``regions``: it needs an environment with two."""

    name: str
    sentence: str
    play: Play
    in_account: str = ""
    regions: bool = False


_STORIES: dict[str, Story] = {}


def story(name: str, sentence: str, *, in_account: str = "", regions: bool = False) -> Callable[[Play], Play]:
    """Above a function that plays a story."""

    def register(play: Play) -> Play:
        _STORIES[name] = Story(name=name, sentence=sentence, play=play, in_account=in_account, regions=regions)
        return play

    return register


def stories() -> tuple[Story, ...]:
    """All of them, in the order in which the modules tell them."""
    from deploy.rehearsal.stories import ORDER

    order = [module.__name__ for module in ORDER]
    return tuple(sorted(_STORIES.values(), key=lambda one: order.index(one.play.__module__)))


def named(only: tuple[str, ...]) -> tuple[Story, ...]:
    """Those of these names; all where none is named.

    Raises:
        Invalid: there is none of a name.
    """
    known = {one.name: one for one in stories()}
    for name in only:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            raise Invalid(f"--only {name}", "there is no such story", f"{hint}see them: python -m deploy rehearse ENV --list")
    return tuple(known[name] for name in only) if only else tuple(known.values())
