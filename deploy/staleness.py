"""Whether a plan still speaks of what is there: the stack, what others give it, its change sets, their changes and templates, the triggers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from deploy import needs, plan, preflight
from deploy.account import Account
from deploy.model import Stack
from deploy.plan import Proposal
from deploy.propose import proposed


def differences(account: Account, proposal: Proposal) -> Iterator[str]:
    """Whatever is not as the plan has it: the stack, its change sets, their changes and templates, the triggers, what it needs.

    Raises:
        Refused: a rollback trigger is missing or in ALARM.
    """
    stacks = account.stacks("plan", proposal.region)
    current = stacks.find(proposal.stack)
    yield from _stack_moved(proposal, current)
    yield from _needs_moved(account, proposal)
    preflight.check_watching(account, proposal.stack, proposal.region, proposal.settings.triggers)
    if not proposal.change_sets:
        return
    change_set = stacks.change_set(proposal.change_sets[""])
    if change_set is None:
        yield f"{proposal.stack}: its change set is gone; another one was executed, or somebody deleted it"
        return
    change_set = msgspec.structs.replace(change_set, kind="CREATE" if proposal.kind == "create" else "UPDATE")
    if change_set.execution_status != "AVAILABLE":
        yield f"{proposal.stack}: its change set is {change_set.execution_status}"
    elif plan.digest_of_content(change_set) != proposal.changes:
        yield f"{proposal.stack}: AWS describes other changes than those that were reviewed"
    for path, document in proposed(stacks, change_set).items():
        if plan.digest_of_content(document) != proposal.documents.get(path):
            yield f"{proposal.stack}: the template of {path or 'the root'} is another one"


def _stack_moved(proposal: Proposal, current: Stack | None) -> Iterator[str]:
    exists = current is not None and not current.status.is_absent
    if proposal.status is None:
        if exists and current:
            yield f"{proposal.stack}: it did not exist, and is {current.status} now"
        return
    if not exists or current is None:
        yield f"{proposal.stack}: it was {proposal.status}, and is gone now"
    elif current.id != proposal.stack_id:
        yield f"{proposal.stack}: it is another stack of the same name now"
    elif current.status != proposal.status or (current.updated or current.created) != proposal.updated:
        before, now = _moment(proposal.updated), _moment(current.updated or current.created)
        yield f"{proposal.stack}: it was {proposal.status} of {before}, and is {current.status} of {now}"


def _needs_moved(account: Account, proposal: Proposal) -> Iterator[str]:
    wanted = next((stack for stack in account.manifest.stacks if stack.name == proposal.stack), None)
    if wanted is None or not wanted.needs or proposal.waits:
        return
    now = needs.fed(account, wanted).parameters
    for name in sorted(now.keys() | proposal.settings.parameters.keys()):
        before, after = proposal.settings.parameters.get(name), now.get(name)
        if before != after:
            yield f"{proposal.stack}: its parameter {name} was given {before or 'nothing'}, and would be given {after or 'nothing'} now"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "unknown"
