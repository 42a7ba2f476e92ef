"""The story of a bootstrap: the stack that an administrator makes in an account and region before anything is deployed there.

It makes the roles, the bucket and the gate that every other verb needs, so it uses the caller's own credentials, and its template goes with
the request. Otherwise it is reviewed and followed as every other change is.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from deploy import leftovers, plan, preflight, protection, review
from deploy.account import Account
from deploy.aws.failures import AwsRefusal
from deploy.aws.stacks import Stacks
from deploy.changes import Review
from deploy.ending import outcome_of
from deploy.errors import Denied, Invalid
from deploy.leftovers import PREFIX
from deploy.manifest import Bootstrap, Guard
from deploy.manifest import Stack as Wanted
from deploy.model import ChangeSet, Stack
from deploy.pieces import built
from deploy.plan import Plan, Proposal, Settings
from deploy.progress import begin
from deploy.propose import check_made
from deploy.record import Moved, Outcome
from deploy.review.subject import Subject
from deploy.show import Show
from deploy.status import Status
from deploy.watch import Feed, follow

Document = dict[str, Any]
MOST_BYTES = 51_200
"""Of a template that goes with the request."""


def template(account: Account, bootstrap: Bootstrap) -> Document:
    """Raises:
    Invalid: it is not in the build folder, or not what the manifest says.
    """
    document: Document = json.loads(built(account.folder / bootstrap.path, bootstrap.sha256))
    return document


def check_caller(account: Account) -> None:
    """Raises:
    Denied: the credentials are those of another account.
    """
    if account.caller.account != account.manifest.account:
        raise Denied(
            f"caller {account.caller.arn}",
            f"it is of account {account.caller.account}, and {account.manifest.environment} is account {account.manifest.account}",
            "bootstrap with an administrator's credentials of that account: --profile NAME",
        )


def propose(account: Account, say: Callable[[str], None]) -> Plan:
    """One proposal a region. Nothing is left behind where it fails.

    Raises:
        Denied: the caller is of another account.
        Invalid: AWS refuses the template.
    """
    check_caller(account)
    made: list[Proposal] = []
    try:
        for bootstrap in account.manifest.bootstraps:
            made.append(_one(account, bootstrap, say))  # noqa: PERF401 - what was made is withdrawn where the next one fails
    except BaseException:
        discard(account, tuple(made))
        raise
    now = datetime.now(UTC)
    return plan.seal(
        Plan(
            id=f"bootstrap-{now:%Y%m%d-%H%M%S}",
            release="",
            commit=None,
            manifest=account.manifest,
            manifest_digest=account.digest,
            by=account.caller.arn,
            created=now,
            expires=now + plan.LIFETIME,
            proposals=tuple(made),
        )
    )


def discard(account: Account, proposals: tuple[Proposal, ...]) -> None:
    for proposal in proposals:
        if "" in proposal.change_sets:
            _withdraw(_stacks(account, proposal.region), proposal.stack, proposal.change_sets[""])


def carry_out(account: Account, made: Plan, show: Show) -> tuple[Moved, ...]:
    """Execute every proposal; stops at the first that fails. The caller says how that ends."""
    moved = []
    for proposal in made.proposals:
        if proposal.kind == "none":
            continue
        moved.append(_execute(account, proposal, show))
        if outcome(moved) != "succeeded":
            break
    if outcome(moved) in ("succeeded", "nothing to do"):
        _protect(account, show)
    return tuple(moved)


def _protect(account: Account, show: Show) -> None:
    """The termination protection of the environment's stacks, which who deploys may not touch in prod."""
    for wanted in account.manifest.stacks:
        stacks = _stacks(account, wanted.region)
        found = stacks.find(wanted.name)
        if found and not found.status.is_absent and found.termination_protection != wanted.termination_protection:
            stacks.protect(found.id, on=wanted.termination_protection)
            show.done(f"termination protection of {wanted.name} turned {'on' if wanted.termination_protection else 'off'}")


def outcome(moved: list[Moved] | tuple[Moved, ...]) -> Outcome:
    return outcome_of(Status(moved[-1].after)) if moved else "nothing to do"


def _execute(account: Account, proposal: Proposal, show: Show) -> Moved:
    stacks = _stacks(account, proposal.region)
    after = str(proposal.status)
    if proposal.change_sets:
        stacks.execute(proposal.change_sets[""], proposal.token, retain_except_on_create=True)
        feed = Feed(reads=stacks, stack_id=proposal.stack_id, token=proposal.token)
        progress = begin(proposal.stack, proposal.expected, token=proposal.token)
        with show.follow(progress) as shown:
            after = follow(feed, progress, shown).status
    if Status(after).is_success:
        now = stacks.find(proposal.stack_id)
        protection.reconcile(stacks, proposal, protected_now=bool(now and now.termination_protection))
    return Moved(stack=proposal.stack, before=proposal.status or "", after=after)


def _one(account: Account, bootstrap: Bootstrap, say: Callable[[str], None]) -> Proposal:
    stacks, document = _stacks(account, bootstrap.region), template(account, bootstrap)
    current = stacks.find(bootstrap.name)
    preflight.check_state(current, account.manifest.environment)
    running = current if current and not current.status.is_absent else None
    settings = _settings(account, bootstrap)
    base = Proposal(
        stack=bootstrap.name,
        region=bootstrap.region,
        kind="none",
        stack_id=running.id if running else "",
        status=running.status if running else None,
        updated=(running.updated or running.created) if running else None,
        settings=settings,
        review=Review(stack=bootstrap.name, region=bootstrap.region, kind="none"),
    )
    before = stacks.template(running.id) if running else {}
    if running and before == document and running.tags == settings.tags and running.status.is_success:
        same = running.termination_protection and stacks.policy(running.id) == settings.policy
        return base if same else msgspec.structs.replace(base, kind="settings")
    say(f"change set for {bootstrap.name} in {bootstrap.region}")
    return _with_change_set(account, stacks, base, document, before, running)


def _with_change_set(
    account: Account, stacks: Stacks, base: Proposal, document: Document, before: Document, running: Stack | None
) -> Proposal:
    change_set_id, stack_id = _create(stacks, base, document)
    try:
        change_set = msgspec.structs.replace(stacks.settle(change_set_id), kind="UPDATE" if running else "CREATE")
        if not change_set.empty:
            check_made(stacks, change_set)
            return msgspec.structs.replace(
                base,
                kind="update" if running else "create",
                stack_id=stack_id,
                change_sets={"": change_set.id},
                changes=plan.digest_of_content(change_set),
                token=change_set.name,
                review=review.review(_subject(account, base, change_set, document, before, running)),
            )
    except BaseException:
        _withdraw(stacks, base.stack, change_set_id)
        raise
    _withdraw(stacks, base.stack, change_set_id)
    return base


def _withdraw(stacks: Stacks, stack: str, change_set_id: str) -> None:
    leftovers.withdraw(stacks, lambda: stacks, stack, change_set_id)


def _create(stacks: Stacks, base: Proposal, document: Document) -> tuple[str, str]:
    body = json.dumps(document, separators=(",", ":"), sort_keys=True)
    if len(body.encode()) > MOST_BYTES:
        raise Invalid(
            f"template of {base.stack}",
            f"it has {len(body.encode())} bytes, and a request takes {MOST_BYTES}",
            "fewer resource types, or a shorter policy",
        )
    name = f"{PREFIX}bootstrap-{secrets.token_hex(6)}"
    try:
        return stacks.propose(
            base.stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if base.status else "CREATE",
            ClientToken=name,
            TemplateBody=body,
            Capabilities=list(base.settings.capabilities),
            Tags=[{"Key": key, "Value": value} for key, value in sorted(base.settings.tags.items())],
        )
    except AwsRefusal as error:
        raise Invalid(f"change set for {base.stack}", f"AWS refuses it: {error.message}", "nothing was changed") from error


def _subject(
    account: Account, base: Proposal, change_set: ChangeSet, document: Document, before: Document, running: Stack | None
) -> Subject:
    wanted = Wanted(
        name=base.stack,
        region=base.region,
        root="bootstrap",
        services=(),
        capabilities=base.settings.capabilities,
        termination_protection=True,
        policy=base.settings.policy,
        guard=Guard(triggers=(), monitoring_minutes=0),
    )
    return Subject(
        stack=wanted,
        change_set=change_set,
        before={"": before} if running else {},
        after={"": document},
        services={"": "bootstrap"},
        settings_before=msgspec.structs.replace(base.settings, tags=running.tags, termination_protection=running.termination_protection)
        if running
        else None,
        settings_after=base.settings,
    )


def _settings(account: Account, bootstrap: Bootstrap) -> Settings:
    """Protected everywhere: without it nothing can be deployed, nor undone."""
    return Settings(
        templates={"bootstrap": bootstrap.sha256},
        parameters={},
        tags=account.manifest.tags,
        role="",
        capabilities=("CAPABILITY_NAMED_IAM",),
        triggers=(),
        monitoring_minutes=0,
        policy={"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]},
        termination_protection=True,
    )


def _stacks(account: Account, region: str) -> Stacks:
    return Stacks(api=account.sessions.own("cloudformation", region))
