"""The target takes releases now: within a change window, and on no day of a freeze."""

from __future__ import annotations

from datetime import UTC

from deploy.promotion.ground import Ground
from deploy.promotion.verdict import Verdict, holds, refuses

NAME = "window"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def judge(ground: Ground) -> Verdict:
    target, now, rules = ground.target.environment, ground.now.astimezone(UTC), ground.rules
    today, day, clock = f"{now:%Y-%m-%d}", _DAYS[now.weekday()], f"{now:%H:%M}"
    if freeze := next((one for one in rules.freezes if one.first <= today <= one.last), None):
        return refuses(NAME, f"{target} is frozen from {freeze.first} to {freeze.last}: {freeze.reason}", "wait for its end")
    if not rules.windows:
        return holds(NAME, f"{target} takes releases at any time")
    if any(day in window.days and window.begin <= clock < window.end for window in rules.windows):
        return holds(NAME, f"{day} {clock} UTC is within a change window of {target}")
    windows = tuple(f"{', '.join(window.days)} from {window.begin} to {window.end} UTC" for window in rules.windows)
    return refuses(NAME, f"{target} takes no release on {day} at {clock} UTC", "wait for a change window", *windows)
