"""The target is not ahead: what runs there came through the source, and not after this release."""

from __future__ import annotations

from deploy.promotion.ground import Ground, standing
from deploy.promotion.verdict import Verdict, holds, refuses

NAME = "ahead"


def judge(ground: Ground) -> Verdict:
    source, target, runs = ground.source.environment, ground.target.environment, standing(ground.target_records)
    if runs is None:
        return holds(NAME, f"nothing is deployed in {target} yet")
    if runs.release == ground.release:
        return holds(NAME, f"{target} runs it already")
    # Newest first, of the source: the later a release came there, the smaller its place.
    came = [record.release for record in ground.source_records if record.manifest and record.outcome in ("succeeded", "unverified")]
    back = f"to go back there: python -m deploy rollback {target} --to {ground.release[:12]}"
    if runs.release not in came:
        return refuses(NAME, f"{target} runs {runs.release[:12] or 'an unknown release'}, which {source} never had", back)
    if ground.release in came and came.index(runs.release) < came.index(ground.release):
        return refuses(NAME, f"{target} runs {runs.release[:12]}, which came to {source} after {ground.release[:12]}", back)
    return holds(NAME, f"{target} runs {runs.release[:12]}, which was in {source} before")
