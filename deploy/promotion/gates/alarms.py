"""The alarms that are to watch the source are there and quiet, also those that watch only from its next deployment on."""

from __future__ import annotations

from deploy.promotion.ground import Ground
from deploy.promotion.verdict import Verdict, holds, refuses

NAME = "alarms"


def judge(ground: Ground) -> Verdict:
    source = ground.source.environment
    found = {alarm.name: alarm for alarm in ground.alarms}
    loud = tuple(f"{name} is {one.state}" for name, one in sorted(found.items()) if one.state in ("ALARM", "MISSING"))
    if loud:
        return refuses(NAME, f"alarms of {source} are not quiet", "mend what they ring for", *loud)
    if not found:
        return refuses(NAME, f"no alarm watches {source}", "bootstrap it, and deploy it again")
    unknown = tuple(f"{name} has no data yet" for name, one in sorted(found.items()) if one.state == "INSUFFICIENT_DATA")
    return holds(NAME, f"{len(found)} alarms of {source} are quiet", *unknown)
