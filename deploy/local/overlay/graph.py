"""Work in the order of what needs what, as much of it at once as that allows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence


async def in_order(names: Sequence[str], needs: Mapping[str, Collection[str]], act: Callable[[str], Awaitable[None]]) -> None:
    """Act on each name once all that it needs is done.

    The first failure starts nothing more, cancels what is under way, and is raised as itself.
    """
    done = {name: asyncio.Event() for name in names}

    async def one(name: str) -> None:
        for need in needs.get(name, ()):
            if need in done and need != name:
                await done[need].wait()
        await act(name)
        done[name].set()

    try:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(one(name))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def reversed_needs(needs: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """The same graph for taking things away: what was built on top goes first."""
    turned: dict[str, set[str]] = {name: set() for name in needs}
    for name, wanted in needs.items():
        for need in wanted:
            turned.setdefault(need, set()).add(name)
    return turned
