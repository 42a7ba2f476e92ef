"""The end of an operation before its own: what it has begun in an account is finished there, nothing else is begun."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.errors import Refused
from deploy.show import Show
from deploy.stacksets.following import follow
from deploy.stacksets.home import Home
from deploy.stacksets.model import Stopped

Ask = Callable[[str, str], bool]


def stop(home: Home, show: Show, ask: Ask | None, *, sleep: Callable[[float], None] = time.sleep) -> Stopped:
    """Whoever began it. ``ask`` None: nobody is asked.

    Raises:
        Refused: the person says no, or there is no such set.
    """
    sets = home.sets("deploy")
    if sets.find() is None:
        raise Refused(
            f"StackSet {home.name}", "there is none of this name in AWS", f"roll it out: python -m deploy stackset plan {home.name}"
        )
    running = sets.running()
    if running is None:
        return Stopped(name=home.name)
    if ask and not ask(f"Stop {running.words} of {home.name}? Whoever follows it begins no later wave.", "y"):
        raise Refused(running.words, "not stopped", "it goes on")
    if sets.stop(running.id):
        show.note(f"operation {running.id} ends as soon as what it has begun is finished")
    return Stopped(name=home.name, operation=follow(sets, running.id, lambda news: None, sleep=sleep))
