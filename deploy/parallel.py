"""Work side by side, as much of it at once as the gateway lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

WORKERS = 8
"""As many as requests may be under way at once (`deploy.aws.api.MOST_AT_ONCE`): more would only wait."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The results in the order of the items; the first error is raised once all have ended."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, items))
