"""What a drift-aware change set leaves as it is: asked of AWS before, and compared with what the plan will do.

Source: the user guide's "Using drift-aware change sets", which does not say whether they go with nested stacks. So nothing is taken for
granted: a difference that the change sets do not speak of is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from deploy.drifting import DriftReport
from deploy.plan import Plan


def left(reports: tuple[DriftReport, ...], made: Plan) -> Iterator[str]:
    """A line for each difference that executing the plan does not put back."""
    changed = {item.path for proposal in made.proposals for item in proposal.review.items if item.verdict != "unchanged"}
    for report in reports:
        for one in (*report.drifted, *report.accepted):
            if not one.revertable:
                yield f"{one.path} is not put back: CloudFormation cannot read {one.type}; put it back by hand"
            elif one.path not in changed:
                yield f"{one.path} is not put back: AWS's change set does not speak of it; put it back by hand"
