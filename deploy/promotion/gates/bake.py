"""The release was verified in the source by its last deployment, and has run there for as long as the target asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploy.promotion.ground import Ground, arrival, standing
from deploy.promotion.verdict import Verdict, holds, refuses
from deploy.record import Record

NAME = "bake"


def judge(ground: Ground) -> Verdict:
    source, last, first = ground.source.environment, standing(ground.source_records), arrival(ground.source_records)
    if last is None or first is None or last.ended is None or first.ended is None:
        return refuses(NAME, f"{source} has no deployment that came to its end", f"deploy it there: python -m deploy up {source}")
    failed = tuple(f"check {one.check} {one.name}: {one.reason}" for one in last.checks if not one.ok)
    if last.outcome == "unverified" or failed:
        return refuses(NAME, f"deployment {last.number} of {source} was not verified", "mend it, and deploy it there again", *failed)
    wanted, since = timedelta(minutes=ground.rules.bake_minutes), ground.now - first.ended
    checks = f"{len(last.checks)} checks passed" if last.checks else "it has no checks"
    if more := left(ground.now, ground.source_records, ground.rules.bake_minutes):
        ready = f"it has {_words(wanted)} at {ground.now + more:%Y-%m-%d %H:%M} UTC: wait for it with --wait"
        return refuses(NAME, f"it has run in {source} for {_words(since)}, and {_words(wanted)} are asked for", ready)
    return holds(NAME, f"verified in {source} ({checks}), and run there for {_words(since)} of {_words(wanted)}")


def left(now: datetime, records: tuple[Record, ...], minutes: int) -> timedelta:
    """How long it still has to run there; nothing where it has, or where nothing runs."""
    first = arrival(records)
    ready = first.ended + timedelta(minutes=minutes) if first and first.ended else now
    return max(ready - now, timedelta())


def _words(time: timedelta) -> str:
    minutes = max(int(time.total_seconds() // 60), 0)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
