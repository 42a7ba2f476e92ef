"""The release is the one that runs in the source, as it was deployed and with nothing at work on it."""

from __future__ import annotations

from deploy.promotion.ground import Ground, standing
from deploy.promotion.verdict import Verdict, holds, refuses
from deploy.status import Status

NAME = "running"


def judge(ground: Ground) -> Verdict:
    source, record = ground.source.environment, standing(ground.source_records)
    if record is None:
        return refuses(NAME, f"nothing is deployed in {source}", f"deploy it there first: python -m deploy up {source}")
    if record.release != ground.release:
        runs = f"{source} runs {record.release[:12] or 'an unknown release'}, and {ground.release[:12]} was asked for"
        return refuses(NAME, runs, "promote what runs there, or deploy that release there first")
    if ground.source.running:
        return refuses(NAME, f"{ground.source.running.operation} is at work on {source}", "wait for its end")
    moved = tuple(f"{stack.name} was changed by something else since" for stack in ground.source.stacks if stack.moved)
    bad = tuple(f"{stack.name} is {stack.status or 'not there'}" for stack in ground.source.stacks if not _good(stack.status))
    if moved or bad:
        return refuses(NAME, f"{source} is not that release any more", f"deploy it again: python -m deploy up {source}", *moved, *bad)
    return holds(NAME, f"{source} runs {record.release[:12]}, deployed by {record.by}")


def _good(status: str) -> bool:
    return bool(status) and Status(status).is_good
