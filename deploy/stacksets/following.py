"""An operation of a StackSet followed to its end. A question that fails in passing fails nothing: what runs in AWS goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.aws.stack_sets import StackSets
from deploy.errors import Conflict, CredentialsExpired, OutcomeUnknown
from deploy.stacksets.model import Operation
from deploy.watch import BUDGET_SECONDS, FIRST_PAUSE

LONGEST_PAUSE = 5.0
"""An operation over accounts takes minutes; what is asked meanwhile comes out of everybody's limit."""


def follow(
    sets: StackSets,
    identifier: str,
    on_news: Callable[[Operation], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    budget: float = BUDGET_SECONDS,
) -> Operation:
    """``on_news`` is called at each round, also where nothing is new: time goes on.

    Raises:
        OutcomeUnknown: AWS was out of reach for ``budget`` seconds, or the credentials have ended.
        Conflict: there is no such operation any more.
    """
    pause, answered, failed = FIRST_PAUSE, clock(), 0
    while True:
        found = None
        try:
            found = sets.operation(identifier)
            answered = clock()
            if found is None:
                raise Conflict(
                    f"operation {identifier}", f"StackSet {sets.name} does not know it", "look at the set: it may have been deleted"
                )
        except CredentialsExpired as error:
            raise OutcomeUnknown(
                f"operation {identifier}", "the credentials ended while it was followed; AWS goes on", error.remedy
            ) from error
        except OutcomeUnknown:
            if clock() - answered > budget:
                raise
        if found:
            on_news(found)
            if found.over:
                return found
            pause = FIRST_PAUSE if found.failed != failed else min(pause * 1.3, LONGEST_PAUSE)
            failed = found.failed
        sleep(pause)
