"""The story of a plan: check, publish, compare, propose change sets, wait for all of them, review, seal.

Whatever ends it early leaves no change set behind, nor a stack that only a change set announced. Names are on disk before the call
that uses them, so that the next run clears away what a killed one left.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from deploy import deployed as deployed_now
from deploy import leftovers, lock, needs, plan, preflight
from deploy.account import Account
from deploy.aws import changes
from deploy.aws.failures import AwsRefusal
from deploy.aws.stacks import Stacks
from deploy.background import Background
from deploy.changes import Review
from deploy.deployed import Deployed
from deploy.errors import Conflict, Invalid, Refused
from deploy.holding import is_over
from deploy.ledger import Ledger
from deploy.leftovers import PREFIX
from deploy.manifest import Stack
from deploy.model import ChangeSet
from deploy.parallel import each
from deploy.plan import Plan, Proposal
from deploy.wanted import Wanted, alarm_names, same_protection, same_resources, settings_of, wanted, watched

Say = Callable[[str], None]


def propose(
    account: Account,
    background: Background,
    pending: Path,
    say: Say,
    *,
    operation: str = "deploy",
    revert: bool = False,
    only: frozenset[str] = frozenset(),
) -> Plan:
    """``pending``: the folder for what must survive; ``operation``: what the ledger will call it; ``revert``: change sets also put back what
    was changed by hand; ``only``: these stacks, where the others are known to be as they should be.

    Raises:
        DeployError: as docs/operations.md lists them; nothing is left behind.
    """
    manifest = account.manifest
    preflight.check_bootstrap(account)
    made = datetime.now(UTC)
    number = f"{made:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    _check_lock(account)
    leftovers.clear(account, pending, say)
    proposals: list[Proposal] = []
    with _cleaning(account, proposals):
        for stack in manifest.stacks:
            if only and stack.name not in only:
                proposals.append(_left_alone(account, stack))
                continue
            # One after the other, so that whatever fails, those made so far are known and withdrawn.
            proposals.append(_one(account, stack, background, number, pending, say, revert=revert))
    return plan.seal(
        Plan(
            id=number,
            operation=operation,
            release=background.release,
            commit=background.commit,
            manifest=manifest,
            manifest_digest=account.digest,
            previous=(background.last.release, background.last.manifest) if background.last else ("", ""),
            by=account.caller.arn,
            created=made,
            expires=made + plan.LIFETIME,
            proposals=tuple(proposals),
            carries=needs.carries(account),
        )
    )


def discard(account: Account, proposals: tuple[Proposal, ...] | list[Proposal]) -> None:
    """Delete what a plan proposed."""
    for proposal in proposals:
        if "" in proposal.change_sets:
            _withdraw(account, proposal, proposal.change_sets[""])


@contextlib.contextmanager
def _cleaning(account: Account, proposals: list[Proposal]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        discard(account, proposals)
        raise


def _one(account: Account, stack: Stack, background: Background, number: str, pending: Path, say: Say, *, revert: bool) -> Proposal:
    stacks = account.stacks("plan", stack.region)
    current = stacks.find(stack.name)
    preflight.check_state(current, account.manifest.environment)
    gone = current is None or current.status.is_absent or current.status.is_leftover
    running = None if current is None or gone else deployed_now.read(stacks, current)
    fed = needs.fed(account, stack)
    goal = wanted(account, stack, (), fed.parameters)
    if fed.waits:
        return _waiting(goal, running, fed.waits, say)
    made = alarm_names(goal)
    goal = watched(goal, preflight.rollback_triggers(account, stack, exists=running is not None, made=made, say=say))
    if current and current.status.is_leftover:
        leftovers.remove(account, stack, say)
    base = _base(goal, running, revert=revert and running is not None)
    if running and not base.revert and same_resources(goal, running):
        return base if same_protection(goal, running) else _settings_only(base, goal, running, background, account)
    return _with_change_set(account, base, goal, running, background, number, pending, say)


def _left_alone(account: Account, stack: Stack) -> Proposal:
    stacks = account.stacks("plan", stack.region)
    current = stacks.find(stack.name)
    running = None if current is None or current.status.is_absent else deployed_now.read(stacks, current)
    return _base(wanted(account, stack, (), needs.fed(account, stack).parameters), running)


def _base(goal: Wanted, running: Deployed | None, *, revert: bool = False, waits: tuple[str, ...] = ()) -> Proposal:
    stack = goal.stack
    return Proposal(
        stack=stack.name,
        region=stack.region,
        kind="none",
        stack_id=running.stack.id if running else "",
        status=running.stack.status if running else None,
        updated=(running.stack.updated or running.stack.created) if running else None,
        settings=goal.settings,
        review=Review(stack=stack.name, region=stack.region, kind="none"),
        revert=revert,
        waits=waits,
    )


def _waiting(goal: Wanted, running: Deployed | None, waits: tuple[str, ...], say: Say) -> Proposal:
    """What it needs is not there, so that nothing can be asked of CloudFormation for it; whatever stands stays."""
    say(f"{goal.stack.name} waits: {'; '.join(waits)}")
    return _base(goal, running, waits=waits)


def _with_change_set(
    account: Account, base: Proposal, goal: Wanted, running: Deployed | None, background: Background, number: str, pending: Path, say: Say
) -> Proposal:
    stacks, name = account.stacks("plan", base.region), PREFIX + number
    leftovers.note(pending, number, account.manifest.environment, base.stack, base.region, name)
    say(f"change set for {base.stack}")
    change_set_id, stack_id = _create(account, stacks, base, name, exists=running is not None)
    try:
        # AWS does not say again what kind it was made as.
        change_set = msgspec.structs.replace(stacks.settle(change_set_id), kind="UPDATE" if running else "CREATE")
        if not change_set.empty:
            check_made(stacks, change_set)
            told = _reviewed(account, goal, running, background, change_set)
            preflight.check_triggers_stay(told, goal.settings.triggers)
            return msgspec.structs.replace(
                base,
                kind="update" if running else "create",
                stack_id=stack_id,
                change_sets={"/".join(path): one.id for path, one in every(change_set)},
                documents=_documents(stacks, change_set, goal),
                changes=plan.digest_of_content(change_set),
                token=f"{PREFIX}{number}",
                review=told,
            )
    except BaseException:
        _withdraw(account, base, change_set_id)
        raise
    _withdraw(account, base, change_set_id)
    if running and not same_protection(goal, running):
        return _settings_only(base, goal, running, background, account)
    return base


def _create(account: Account, stacks: Stacks, base: Proposal, name: str, *, exists: bool) -> tuple[str, str]:
    settings, manifest = base.settings, account.manifest
    root = next(stack.root for stack in manifest.stacks if stack.name == base.stack)
    try:
        return stacks.propose(
            base.stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if exists else "CREATE",
            ClientToken=name,
            Description=f"tapline plan by {account.caller.arn}, expires {datetime.now(UTC) + plan.LIFETIME:%Y-%m-%dT%H:%M:%SZ}",
            TemplateURL=account.template_url(base.region, settings.templates[root]),
            IncludeNestedStacks=True,
            Capabilities=list(settings.capabilities),
            RoleARN=settings.role,
            **({"DeploymentMode": "REVERT_DRIFT"} if base.revert else {}),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(settings.parameters.items())],
            Tags=[{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())],
            RollbackConfiguration={
                "RollbackTriggers": [{"Arn": trigger.arn, "Type": trigger.type} for trigger in settings.triggers],
                "MonitoringTimeInMinutes": settings.monitoring_minutes,
            },
        )
    except AwsRefusal as error:
        if error.reason == "LimitExceededException":
            raise Refused(
                f"stack {base.stack}", f"AWS takes no more change sets for it: {error.message}", "delete those that nobody needs"
            ) from error
        raise Invalid(f"change set for {base.stack}", f"AWS refuses it: {error.message}", "nothing was changed") from error


def _withdraw(account: Account, proposal: Proposal, change_set_id: str) -> None:
    region = proposal.region
    leftovers.withdraw(account.stacks("plan", region), lambda: account.stacks("deploy", region), proposal.stack, change_set_id)


def every(change_set: ChangeSet, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], ChangeSet]]:
    yield path, change_set
    for logical_id, child in change_set.children.items():
        yield from every(child, (*path, logical_id))


def _documents(stacks: Stacks, change_set: ChangeSet, goal: Wanted) -> dict[str, str]:
    """Digests of the templates that AWS will use, by path.

    Raises:
        Conflict: one is not the one that was built: the bucket holds something else under its digest.
    """
    documents = proposed(stacks, change_set)
    for path, document in documents.items():
        if document != goal.templates.get(path):
            raise Conflict(
                f"template of {path or 'the root'}",
                "what AWS read from the bucket is not what was built",
                "publish again; see who wrote to the bucket",
            )
    return {path: plan.digest_of_content(document) for path, document in documents.items()}


def proposed(stacks: Stacks, change_set: ChangeSet) -> dict[str, dict[str, Any]]:
    """The templates that AWS will use, by path."""
    made = list(every(change_set))
    found = each(lambda one: stacks.proposed_template(one[1].id), made)
    return dict(zip(["/".join(path) for path, _ in made], found, strict=True))


def check_made(stacks: Stacks, change_set: ChangeSet) -> None:
    """Raises:
    Invalid: it could not be made; every reason that AWS gives, the deepest first.
    """
    failed = list(changes.failures(change_set))
    if not failed and not change_set.failed:
        return
    reasons = [f"{'/'.join(path) or change_set.stack_name}: {one.reason}" for path, one in failed]
    reasons += [reason for _, one in failed for reason in stacks.reasons(one.id)]
    first = reasons[0] if reasons else change_set.reason
    raise Invalid(f"change set for {change_set.stack_name}", f"AWS could not make it: {first}", "nothing was changed", tuple(reasons[1:]))


def _settings_only(base: Proposal, goal: Wanted, running: Deployed, background: Background, account: Account) -> Proposal:
    stack = running.stack
    nothing = ChangeSet(id="", name="", stack_id=stack.id, stack_name=stack.name, status="CREATE_COMPLETE", execution_status="UNAVAILABLE")
    return msgspec.structs.replace(base, kind="settings", review=_reviewed(account, goal, running, background, nothing))


def _reviewed(account: Account, goal: Wanted, running: Deployed | None, background: Background, change_set: ChangeSet) -> Review:
    # Here, since most runs change nothing and need none of it.
    from deploy.review import Subject, review

    before = background.before
    digests = {template.service: template.sha256 for template in before.templates} if before else {}
    subject = Subject(
        stack=goal.stack,
        change_set=change_set,
        before=running.templates if running else {},
        after=goal.templates,
        services=goal.services,
        settings_before=settings_of(running, goal.services, digests) if running else None,
        settings_after=goal.settings,
        values_before=before.values if before else None,
        values_after=account.manifest.values,
        places=background.places,
        sources=background.sources,
        limits=account.manifest.limits,
    )
    return review(subject)


def _check_lock(account: Account) -> None:
    store = account.store("plan", account.manifest.region)
    held = lock.holder(store)
    if held and held.alive(lock.now()) and not is_over(held, Ledger(store=store)):
        raise Conflict(
            "lock", f"held for {held.words}", f"wait for it, or look at it: python -m deploy status {account.manifest.environment}"
        )
