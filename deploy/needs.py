"""What stacks need of each other: read while planning, carried from a stack's outputs to the parameters of those that need them.

A value crosses regions through Parameter Store in the region of who needs it, so that a stack can be planned, and its template read, without
the other region. What is there counts only while the stack that gives it stands: what a destroyed one has left behind is nobody's value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from deploy.account import Account
from deploy.manifest import Need, Stack
from deploy.model import Stack as Standing
from deploy.noun import Noun

DESCRIPTION = "What one stack gives another; carried by the deployer"
Say = Callable[[str], None]


class Fed(Noun, frozen=True, kw_only=True):
    """``parameters`` of a stack's root, as they would be given now; ``waits``: for what nothing is there yet, in words."""

    parameters: dict[str, str]
    waits: tuple[str, ...] = ()


class Carry(Noun, frozen=True, kw_only=True):
    """A value that a stack gives and that does not stand where it is needed. ``before`` empty where nothing does."""

    stack: str
    consumer: str
    region: str
    path: str
    before: str
    after: str

    @property
    def words(self) -> str:
        return f"{self.path} in {self.region}, which {self.consumer} needs of {self.stack}"


def fed(account: Account, stack: Stack) -> Fed:
    """Asks Parameter Store in the stack's own region, and CloudFormation whether those that give it something stand."""
    parameters: dict[str, str] = {}
    waits = []
    for need in stack.needs:
        value = _value(account, stack, need) or need.otherwise
        if value:
            parameters[need.parameter] = value
        else:
            waits.append(_waiting(account, stack, need))
    return Fed(parameters=parameters, waits=tuple(waits))


def carries(account: Account) -> tuple[Carry, ...]:
    """What is given otherwise than it stands: after a stack was deployed, or where somebody has changed it by hand."""
    return tuple(one for stack in account.manifest.stacks for one in _of(account, stack.name))


def carry(account: Account, stack: str, say: Say) -> tuple[Carry, ...]:
    """Write what a stack gives to where it is needed; what stands there already is left alone."""
    done = tuple(_of(account, stack))
    for one in done:
        account.parameters("deploy", one.region).put(one.path, one.after, DESCRIPTION)
        say(f"{one.words}, is {one.after} now")
    return done


def forget(account: Account, stack: str) -> None:
    """What a deleted stack gave is nobody's value any more."""
    for consumer, need in _given(account, stack):
        if account.parameters("plan", consumer.region).get(need.path) is not None:
            account.parameters("deploy", consumer.region).delete(need.path)


def _given(account: Account, stack: str) -> Iterator[tuple[Stack, Need]]:
    return ((consumer, need) for consumer in account.manifest.stacks for need in consumer.needs if need.stack == stack)


def _of(account: Account, stack: str) -> Iterator[Carry]:
    needed = list(_given(account, stack))
    found = _standing(account, stack) if needed else None
    if found is None:
        return
    for consumer, need in needed:
        after = found.outputs.get(need.output, "")
        before = account.parameters("plan", consumer.region).get(need.path) or ""
        if after and after != before:
            yield Carry(stack=stack, consumer=consumer.name, region=consumer.region, path=need.path, before=before, after=after)


def _value(account: Account, stack: Stack, need: Need) -> str:
    known = any(one.name == need.stack for one in account.manifest.stacks)
    if known and _standing(account, need.stack) is None:
        return ""
    return account.parameters("plan", stack.region).get(need.path) or ""


def _standing(account: Account, name: str) -> Standing | None:
    """The stack that gives something; None while it gives nothing."""
    wanted = next((one for one in account.manifest.stacks if one.name == name), None)
    found = account.stacks("plan", wanted.region).find(name) if wanted else None
    return found if found and found.status.is_good else None


def _waiting(account: Account, stack: Stack, need: Need) -> str:
    gives = f"output {need.output} of stack {need.stack} gives it" if need.stack else "a verb of this deployer writes it"
    return f"{need.parameter}: nothing stands at {need.path} in {stack.region}; {gives}"
