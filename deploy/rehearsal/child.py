"""A deployer that ends itself with kill -9 at a point: `python -m deploy.rehearsal.child PLAN POINT BUILD [--endpoint-url URL] [--profile NAME]`.

Points are those of `deploy.rollout`, and three of its own: ``monitoring`` (all is made, the checks begin), ``closed`` (a check has failed
and the gate is closed), ``going-back`` (CloudFormation rolls back).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from deploy import gate, plan
from deploy.account import Account
from deploy.approval import Approval
from deploy.commands.options import Common
from deploy.record import CheckResult
from deploy.rollout import Rollout

_LOOKS = "following"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> None:
    path, point, build = arguments[:3]
    rest = dict(zip(arguments[3::2], arguments[4::2], strict=True))
    common = Common(
        local=False,
        profile=rest.get("--profile"),
        endpoint_url=rest.get("--endpoint-url"),
        format="text",
        debug=False,
        build=Path(build),
    )
    made = plan.load(Path(path))
    account = common.account_of(made.manifest)
    rollout = Rollout(account=account, plan=made, approval=Approval(yes=True), show=common.console, reached=_reached(point, account, made))
    if point in ("monitoring", "closed"):
        rollout.verify = _verify(point)
    rollout.run()


def _reached(point: str, account: Account, made: plan.Plan) -> Callable[[str], None]:
    def reached(here: str) -> None:
        if point == "going-back" and here == _LOOKS:
            proposal = made.proposals[-1]
            found = account.stacks("deploy", proposal.region).find(proposal.stack_id)
            if found and found.status.is_going_back:
                die()
        elif here == point:
            die()

    return reached


def _verify(point: str) -> Callable[..., tuple[CheckResult, ...]]:
    def verify(account: Account, region: str, *rest: object) -> tuple[CheckResult, ...]:
        if point == "closed":
            stack = account.manifest.main
            gate.close(account.alarms("deploy", stack.region), gate.name_of(stack), why="a check failed", who="a rehearsal")
        die()
        return ()

    return verify


if __name__ == "__main__":
    main(sys.argv[1:])
