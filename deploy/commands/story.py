"""What `plan`, `apply` and `up` share: the account, the plan on disk, the yes, the rollout, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from deploy import approval, index, needs, plan, propose, publish
from deploy.account import Account
from deploy.approval import Approval
from deploy.background import background
from deploy.commands.options import Common
from deploy.ending import error_of
from deploy.errors import DeployError
from deploy.ledger import Ledger
from deploy.leftovers import settled
from deploy.plan import Plan
from deploy.record import Record
from deploy.rollout import Rollout

if TYPE_CHECKING:
    from deploy.console import Console
    from deploy.drifting import DriftReport


def make_plan(common: Common, environment: str, out: Path | None, *, revert: bool = False) -> tuple[Account, Plan, Path | None]:
    """Check, publish, propose, and write it down; the path is None where nothing changes and no path was asked for.

    ``revert``: put back what was changed by hand as well, and say what stays as it is.
    """
    account, console = common.account(environment), common.console
    _ = account.caller  # before anything else: who asks, and whether AWS and this clock agree
    publish_all(account, console)
    keep_release(common, account)
    drifted = _drifted(account) if revert else ()
    made = propose.propose(account, background(account, common.build), pending(common), console.note, revert=revert)
    _say_what_stays(console, drifted, made)
    return account, made, keep_plan(common, account, made, out)


def _drifted(account: Account) -> tuple[DriftReport, ...]:
    from deploy.drift import look

    return look(account)


def _say_what_stays(console: Console, drifted: tuple[DriftReport, ...], made: Plan) -> None:
    if drifted:
        from deploy.reverting import left

        for line in left(drifted, made):
            console.warn(line)


def keep_plan(common: Common, account: Account, made: Plan, out: Path | None) -> Path | None:
    """Write it down, where there is something to do or a path was asked for; what it proposed is withdrawn where it cannot be written."""
    if made.does_nothing and out is None:
        settled(pending(common), made.id)
        return None
    path = out or common.build / "plans" / f"{made.environment}-{made.short}.json"
    try:
        plan.save(made, path)
    except DeployError:
        propose.discard(account, made.proposals)
        raise
    finally:
        settled(pending(common), made.id)
    return path


def publish_all(account: Account, console: Console, *, every: bool = False) -> tuple[publish.Published, ...]:
    began = time.monotonic()
    done = publish.publish(account, every=every, progress=console.upload)
    for one in done:
        if one.uploaded:
            console.done(f"{one.uploaded} of {one.objects} objects published to {one.bucket}", time.monotonic() - began)
    return done


def keep_release(common: Common, account: Account) -> None:
    """In the tools account, whole, so that it can be promoted without a build; where that cannot be, the deployment goes on."""
    from deploy.promotion.kept import Kept

    if account.manifest.tools is None or not (common.build / "release.json").exists():
        return
    try:
        if size := Kept(account=account).keep(common.build):
            common.console.done(f"release kept in the tools account: {size:,} bytes")
    except DeployError as error:
        common.console.note(f"the release is not kept for a promotion: {error.subject}: {error.fact}")


def show_plan(common: Common, made: Plan, path: Path | None, *, hint: bool = True) -> None:
    console = common.console
    if common.format == "markdown":
        from deploy.report.markdown import plan as words

        console.result(words(made))
    else:
        console.result(made)
    if path:
        command = f"python -m deploy apply {path}{' --local' if common.local else ''}"
        console.note(
            f"apply it until {made.expires:%Y-%m-%d %H:%M} UTC: {command}" if hint else f"where this run is cut off, go on with: {command}"
        )


def carry_out(
    common: Common,
    account: Account,
    made: Plan,
    given: Approval,
    on_no: Callable[[], None] = lambda: None,
    *,
    traffic: float = 0.0,
    approvable: bool = False,
) -> int:
    """Ask, apply, and say how it ended. ``on_no`` is called where nothing was begun; ``traffic``: requests a second while it is watched;
    ``approvable``: the verb takes a digest.
    """
    console = common.console
    rollout = Rollout(account=account, plan=made, approval=given, show=console, traffic=traffic)
    try:
        under_way = made.changes and approvable and rollout.is_under_way()
        if made.changes and not under_way:
            approval.check_waivers(made, given)
        if made.changes and (given.digest or not under_way):
            approval.confirm(
                made, given, lambda question, expected, digest: console.ask(question, expected, digest=digest if approvable else "")
            )
        record = rollout.run()
    except BaseException:
        if not rollout.begun:
            on_no()
        raise
    console.result(record)
    index.note(account, record, console)
    if error := error_of(record, made):
        if record.outcome == "rolled back" and record.ahead:
            error.details = (*error.details, *bring_back(common, account, record))
        raise error
    return record.code


def bring_back(common: Common, account: Account, record: Record) -> tuple[str, ...]:
    """Bring the stacks that a failed operation had moved already to the release that stands, so that the environment is one again; in words,
    how that went. By a plan as every other, and by itself where nothing in it has to be accepted: that release was there before.
    """
    from deploy import earlier

    environment, names, console = record.environment, " and ".join(record.ahead), common.console
    stands = Ledger(store=account.store("plan", account.manifest.region)).standing()
    if stands is None:
        return (f"{names} stands at release {record.release[:12]}, and nothing stood here before: mend the cause, then plan again",)
    by_hand = (
        f"{names} stands at release {record.release[:12]}; bring it back: python -m deploy rollback {environment} --to {stands.number}"
    )
    console.note(f"{names} goes back to deployment {stands.number}: release {stands.release[:12] or 'unknown'}")
    try:
        there = earlier.account_of(account, stands)
        made = propose.propose(
            there, earlier.background(there, stands), pending(common), console.note, operation="rollback", only=frozenset(record.ahead)
        )
        path = keep_plan(common, there, made, None)
        show_plan(common, made, path, hint=False)
        if accept := [finding.path for finding in approval.findings(made)]:
            withdraw(there, made, path)
            return (by_hand, f"it was not done by itself, since something in it has to be accepted: {', '.join(accept)}")
        back = Rollout(account=there, plan=made, approval=Approval(yes=True), show=console).run()
    except DeployError as error:
        return (by_hand, f"it could not be done by itself: {error.subject}: {error.fact}")
    console.result(back)
    index.note(there, back, console)
    if back.code:
        return (by_hand, f"operation {back.number} was to do it, and ended as {back.outcome}")
    return (f"{names} was brought back by operation {back.number}: the environment is at release {stands.release[:12] or 'unknown'}",)


def say_what_waits(common: Common, account: Account, made: Plan) -> bool:
    """After it was applied: what could not be deployed yet, and what is given otherwise than it was planned with. True where another plan
    would do something about it.
    """
    moved, stuck = [], []
    for proposal in made.proposals:
        stack = next(one for one in account.manifest.stacks if one.name == proposal.stack)
        now = needs.fed(account, stack)
        if now.waits:
            stuck.append(f"{stack.name} still waits: {'; '.join(now.waits)}")
        elif proposal.waits or now.parameters != proposal.settings.parameters:
            moved.append(f"{stack.name} {'can be deployed now' if proposal.waits else 'is given other values now'}")
    for words in (*moved, *stuck):
        common.console.warn(words)
    return bool(moved)


def withdraw(account: Account, made: Plan, path: Path | None) -> None:
    """Leave nothing behind of a plan that is not wanted."""
    propose.discard(account, made.proposals)
    if path:
        path.unlink(missing_ok=True)


def pending(common: Common) -> Path:
    return common.build / "plans" / ".pending"
