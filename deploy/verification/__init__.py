"""Verification: the checks of an environment, all at once, while CloudFormation can still roll back or at any other time.

results = verify(account, stop=stop, say=console.note)
failed(results)        those that have failed
passed(results)        True where all were run to their end and none has failed
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.record import CheckResult

if TYPE_CHECKING:
    from deploy.account import Account

MOST_AT_ONCE = 16
"""Checks that run at the same time."""


def verify(
    account: Account,
    *,
    region: str = "",
    stop: threading.Event | None = None,
    say: Callable[[str], None] = lambda text: None,
    sleep: Callable[[float], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
    ended: Callable[[CheckResult], None] = lambda result: None,
    root: Path | None = None,
) -> tuple[CheckResult, ...]:
    """Every check of the manifest, in its order; those that have not ended when ``stop`` is set have ``ok`` None.

    ``region``: the environment's own by default; in another one, the checks whose subject the stacks there make (`regions.py`).
    ``say`` and ``ended`` are called as checks end, from one thread; ``sleep`` waits between two attempts, by default no longer than
    ``stop`` lets it; ``root``: the repository in which python checks are looked for, this one by default. Nothing that a check finds is
    raised, missing permissions included.

    Raises:
        Invalid: the manifest has a check that this deployer does not know.
    """
    from concurrent.futures import ThreadPoolExecutor, as_completed

    from deploy.verification.place import ROOT, Place
    from deploy.verification.regions import checks_in
    from deploy.verification.run import Pace, run

    place = Place(account=account, region=region or account.manifest.region, root=root or ROOT)
    wanted, stop = checks_in(account, place.region), stop or threading.Event()
    if not wanted:
        return ()
    pace = Pace(stop=stop, sleep=sleep or stop.wait, clock=clock)
    with ThreadPoolExecutor(max_workers=min(len(wanted), MOST_AT_ONCE), thread_name_prefix="verification") as pool:
        running = [pool.submit(run, check, place, pace) for check in wanted]
        try:
            for one in as_completed(running):
                say(sentence(one.result()))
                ended(one.result())
        except BaseException:
            stop.set()
            raise
    return tuple(one.result() for one in running)


def failed(results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    return tuple(result for result in results if result.ok is False)


def passed(results: tuple[CheckResult, ...]) -> bool:
    """No check at all has failed, or was stopped before its end."""
    return all(result.ok for result in results)


def sentence(result: CheckResult) -> str:
    """How one check ended, on one line."""
    tried = f" at attempt {result.attempts}" if result.attempts > 1 else ""
    word = {True: "passed", False: "failed", None: "stopped"}[result.ok]
    why = f": {' '.join(result.reason.split())}" if result.ok is False else ""
    return f"check {result.check} {result.name} {word}{tried}{why}"
