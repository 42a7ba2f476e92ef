"""The ways back of stacks that stand in the way: what state each is in, why, what a person can do, and the one thing that was chosen.

Asking changes nothing. Nothing is chosen for anybody, and no stack that ever succeeded is deleted; that a stack never did has to be proven from
its whole history. The one deletion of a stack that did run is that which a person began and AWS could not end (``--retain``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from deploy import begun
from deploy.account import Account
from deploy.aws.failures import AwsRefusal
from deploy.aws.stacks import Stacks
from deploy.destruction import Destruction, survey
from deploy.errors import Conflict, Denied, Invalid, OutcomeUnknown, Refused
from deploy.intervention import Intervention
from deploy.manifest import Stack as Wanted
from deploy.model import NESTED, Stack
from deploy.noun import Noun
from deploy.progress import Cause, Progress
from deploy.record import Record
from deploy.show import Show
from deploy.status import Status, Way

_DELETE = "--delete-failed-create"


# What a status is about, where an operation has failures of another kind as well: those of its way there.
_IN_THE_WAY = {
    Status.UPDATE_ROLLBACK_FAILED: ("UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"),
    Status.ROLLBACK_FAILED: ("DELETE_FAILED",),
    Status.DELETE_FAILED: ("DELETE_FAILED",),
}


class Blocker(Noun, frozen=True, kw_only=True):
    """What failed and still does. ``path``: ``Compute/ApiFunction``; ``name``: the same as ResourcesToSkip has it,
    ``tap-app-dev-Compute-1A2B.ApiFunction``.
    """

    path: str
    name: str
    type: str
    reason: str


class Standing(Noun, frozen=True, kw_only=True):
    """One stack now. ``status`` empty where there is none; ``cause``: why its last operation failed; ``blockers``: what could not be put
    back, or not be deleted; ``ways``: those that are open to it.
    """

    stack: str
    region: str
    status: str = ""
    reason: str = ""
    cause: Cause | None = None
    blockers: tuple[Blocker, ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def is_stuck(self) -> bool:
        return bool(self.status) and Status(self.status).is_stuck


class Situation(Noun, frozen=True, kw_only=True):
    """All stacks of an environment."""

    environment: str
    account: str
    stacks: tuple[Standing, ...]

    @property
    def is_stuck(self) -> bool:
        return any(one.is_stuck for one in self.stacks)


class Choice(Noun, frozen=True, kw_only=True):
    """The one way that a person chose: ``option`` as it was typed; ``paths``: what ``--skip`` or ``--retain`` named."""

    option: str
    paths: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return " ".join(f"{self.option} {path}" for path in self.paths) or self.option


def look(account: Account) -> Situation:
    """Asks AWS, changes nothing."""
    manifest = account.manifest
    return Situation(
        environment=manifest.environment,
        account=manifest.account,
        stacks=tuple(_standing(account.stacks("plan", wanted.region), wanted) for wanted in manifest.stacks),
    )


def _standing(stacks: Stacks, wanted: Wanted) -> Standing:
    stack = stacks.find(wanted.name)
    if stack is None:
        return Standing(stack=wanted.name, region=wanted.region)
    now = Standing(stack=stack.name, region=wanted.region, status=stack.status, reason=stack.reason, ways=stack.status.ways_out)
    if not now.ways or stack.status.is_absent:
        return now
    # What tells that a stack never worked is read only where it matters.
    unproven = any(way.unproven for way in stack.status.ways_out) and _never_succeeded(stacks, stack)
    ways = tuple(way for way in stack.status.ways_out if unproven or not way.unproven)
    operation = begun.last_forward(stacks, stack.id)
    if operation is None:
        return msgspec.structs.replace(now, ways=ways)
    progress = begun.read(stacks, stack.id, stack.name, operation)
    blockers = _blockers(stacks, stack, progress) if stack.status.is_stuck else ()
    return msgspec.structs.replace(now, ways=ways, cause=progress.cause, blockers=blockers)


def _never_succeeded(stacks: Stacks, stack: Stack) -> bool:
    """What cannot be read proves nothing."""
    try:
        return begun.never_succeeded(stacks, stack.id)
    except (AwsRefusal, Denied, OutcomeUnknown):
        return False


def _blockers(stacks: Stacks, stack: Stack, progress: Progress) -> tuple[Blocker, ...]:
    """What failed last, and has not been mended since; a nested stack only where nothing in it is to blame."""
    ends = _IN_THE_WAY.get(stack.status, ("_FAILED",))
    mended = {event.path: event.at for event in progress.own if event.status.endswith("_COMPLETE")}
    failed = {
        cause.path: cause
        for cause in progress.failures
        if cause.path
        and cause.kind in ("resource", "stack")
        and cause.status.endswith(ends)
        and mended.get(cause.path, cause.at) <= cause.at
    }
    ids = stacks.nested(stack.id)
    return tuple(
        Blocker(path="/".join(path), name=_name(path, ids), type=cause.type, reason=cause.reason)
        for path, cause in sorted(failed.items())
        if cause.type != NESTED or not any(other[: len(path)] == path for other in failed if other != path)
    )


def _name(path: tuple[str, ...], ids: dict[tuple[str, ...], str]) -> str:
    """As ResourcesToSkip wants it (API reference, ContinueUpdateRollback): by the nested stack's name, not by its logical id."""
    around = ids.get(path[:-1], "")
    return f"{around.split('/')[1]}.{path[-1]}" if around else path[-1]


def chosen(situation: Situation, choice: Choice, stack: str = "") -> Standing:
    """The stack that a choice is for. ``stack``: its name, where a person gave it.

    Raises:
        Invalid: the choice is no way out of anything here, or of several stacks.
        Refused: the stack would be deleted, and it is not proven that it never succeeded.
    """
    if stack and stack not in {one.stack for one in situation.stacks}:
        raise Invalid(f"--stack {stack}", f"{situation.environment} has no such stack", f"it has {_names(situation.stacks)}")
    asked = [one for one in situation.stacks if one.stack == (stack or one.stack)]
    fit = [one for one in asked if any(way.option.split(" ")[0] == choice.option and way.verb == "recover" for way in one.ways)]
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise Invalid(choice.option, f"it is a way out of {_names(fit)}", "say which: --stack NAME")
    closed = [one for one in asked if one.status and any(way.option == choice.option for way in Status(one.status).ways_out)]
    if closed:
        raise _proven_otherwise(closed[0].stack)
    states = tuple(f"{one.stack} is {one.status or 'not there'}" for one in asked)
    raise Invalid(choice.option, f"it is no way out of what is here: {'; '.join(states)}", f"see what is: {_see(situation)}")


def named(standing: Standing, paths: Iterable[str]) -> tuple[Blocker, ...]:
    """What ``--skip`` or ``--retain`` names, by our path or by AWS's name.

    Raises:
        Invalid: it is nothing that stands in the way; the message lists what does.
    """
    found = []
    for path in paths:
        one = next((blocker for blocker in standing.blockers if path in (blocker.path, blocker.name, blocker.path.replace("/", "."))), None)
        if one is None:
            there = tuple(f"{blocker.path} ({blocker.name})" for blocker in standing.blockers) or ("nothing that could be named",)
            raise Invalid(path, f"it does not stand in the way of {standing.stack}", "name one of these", there)
        found.append(one)
    return tuple(found)


def recover(
    account: Account, standing: Standing, choice: Choice, show: Show, reached: Callable[[str], None] = lambda point: None
) -> Record:
    """Do what was chosen, and follow it to its end. ``reached`` as in `deploy.rollout`.

    Raises:
        Refused: it would lose what nobody accepted, or the stack is protected.
        Conflict: somebody works on the environment, or the stack has moved since.
    """
    stacks = account.stacks("deploy", standing.region)
    stack = stacks.find(standing.stack)
    if stack is None or stack.status != standing.status:
        now = stack.status if stack else "gone"
        raise Conflict(
            f"stack {standing.stack}", f"it was {standing.status}, and is {now} now", f"python -m deploy recover {_env(account)}"
        )
    if choice.option == "--retain":
        return _retain(account, standing, choice, show)
    operation = begun.last(stacks, stack.id)
    if operation is None:
        raise Refused(f"stack {stack.name}", "AWS has no events of it any more", "use the console, and look at what it holds first")
    if choice.option == _DELETE:
        _check_deletion(stacks, stack, _env(account))
    return Intervention(
        account=account,
        verb="recover",
        stack=stack,
        region=standing.region,
        begun=operation,
        choice=choice.words,
        ask=_request(stack, choice.option, tuple(one.name for one in named(standing, choice.paths))),
        show=show,
        reached=reached,
    ).run()


def _request(stack: Stack, option: str, skip: tuple[str, ...]) -> Callable[[Stacks, str], None]:
    requests: dict[str, Callable[[Stacks, str], None]] = {
        "--continue": lambda stacks, token: stacks.continue_rollback(stack.id, token),
        "--skip": lambda stacks, token: stacks.continue_rollback(stack.id, token, skip=skip),
        "--force": lambda stacks, token: stacks.continue_rollback(stack.id, token, force=True),
        "--roll-back": lambda stacks, token: stacks.rollback_stack(stack.id, token),
        _DELETE: lambda stacks, token: stacks.delete(stack.id, token),
    }
    return requests[option]


def _check_deletion(stacks: Stacks, stack: Stack, environment: str) -> None:
    if stack.termination_protection:
        how = f"an administrator switches it off first; then: python -m deploy recover {environment} {_DELETE}"
        raise Refused(f"stack {stack.name}", "termination protection is on", how)
    if not _never_succeeded(stacks, stack):
        raise _proven_otherwise(stack.name)


def _retain(account: Account, standing: Standing, choice: Choice, show: Show) -> Record:
    """Go on with a deletion that a person began, without what is named."""
    found = survey(account, only=standing.stack)
    retain = frozenset(account.manifest.named(standing.stack, blocker.path) for blocker in named(standing, choice.paths))
    lost = tuple(
        f"{holder.path} ({holder.type}): its {holder.holds} would be gone"
        for holder in found.holders
        if not holder.kept and holder.path not in retain
    )
    if lost:
        waivers = " ".join(f"--allow-loss {line.split(' ')[0]}" for line in lost)
        how = f"accept each by name: python -m deploy destroy {_env(account)} {choice.words} {waivers}"
        raise Refused(f"stack {standing.stack}", "the rest of its deletion would lose data", how, lost)
    found.check(frozenset(holder.path for holder in found.holders), retain)
    return Destruction(account=account, survey=found, retain=retain, show=show, verb="recover").run()


def _proven_otherwise(stack: str) -> Refused:
    fact = "it is not proven that it never succeeded: its history shows that it did, is not whole, or cannot be read"
    return Refused(f"stack {stack}", fact, "a stack that ever succeeded is not deleted by this")


def _env(account: Account) -> str:
    return account.manifest.environment


def _see(situation: Situation) -> str:
    return f"python -m deploy recover {situation.environment}"


def _names(stacks: Iterable[Standing]) -> str:
    return ", ".join(one.stack for one in stacks)
