"""The story of a set's plan: look, compare, choose a sample, preview it, review, seal."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from deploy import lock, plan
from deploy.background import Background
from deploy.changes import Finding
from deploy.errors import Conflict
from deploy.holding import is_over
from deploy.report.ink import plural
from deploy.stacksets import comparing, limits
from deploy.stacksets.home import Home
from deploy.stacksets.looking import Ground, look
from deploy.stacksets.model import Content, Row, SetPlan
from deploy.stacksets.previewing import Previews, findings
from deploy.stacksets.sampling import sample
from deploy.wanted import document

Say = Callable[[str], None]
OPERATION = "stackset apply"


def propose(
    home: Home,
    background: Background,
    say: Say,
    *,
    operation: str = OPERATION,
    every: bool = False,
    remove: bool = False,
    retain: bool = True,
) -> SetPlan:
    """``background``: of this release; ``every``: preview all instances that change; ``remove``: take out what is not declared any more, its stacks
    kept where ``retain``.

    Raises:
        DeployError: as docs/operations.md lists them; nothing is left behind.
    """
    check_lock(home)
    template = document(home.account, home.stack_set.template)
    found = look(home, template)
    if found.running:
        say(f"{found.running.words} is at work on it: apply will wait for its end, and refuse where it changed the set")
    after = comparing.wanted(home.stack_set, template, home.administration_role)
    before = comparing.content_of(found.state, after) if found.state else None
    rows = comparing.rows(home.stack_set, found.scope.targets, found.instances, found.own, before, after)
    chosen = sample(rows, every=every)
    if chosen:
        say(f"previewing {len(chosen)} of {sum(row.changes for row in rows)} instances that change")
    previews = Previews(home=home, document=template, background=background, instances=found.instances).open(chosen)
    seen = (*_losses(rows, remove=remove, retain=retain), *findings(previews))
    base = _base(home, background, operation, after)
    return plan.seal(
        msgspec.structs.replace(
            base,
            set_id=found.state.id if found.state else "",
            before=before,
            differences=tuple(comparing.differences(before, after)) if before else (),
            rows=rows,
            previews=previews,
            findings=seen,
            notes=_notes(found, rows, remove=remove),
            incomplete=found.scope.incomplete,
            remove=remove,
            retain=retain,
        )
    )


def _base(home: Home, background: Background, operation: str, after: Content) -> SetPlan:
    """Of which release, by whom, for how long."""
    made = datetime.now(UTC)
    return SetPlan(
        id=f"{made:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        operation=operation,
        release=home.account.digest,
        commit=background.commit,
        manifest=home.account.manifest,
        manifest_digest=home.account.digest,
        previous=_previous(home),
        by=home.account.caller.arn,
        created=made,
        expires=made + plan.LIFETIME,
        stack_set=home.stack_set,
        after=after,
    )


def _previous(home: Home) -> tuple[str, str]:
    last = home.ledger("plan").standing()
    return (last.release, last.manifest) if last else ("", "")


def _losses(rows: tuple[Row, ...], *, remove: bool, retain: bool) -> tuple[Finding, ...]:
    if not remove or retain:
        return ()
    return tuple(
        Finding(
            kind="data loss",
            path=f"{row.account}/{row.region}",
            title="the instance is taken out of the set, and its stack is deleted with what it holds",
            remedy="leave out --delete-stacks, and the stack stays as it is",
            waiver="--allow-loss",
        )
        for row in rows
        if row.action == "remove"
    )


def _notes(found: Ground, rows: tuple[Row, ...], *, remove: bool) -> tuple[str, ...]:
    left = [row for row in rows if row.action == "remove"]
    drifted = [f"{row.account}/{row.region}" for row in rows if row.drift == "DRIFTED"]
    stuck = [f"{row.account}/{row.region}" for row in rows if row.action == "inoperable"]
    told = [*found.scope.notes, *limits.unseen(found.looked)]
    if left and not remove:
        told.append(f"{plural(len(left), 'instance')} declared no more, left as they are; --remove takes them out of the set")
    if drifted:
        told.append(f"{plural(len(drifted), 'instance')} drifted, as far as it is known: {limits.listed(drifted)}")
    if stuck:
        told.append(f"{plural(len(stuck), 'instance')} INOPERABLE, which CloudFormation leaves out: {limits.listed(stuck)}")
    return tuple(told)


def check_lock(home: Home) -> None:
    """Raises:
    Conflict: somebody rolls this set out.
    """
    shelf = home.shelf("plan")
    held = lock.holder(shelf)
    if held and held.alive(lock.now()) and not is_over(held, home.ledger("plan")):
        raise Conflict("lock", f"held for {held.words}", f"wait for it, or look at it: python -m deploy stackset status {home.name}")
