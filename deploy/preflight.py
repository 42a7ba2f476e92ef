"""What must hold before anything is asked of CloudFormation: bootstrap, rollback triggers, the stack's own state."""

from __future__ import annotations

from collections.abc import Callable

from deploy.account import Account
from deploy.changes import Review
from deploy.errors import Conflict, Refused, Stuck
from deploy.manifest import Bootstrap
from deploy.manifest import Stack as Wanted
from deploy.model import Alarm, Stack, Trigger

Say = Callable[[str], None]


def check_bootstrap(account: Account) -> None:
    """Raises:
    Refused: an account and region lacks what this release needs from it.
    """
    for bootstrap in account.manifest.bootstraps:
        lacking = _lacking(account, bootstrap)
        if lacking:
            raise Refused(
                f"bootstrap of {account.manifest.environment} in {bootstrap.region}",
                f"it lacks what this release needs: {'; '.join(lacking)}",
                f"an administrator of account {account.manifest.account} runs: python -m deploy bootstrap {account.manifest.environment}",
            )


def _lacking(account: Account, bootstrap: Bootstrap) -> list[str]:
    stacks = account.stacks("plan", bootstrap.region)
    stack = stacks.find(bootstrap.name)
    if stack is None or not stack.status.is_good:
        return [f"stack {bootstrap.name} is {stack.status if stack else 'not there'}"]
    outputs = [f"output {name}" for name in bootstrap.outputs if name not in stack.outputs]
    known = stacks.template(stack.id).get("Metadata", {}).get("tapline", {}).get("types", ())
    # Older bootstraps say them whole.
    types = sorted(set(bootstrap.types) - {"AWS::" + kind.removeprefix("AWS::") for kind in known})
    return outputs + ([f"permission to make {', '.join(types)}"] if types else [])


def check_state(stack: Stack | None, environment: str) -> None:
    """Raises:
    Conflict: something runs on it.
    Stuck: it waits for a person's decision.
    Refused: its first create failed, and its empty remains are in the way.
    """
    if stack is None or stack.status.is_absent:
        return
    subject = f"stack {stack.name}"
    if stack.status.is_busy:
        raise Conflict(subject, f"it is {stack.status}", f"wait for it, or look at it: python -m deploy status {environment}")
    if stack.status.is_stuck:
        raise Stuck(
            subject,
            f"it is {stack.status}: {stack.reason or 'AWS gives no reason'}",
            f"see the ways out: python -m deploy recover {environment}",
        )
    if stack.parent:
        raise Refused(subject, f"it is nested in {stack.root or stack.parent}", "only a root can be deployed: deploy that one")


def rollback_triggers(account: Account, stack: Wanted, *, exists: bool, made: frozenset[str], say: Say) -> tuple[Trigger, ...]:
    """The alarms that will watch this operation, as they stand in this account and region.

    ``made``: names of the alarms that the stack's templates make. One that does not exist yet and is made by this very change can watch from
    the next one on.

    Raises:
        Refused: one is missing, is something else, or is in ALARM already, which would roll back at once.
    """
    named = [trigger for trigger in stack.guard.triggers if trigger.since == "create" or exists]
    found = _alarms(account, stack.region, [trigger.alarm for trigger in named])
    later = [trigger for trigger in named if trigger.alarm not in found and trigger.alarm in made and trigger.since == "update"]
    for trigger in later:
        say(f"alarm {trigger.alarm} is made by this change, and watches from the next one on")
    watching = [trigger for trigger in named if trigger not in later]
    _refuse(stack.name, [_problem(found.get(trigger.alarm), trigger.alarm, trigger.type) for trigger in watching])
    for alarm in found.values():
        if alarm.state == "INSUFFICIENT_DATA":
            say(f"alarm {alarm.name} has no data yet (INSUFFICIENT_DATA): it watches, and fires once there is some")
    return tuple(Trigger(arn=found[trigger.alarm].arn, type=trigger.type) for trigger in watching)


def check_watching(account: Account, stack: str, region: str, triggers: tuple[Trigger, ...]) -> None:
    """Raises:
    Refused: a trigger that a plan was sealed with cannot watch any more.
    """
    names = {trigger.arn.rpartition(":alarm:")[2]: trigger for trigger in triggers}
    found = _alarms(account, region, list(names))
    _refuse(stack, [_problem(found.get(name), name, trigger.type) for name, trigger in names.items()])


def check_triggers_stay(review: Review, triggers: tuple[Trigger, ...]) -> None:
    """Raises:
    Refused: the change itself takes a trigger away or replaces it, so that it would be missing while it is to watch.
    """
    names = {trigger.arn.rpartition(":alarm:")[2] for trigger in triggers}
    going = [item for item in review.items if item.verdict in ("remove", "replace", "may replace") and item.physical_id in names]
    if going:
        problems = tuple(f"{item.path}: alarm {item.physical_id} would be {_GOES[item.verdict]}" for item in going)
        remedy = "change the alarm under another name, and take the old one away in the deployment after that"
        raise Refused(f"rollback triggers of {review.stack}", "this very change takes away what is to watch it", remedy, problems)


_GOES = {"remove": "removed", "replace": "replaced", "may replace": "perhaps replaced"}


def _alarms(account: Account, region: str, names: list[str]) -> dict[str, Alarm]:
    return {alarm.name: alarm for alarm in account.alarms("plan", region).named(names)} if names else {}


def _refuse(stack: str, problems: list[str]) -> None:
    told = tuple(problem for problem in problems if problem)
    if told:
        remedy = "CloudFormation would fail or undo everything: mend the alarm first; nothing was started"
        raise Refused(f"rollback triggers of {stack}", "they cannot watch this deployment", remedy, told)


def _problem(alarm: Alarm | None, name: str, kind: str) -> str:
    if alarm is None:
        return f"{name}: there is no such alarm in this account and region"
    if alarm.type != kind:
        return f"{name}: it is {alarm.type}, and {kind} is wanted"
    if alarm.state == "ALARM":
        return f"{name}: it is in ALARM{f' since {alarm.since:%Y-%m-%d %H:%M} UTC' if alarm.since else ''}: {alarm.reason}"
    return ""
