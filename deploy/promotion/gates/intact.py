"""The source's ledger tells one story without a gap: nothing in it was written by hand, and nothing is missing."""

from __future__ import annotations

import itertools

from deploy.promotion.ground import Ground
from deploy.promotion.verdict import Verdict, holds, refuses
from deploy.record import Record

NAME = "ledger"


def judge(ground: Ground) -> Verdict:
    source = ground.source.environment
    problems = (*ground.broken, *gaps(ground.source_records))
    if problems:
        return refuses(NAME, f"the ledger of {source} does not tell one story", f"look at it: python -m deploy history {source}", *problems)
    return holds(NAME, f"{len(ground.source_records)} records of {source} tell one story")


def gaps(records: tuple[Record, ...]) -> tuple[str, ...]:
    """``records`` newest first. A cancel has its operation's number; what runs has no end."""
    own = [record for record in reversed(records) if record.operation != "cancel"]
    problems = [f"{one.number}: it began and has no end" for one in own[:-1] if one.ended is None]
    problems += [
        f"{one.number}: it stands beside another of this number" for one, after in itertools.pairwise(own) if one.number == after.number
    ]
    before: Record | None = None
    for record in own:
        if not record.manifest or record.outcome not in ("succeeded", "unverified"):
            continue
        if before and record.previous and record.previous != before.release:
            problems.append(f"{record.number}: it says that {record.previous[:12]} ran before it, and the ledger has {before.release[:12]}")
        before = record
    return tuple(problems)
