"""What a story must not leave behind: change sets, announced stacks, a closed gate, a held lock, an open record, names on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploy import lock
from deploy.ledger import took_down

if TYPE_CHECKING:
    from deploy.rehearsal.stage import Stage


def left_behind(stage: Stage) -> Iterator[str]:
    """Each in words."""
    yield from _stacks(stage)
    yield from _gate(stage)
    yield from _ledger(stage)
    pending = stage.commands.build / "plans" / ".pending"
    yield from (f"name of a change set on disk: {file.name}" for file in pending.glob("*.json"))


def _stacks(stage: Stage) -> Iterator[str]:
    for one in stage.ask("cloudformation").pages("list_stacks", "StackSummaries"):
        if one["StackStatus"] == "REVIEW_IN_PROGRESS" and one["StackName"].startswith(stage.stack):
            yield f"stack {one['StackName']} in REVIEW_IN_PROGRESS"
    found = stage.find()
    for proposal in stage.stacks.proposals(found.id) if found else ():
        if not proposal["execution"].startswith("EXECUTE_"):
            yield f"change set {proposal['name']} of {stage.stack}"


def _gate(stage: Stage) -> Iterator[str]:
    name = stage.gate()
    for alarm in stage.account.alarms("plan", stage.region).named([name]):
        if alarm.state == "ALARM":
            yield f"gate {name} closed: {alarm.reason}"


def _ledger(stage: Stage) -> Iterator[str]:
    """The lock is free, every record has its end, and the newest says what the stack is."""
    holder = lock.holder(stage.account.store("plan", stage.account.manifest.region))
    if holder and holder.held:
        yield f"lock held for {holder.words}"
    records = stage.ledger.newest()
    yield from (f"record {record.number} ({record.operation}) without an end" for record in records if record.ended is None)
    carried = [record for record in records if record.ended and record.outcome not in ("refused", "nothing to do")]
    if not carried:
        return
    found = stage.find()
    says = next((moved.after for moved in carried[0].stacks if moved.stack == stage.stack), "")
    is_now = found.status if found else "DELETE_COMPLETE" if took_down(carried[0]) or says == "DELETE_COMPLETE" else "gone"
    if says and says != is_now:
        yield f"the ledger says {says} of {stage.stack}, and it is {is_now}"
