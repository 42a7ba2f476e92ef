"""How many sets an account, and how many instances a set may have, and how many of these may be worked on at once.

Models the user guide's "CloudFormation quotas" of 2026: 1,000 sets for an administrator account, 100,000 instances for a set, 10,000
instances at a time in a region, over all sets. What is refused beyond it is LimitExceededException; the words are ours.
"""

from __future__ import annotations

from collections.abc import Collection

from .settings import INSTANCES_AT_ONCE, INSTANCES_PER_SET, SETS_PER_ACCOUNT
from .stack_set_records import StackSet, Target, refused, sets_of


def check_sets(owner: str) -> None:
    """
    Raises:
        Refused: the account has all that it may have.
    """
    if sum(1 for _ in sets_of(owner)) >= SETS_PER_ACCOUNT:
        raise refused("LimitExceededException", f"Stack set limit of {SETS_PER_ACCOUNT} exceeded in account {owner}")


def check_instances(stack_set: StackSet, targets: Collection[Target]) -> None:
    """
    Raises:
        Refused: the set would have more than it may have.
    """
    if len(set(stack_set.instances) | set(targets)) > INSTANCES_PER_SET:
        raise refused("LimitExceededException", f"Stack instance limit of {INSTANCES_PER_SET} exceeded in StackSet {stack_set.set_id}")


def check_at_once(stack_set: StackSet, targets: int) -> None:
    """
    Raises:
        Refused: too many instances would be worked on.
    """
    busy = sum(
        result.status in ("PENDING", "RUNNING")
        for other in sets_of(stack_set.account)
        if other.region == stack_set.region
        for operation in other.pending()
        for result in operation.results.values()
    )
    if busy + targets > INSTANCES_AT_ONCE:
        raise refused("LimitExceededException", f"Stack instance operations limit of {INSTANCES_AT_ONCE} exceeded: {busy} are in progress")
