"""Source and target are the same infrastructure, but for what fields of the environment files explain."""

from __future__ import annotations

from deploy.promotion.ground import Ground
from deploy.promotion.verdict import Verdict, holds, refuses

NAME = "parity"


def judge(ground: Ground) -> Verdict:
    source, target, found = ground.source.environment, ground.target.environment, ground.parity
    see = f"see it: python -m deploy parity {source} {target}"
    if found.problem:
        return refuses(NAME, found.problem, see)
    if found.findings:
        return refuses(NAME, f"{source} and {target} differ where no field explains it", see, *found.findings)
    return holds(NAME, f"the same but for {found.explained} differences, each explained by a field of {target}.yaml")
