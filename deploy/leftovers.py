"""What a killed run leaves behind, cleared away by the next: change sets that nobody will execute, stacks that never came to be."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from deploy import files
from deploy.account import Account
from deploy.aws.stacks import Stacks
from deploy.errors import Denied, Refused, Stuck
from deploy.manifest import Stack
from deploy.noun import Noun, decoded
from deploy.status import Status
from deploy.whose import has_ended, whose

Say = Callable[[str], None]
PREFIX = "tapline-"
"""Of the names of all change sets and request tokens that are ours."""


class Pending(Noun, frozen=True, kw_only=True):
    """Written before a change set is asked for; removed once the plan is on disk, or the change set gone."""

    environment: str
    stack: str
    region: str
    change_set: str
    host: str
    pid: int

    @property
    def alive(self) -> bool:
        """Whoever noted it is still at it."""
        return not has_ended(self.host, self.pid) and (self.host, self.pid) != (whose()[1], os.getpid())


def note(pending: Path, number: str, environment: str, stack: str, region: str, change_set: str) -> None:
    """On disk before the change set is asked for."""
    noted = Pending(environment=environment, stack=stack, region=region, change_set=change_set, host=whose()[1], pid=os.getpid())
    files.write(pending / f"{number}-{stack}.json", msgspec.json.encode(noted))


def settled(pending: Path, number: str) -> None:
    """The plan is on disk, or nothing is left: its names need not be kept any more."""
    for file in pending.glob(f"{number}-*.json"):
        file.unlink(missing_ok=True)


def clear(account: Account, pending: Path, say: Say) -> None:
    """Change sets that a killed run left, and those of plans that have expired."""
    for file in sorted(pending.glob("*.json")):
        noted = decoded(file.read_bytes(), Pending)
        if noted.environment == account.manifest.environment and not noted.alive:
            _forget(account, noted.region, noted.stack, noted.change_set, say)
            file.unlink(missing_ok=True)
    for stack in account.manifest.stacks:
        stacks = account.stacks("plan", stack.region)
        if stacks.find(stack.name) is None:
            continue
        for one in list(stacks.proposals(stack.name)):
            if (
                one["name"].startswith(PREFIX)
                and not one["root"]
                and not one["execution"].startswith("EXECUTE_")
                and expired(one["description"])
            ):
                _forget(account, stack.region, stack.name, one["name"], say)


def withdraw(stacks: Stacks, remover: Callable[[], Stacks], stack: str, change_set_id: str) -> None:
    """Delete a change set, and the stack that it alone announced.

    ``remover`` may delete stacks, which who plans may not. In prod nobody may: a stack in review stays there, holds nothing, and is what the
    next plan begins with.
    """
    stacks.discard(change_set_id)
    found = stacks.find(stack)
    if found and found.status is Status.REVIEW_IN_PROGRESS and not tuple(stacks.proposals(found.id)):
        with contextlib.suppress(Denied):
            remover().delete(found.id, f"{PREFIX}withdrawn-{secrets.token_hex(4)}")


def _forget(account: Account, region: str, stack: str, name: str, say: Say) -> None:
    stacks = account.stacks("plan", region)
    found = stacks.find(stack)
    left = [one for one in stacks.proposals(found.id) if one["name"] == name] if found else []
    for one in left:
        say(f"deleting change set {name} of {stack}, which nobody will execute")
        withdraw(stacks, lambda: account.stacks("deploy", region), stack, one["id"])


def expired(description: str) -> bool:
    _, found, text = description.rpartition(", expires ")
    try:
        return bool(found) and datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) < datetime.now(UTC)
    except ValueError:
        return False


def remove(account: Account, stack: Stack, say: Say) -> None:
    """A stack whose first create was undone holds nothing and can become nothing; only its name is in the way.

    Raises:
        Refused: it does hold something.
    """
    stacks = account.stacks("deploy", stack.region)
    held = [resource.logical_id for resource in stacks.resources(stack.name) if resource.status != "DELETE_COMPLETE"]
    if held:
        raise Refused(
            f"stack {stack.name}",
            f"its first create failed, and it still holds {', '.join(held)}",
            f"see the ways out: python -m deploy recover {account.manifest.environment}",
        )
    say(f"deleting {stack.name}: its first create was undone, and nothing is in it")
    found = stacks.find(stack.name)
    if found:
        try:
            stacks.delete(found.id, f"{PREFIX}leftover-{secrets.token_hex(4)}")
        except Denied as error:
            how = f"an administrator of account {account.manifest.account} deletes it: aws cloudformation delete-stack --stack-name {stack.name}"
            raise Refused(
                f"stack {stack.name}", "its first create was undone, nothing is in it, and who deploys may not delete it", how
            ) from error
        if left := stacks.wait_deleted(found.id, seconds=300):
            raise Stuck(f"stack {stack.name}", f"it is {left.status}: {left.reason}", "delete it by hand: it holds nothing")
