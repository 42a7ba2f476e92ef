"""What the verbs of `stackset` share: the set, its plan on disk, the yes, the rollout, and how it ends."""

from __future__ import annotations

from pathlib import Path

from deploy import approval, earlier, plan
from deploy.account import Account
from deploy.approval import Approval
from deploy.background import Background, background
from deploy.commands.options import Common
from deploy.commands.story import publish_all
from deploy.manifest import TOOLS
from deploy.noun import Noun
from deploy.report import render
from deploy.stacksets.home import Home, declared
from deploy.stacksets.model import SetPlan
from deploy.stacksets.planning import propose
from deploy.stacksets.rolling import Rolling, error_of

HOW = "python -m deploy stackset plan NAME --out FILE"


def home(common: Common, name: str) -> Home:
    """
    Raises:
        Invalid: nothing is built for the tools account, or no set has this name.
    """
    account = common.account(TOOLS, mend=False)
    return Home(account=account, stack_set=declared(account.manifest, name))


def make_plan(common: Common, name: str, out: Path | None, *, every: bool, remove: bool, retain: bool) -> tuple[SetPlan, Path | None]:
    """The path is None where nothing changes and no path was asked for."""
    found = home(common, name)
    _ = found.account.caller  # before anything else: who asks, and whether AWS and this clock agree
    publish_all(found.account, common.console)
    made = propose(found, background(found.account, common.build), common.console.note, every=every, remove=remove, retain=retain)
    return made, keep(common, made, out)


def make_rollback(common: Common, name: str, to: str, out: Path | None, *, every: bool) -> tuple[SetPlan, Path | None]:
    """
    Raises:
        Refused: there is nothing to go back to, or that release did not have this set.
    """
    now = home(common, name)
    _ = now.account.caller
    records = now.ledger("plan").newest(earlier.MOST)
    record = earlier.named(records, to, name, "stackset status") if to else earlier.before(records, name, earlier.SETS, "stackset plan")
    account = earlier.account_of(now.account, record, f"stackset plan {name}")
    commit = f", commit {record.commit[:12]}" if record.commit else ""
    common.console.note(f"back to rollout {record.number} of {name}: release {record.release[:12]}{commit}")
    then = Home(account=account, stack_set=declared(account.manifest, name))
    made = propose(
        then, Background(release=record.release, commit=record.commit), common.console.note, operation="stackset rollback", every=every
    )
    return made, keep(common, made, out)


def keep(common: Common, made: SetPlan, out: Path | None) -> Path | None:
    if not made.changes and out is None:
        return None
    path = out or common.build / "plans" / f"{made.subject}-{made.short}.json"
    plan.save(made, path)
    return path


def load(path: Path) -> SetPlan:
    return plan.read(path, SetPlan, HOW)


def show(common: Common, value: Noun) -> None:
    common.console.result(render.render(value, "markdown") if common.format == "markdown" else value)


def show_plan(common: Common, made: SetPlan, path: Path | None) -> None:
    show(common, made)
    if path:
        command = f"python -m deploy stackset apply {path}{' --local' if common.local else ''}"
        common.console.note(f"apply it until {made.expires:%Y-%m-%d %H:%M} UTC: {command}")


def carry_out(common: Common, made: SetPlan, given: Approval, *, approvable: bool = False) -> int:
    """Ask, roll out, and say how it ended. ``approvable``: the verb takes a digest."""
    console = common.console
    account = _account(common, made)
    rolling = Rolling(home=Home(account=account, stack_set=made.stack_set), plan=made, show=console)
    if not made.changes:
        console.note("nothing to do")
        return 0
    if not rolling.is_under_way():
        approval.check_waivers(made, given)
        approval.confirm(
            made, given, lambda question, expected, digest: console.ask(question, expected, digest=digest if approvable else "")
        )
    record = rolling.run()
    console.result(record)
    if error := error_of(record):
        raise error
    return record.code


def _account(common: Common, made: SetPlan) -> Account:
    from deploy.manifest import encode

    folder = common.build / made.environment
    return Account(manifest=made.manifest, data=encode(made.manifest), folder=folder, sessions=common.sessions(made.manifest))
