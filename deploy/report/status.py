"""An environment now, on one screen: what stands, who is at work, what guards it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from deploy.record import StackState, StatusReport, TriggerState
from deploy.report import values
from deploy.report.ink import PLAIN, Ink, one_line, seconds

_ALARMS = {"OK": "green", "ALARM": "bold red", "INSUFFICIENT_DATA": "yellow", "MISSING": "bold red"}
_DRIFT = {"IN_SYNC": "green", "DRIFTED": "bold red"}


def text(report: StatusReport, ink: Ink = PLAIN) -> str:
    lines = [*_heading(report, ink), *_running(report, ink), *_last(report, ink)]
    several = len(report.stacks) > 1 and all(stack.gate for stack in report.stacks)
    if report.gate and not several:
        lines.append(_fact("gate", _alarm(report.gate, report.at, ink), ink))
    for stack in report.stacks:
        lines += ["", *_stack(stack, report.at, ink, several=several)]
    return "\n".join(lines) + "\n"


def _heading(report: StatusReport, ink: Ink) -> Iterator[str]:
    yield f"{ink('bold', one_line(report.environment))}  account {one_line(report.account)}  {one_line(report.region)}"
    if report.silent:
        yield _fact("", ink("bold red", one_line(report.silent)), ink)
        yield _fact("", "what follows is the second region's own", ink)
    if report.traffic:
        yield _fact("traffic", f"goes to {one_line(report.traffic)}", ink)
    if not report.since:
        yield _fact("release", "nothing is deployed" if not report.silent else "its ledger does not answer", ink)
        return
    commit = f"  commit {one_line(report.commit[:12])}" if report.commit else ""
    moved = [stack for stack in report.stacks if stack.moved]
    yield _fact("release", f"{values.release(report.release)}{commit}", ink)
    for stack in moved:
        yield _fact("", ink("yellow", f"{one_line(stack.name)} was changed since by something else: it is not that release any more"), ink)
    if report.since:
        by = f" by {values.person(report.by)}" if report.by else ""
        yield _fact("since", f"{values.moment(report.since)}, {values.age(report.since, report.at)}{by}", ink)


def _running(report: StatusReport, ink: Ink) -> Iterator[str]:
    if run := report.running:
        plan = f" of plan {run.plan[:12]}" if run.plan else ""
        yield _fact(
            "at work",
            ink(
                "bold yellow",
                f"{one_line(run.operation)}{plan} by {values.person(run.by)} on {one_line(run.host)}, since {values.moment(run.since)}",
            ),
            ink,
        )
        if run.ended:
            yield _fact("", "its process has ended: the same command again goes on with it", ink)


def _last(report: StatusReport, ink: Ink) -> Iterator[str]:
    if last := report.last:
        took = f", took {seconds(last.seconds)}" if last.seconds is not None else ""
        by = f" by {values.person(last.by)}"
        yield _fact("last", f"#{last.number} {one_line(last.operation)} {last.outcome} {values.age(last.began, report.at)}{took}{by}", ink)


def _stack(stack: StackState, now: datetime, ink: Ink, *, several: bool) -> Iterator[str]:
    yield f"{ink('bold', one_line(stack.name))}  {_status(stack, ink)}  {one_line(stack.region)}"
    if several and stack.gate:
        yield _fact("gate", _alarm(stack.gate, now, ink), ink)
    if not stack.status:
        return
    if stack.ahead:
        yield _fact("release", ink("yellow", f"{values.release(stack.ahead)}: an operation that failed later left it there"), ink)
    if stack.reason:
        yield from ink.wrap(one_line(stack.reason), "    ")
    if stack.since:
        yield _fact("since", f"{values.moment(stack.since)}, {values.age(stack.since, now)}", ink)
    checked = f", checked {values.age(stack.drift_checked, now)}" if stack.drift_checked else ""
    yield _fact("drift", f"{ink(_DRIFT.get(stack.drift, 'yellow'), one_line(stack.drift))}{checked}", ink)
    yield _fact("protection", f"deletion {_on(stack.termination_protection, ink)}, stack policy {_on(stack.policy, ink)}", ink)
    if stack.triggers:
        yield _fact("triggers", f"watched for {stack.monitoring_minutes} min after the last change", ink)
        yield from (f"      {_alarm(trigger, now, ink)}" for trigger in stack.triggers)
    if stack.outputs:
        widest = min(max(len(name) for name in stack.outputs), 40)
        yield _fact("outputs", "", ink).rstrip()
        for name, value in sorted(stack.outputs.items()):
            yield f"      {one_line(name):<{widest}}  {ink.cut(one_line(value), max(ink.width - widest - 8, 20))}"


def _status(stack: StackState, ink: Ink) -> str:
    if not stack.status:
        return ink("dim", "does not exist")
    bad, busy = stack.status.endswith("_FAILED"), stack.status.endswith("_IN_PROGRESS")
    style = "bold red" if bad else "cyan" if busy else "yellow" if "ROLLBACK" in stack.status else "green"
    return ink(style, one_line(stack.status))


def _alarm(trigger: TriggerState, now: datetime, ink: Ink) -> str:
    since = f" since {values.moment(trigger.since)}, {values.age(trigger.since, now)}" if trigger.since else ""
    return f"{one_line(trigger.name)}  {ink(_ALARMS[trigger.state], trigger.state)}{since}"


def _on(value: bool, ink: Ink) -> str:
    return ink("green", "on") if value else ink("yellow", "off")


def _fact(name: str, value: str, ink: Ink) -> str:
    return f"  {ink('dim', f'{name:<11}')} {value}"
