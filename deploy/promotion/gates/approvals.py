"""As many people as the target asks for have said yes to this release; where it asks for others, not the one who promotes it."""

from __future__ import annotations

from deploy.promotion.ground import Ground
from deploy.promotion.verdict import Verdict, holds, refuses

NAME = "approvals"


def judge(ground: Ground) -> Verdict:
    rules, source, target = ground.rules, ground.source.environment, ground.target.environment
    if not rules.approvals:
        return holds(NAME, f"{target} asks for no approval but that of the plan")
    given = {one.by: one for one in ground.approvals if one.release == ground.release and one.environment == target}
    own = given.pop(ground.by, None) if rules.separate_approver else None
    names = tuple(f"{one.by} at {one.at:%Y-%m-%d %H:%M} UTC" for one in given.values())
    if len(given) >= rules.approvals:
        return holds(NAME, f"approved by {len(given)} of {rules.approvals}", *names)
    words = f"{target} asks for {rules.approvals}, and has {len(given)}"
    if own:
        names = (*names, f"{own.by} promotes it, so that this approval does not count")
    if not ground.moves:
        return Verdict(gate=NAME, state="open", words=f"{words}: they are asked for when it moves", details=names)
    return refuses(NAME, words, f"somebody else runs: python -m deploy promote {source} {target} --approve", *names)
