"""What would change in the target has been looked at, and every danger in it was accepted by name."""

from __future__ import annotations

from deploy.approval import check_waivers
from deploy.errors import DeployError
from deploy.promotion.ground import Ground
from deploy.promotion.verdict import Verdict, holds, refuses

NAME = "plan"


def judge(ground: Ground) -> Verdict:
    target = ground.target.environment
    if ground.problem:
        return _refused(f"{target} cannot be planned: {ground.problem.subject}: {ground.problem.fact}", ground.problem)
    if ground.plan is None:
        return refuses(NAME, f"{target} was not planned", "run it again")
    try:
        check_waivers(ground.plan, ground.approval)
    except DeployError as error:
        return _refused(error.fact, error)
    counts = [proposal.review.counts for proposal in ground.plan.proposals]
    changed = sum(count.add + count.modify + count.replace + count.remove for count in counts)
    return holds(NAME, f"{changed} resources would change in {target}, and nothing in it is left to accept")


def _refused(words: str, error: DeployError) -> Verdict:
    return refuses(NAME, words, error.remedy, *error.details)
