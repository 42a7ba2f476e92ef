"""The deployed templates beside the built ones."""

from __future__ import annotations

from deploy import deployed as deployed_now
from deploy.account import Account
from deploy.errors import Invalid
from deploy.report.difference import TemplatePair, Templates
from deploy.wanted import wanted


def templates(account: Account, services: frozenset[str] = frozenset()) -> Templates:
    """Of every stack of the environment, or of these services alone.

    Raises:
        Invalid: there is no such service.
    """
    pairs: list[TemplatePair] = []
    known = {template.service for template in account.manifest.templates}
    if unknown := sorted(services - known):
        raise Invalid(
            f"service {unknown[0]}",
            f"there is none of this name in {account.manifest.environment}",
            f"there are {', '.join(sorted(known))}",
        )
    for stack in account.manifest.stacks:
        reads = account.stacks("plan", stack.region)
        current = reads.find(stack.name)
        running = None if current is None or current.status.is_absent else deployed_now.read(reads, current)
        goal = wanted(account, stack, ())
        there = running.templates if running else {}
        pairs += [
            TemplatePair(path=f"{stack.name}/{path}".rstrip("/"), deployed=there.get(path), built=goal.templates.get(path))
            for path in sorted(goal.templates.keys() | there.keys())
            if not services or goal.services.get(path) in services
        ]
    return Templates(pairs=tuple(pairs))
