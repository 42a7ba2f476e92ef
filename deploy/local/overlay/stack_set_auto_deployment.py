"""Accounts that join, move within or leave an organization get and lose the stacks of the sets that target their OUs.

Models the user guide's "Enable or disable automatic deployments for StackSets in AWS Organizations" and the API reference's
AutoDeployment: a deletion first, then what is to be made, queued; account filters and overrides do not apply to accounts that come
later; a set waits until those that it depends on have done their part well. RemoveAccountFromOrganization, which MiniStack lacks, is the
API reference's of Organizations.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from . import stack_set_operations as operations
from . import stack_set_work as work
from .emulator import Answer, account, organizations, responses
from .stack_set_instances import take
from .stack_set_organizations import has_access, parents
from .stack_set_preferences import UNBOUND
from .stack_set_records import Instance, Operation, StackSet, Target, sets_of

Payload = dict[str, Any]
Handler = Callable[[Payload], Answer]


def move_account(theirs: Handler, payload: Payload) -> Answer:
    member = str(payload.get("AccountId"))
    former = parents(member)
    made = theirs(payload)
    if made[0] == 200:
        _deploy(member, former, parents(member))
    return made


def create_account(theirs: Handler, payload: Payload) -> Answer:
    """A new account joins at the root."""
    made = theirs(payload)
    if made[0] == 200:
        member = json.loads(made[2])["CreateAccountStatus"]["AccountId"]
        _deploy(member, [], parents(member))
    return made


def remove_account(payload: Payload) -> Answer:
    member = str(payload.get("AccountId"))
    if member not in organizations._accounts:
        return _refusal("AccountNotFoundException", f"You specified an account that doesn't exist: {member}")
    if member == account():
        return _refusal("MasterCannotLeaveOrganizationException", "You can't remove a management account from an organization.")
    del organizations._accounts[member]
    made: Answer = organizations._json(200, {})
    return made


def _refusal(code: str, message: str) -> Answer:
    made: Answer = responses.error_response_json(code, message, 400)
    return made


def _deploy(member: str, former: list[str], present: list[str]) -> None:
    """``former`` and ``present``: the OUs that the account was in and is in, nearest first."""
    deletions: list[Operation] = []
    creations: dict[str, Operation] = {}
    sets = _in_order_of_need([known for known in sets_of(account()) if known.automatic.enabled and has_access()])
    for stack_set in sets:
        gone = [
            target
            for target, instance in stack_set.instances.items()
            if instance.account == member and _targeted(stack_set, former, target) and not _targeted(stack_set, present, target)
        ]
        if gone:
            deletions.append(_deletion(stack_set, gone))
    for stack_set in sets:
        wanted = {(member, place): unit for unit in reversed(present) for place in stack_set.units.get(unit, [])}
        going = {target for operation in stack_set.pending() if operation.action == "DELETE" for target in operation.claims or ()}
        for target in set(wanted) & set(stack_set.instances) - going:
            stack_set.instances[target].unit = wanted.pop(target)
        if wanted:
            needs = tuple(creations[arn] for arn in stack_set.automatic.depends_on if arn in creations)
            creations[stack_set.arn] = _creation(stack_set, wanted, deletions, needs)


def _targeted(stack_set: StackSet, units: Iterable[str], target: Target) -> bool:
    return any(target[1] in stack_set.units.get(unit, []) for unit in units)


def _in_order_of_need(sets: list[StackSet]) -> list[StackSet]:
    """Every set after those that it depends on."""
    by_arn, ordered, seen = {known.arn: known for known in sets}, [], set()

    def visit(stack_set: StackSet) -> None:
        if stack_set.arn not in seen:
            seen.add(stack_set.arn)
            for arn in stack_set.automatic.depends_on:
                if arn in by_arn:
                    visit(by_arn[arn])
            ordered.append(stack_set)

    for known in sets:
        visit(known)
    return ordered


def _deletion(stack_set: StackSet, targets: list[Target]) -> Operation:
    """Of what is still no target when its turn comes: the account may have come back."""

    def begin() -> list[Instance]:
        gone = (target for target in targets if not _targeted(stack_set, parents(target[0]), target))
        return [stack_set.instances[target] for target in gone if target in stack_set.instances]

    operation = Operation(
        operation_id=responses.new_uuid(),
        action="DELETE",
        preferences=UNBOUND,
        claims=frozenset(targets),
        begin=begin,
        work=partial(work.remove, stack_set, retain=stack_set.automatic.retain),
        details={"RetainStacks": stack_set.automatic.retain},
    )
    operations.queue(stack_set, operation)
    return operation


def _creation(stack_set: StackSet, wanted: dict[Target, str], after: Iterable[Operation], needs: tuple[Operation, ...]) -> Operation:
    """In what is still a target when its turn comes: the account may have gone."""

    def begin() -> list[Instance]:
        return [take(stack_set, target, unit) for target, unit in wanted.items() if unit in parents(target[0])]

    operation = Operation(
        operation_id=responses.new_uuid(),
        action="CREATE",
        preferences=UNBOUND,
        claims=frozenset(wanted),
        begin=begin,
        work=partial(work.apply, stack_set),
        after=tuple(after),
        needs=needs,
    )
    operations.queue(stack_set, operation)
    return operation


def install() -> None:
    dispatch: dict[str, Handler] = organizations._DISPATCH
    for action, around in (("MoveAccount", move_account), ("CreateAccount", create_account)):
        dispatch[action] = partial(around, dispatch[action])
    dispatch["RemoveAccountFromOrganization"] = partial(move_account, remove_account)
