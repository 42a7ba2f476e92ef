"""Neither the source nor the target has drifted, by reports that are young enough to mean something."""

from __future__ import annotations

from datetime import timedelta

from deploy.promotion.ground import Ground, Seen
from deploy.promotion.verdict import Verdict, holds, refuses

NAME = "drift"


def judge(ground: Ground) -> Verdict:
    oldest = timedelta(hours=ground.rules.drift_hours)
    problems = [(seen.environment, words) for seen in ground.drift for words in _problems(seen, ground, oldest)]
    if problems:
        names = " && ".join(f"python -m deploy drift {name}" for name in dict.fromkeys(name for name, _ in problems))
        return refuses(
            NAME, "what was deployed is not proven to be what is there", f"look: {names}", *(f"{name}: {words}" for name, words in problems)
        )
    uncovered = tuple(f"{seen.environment}: {seen.uncovered} resources cannot be checked" for seen in ground.drift if seen.uncovered)
    looked = ", ".join(f"{seen.environment} at {seen.at:%Y-%m-%d %H:%M} UTC" for seen in ground.drift if seen.at)
    return holds(NAME, f"no drift: {looked}" if looked else "nothing stands there that could have drifted", *uncovered)


def _problems(seen: Seen, ground: Ground, oldest: timedelta) -> list[str]:
    if seen.problem:
        return [seen.problem]
    if seen.at is None:
        return ["nobody has looked yet"]
    if ground.now - seen.at > oldest:
        return [f"the last report is of {seen.at:%Y-%m-%d %H:%M} UTC, and may be {ground.rules.drift_hours} h old at most"]
    return list(seen.drifted)
