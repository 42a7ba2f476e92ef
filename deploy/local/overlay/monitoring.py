"""Rollback triggers: alarms that CloudFormation watches while it works and for a while after, and that roll the whole back.

Models the API reference's RollbackConfiguration and RollbackTrigger and the user guide's "Roll back your stack on alarm
breach": at most five triggers; omitted they stay, given they replace, given empty they clear; a trigger that does not exist
fails the operation; a monitoring time of 0 still watches while resources are worked on; a time without triggers still waits;
INSUFFICIENT_DATA does not roll back; nothing is watched on the way back. CloudFormation finds alarms of its own account
and region only (not in the documents: docs/not-verified-on-aws.md).
"""

from __future__ import annotations

import asyncio
from typing import Any

from .attempts import Attempt, Stop
from .emulator import Answer, Parameters, Stack, account, cloudwatch, region
from .settings import MINUTE_SECONDS, POLL_SECONDS
from .wire import refusal, structures, text

_MOST_TRIGGERS = 5
_MOST_MINUTES = 180
_KINDS = {"AWS::CloudWatch::Alarm": "_alarms", "AWS::CloudWatch::CompositeAlarm": "_composite_alarms"}


def configuration(params: Parameters) -> dict[str, Any] | None:
    """The RollbackConfiguration that a request carries, None where it carries none."""
    if not any(name.startswith("RollbackConfiguration") for name in params):
        return None
    minutes = text(params, "RollbackConfiguration.MonitoringTimeInMinutes")
    triggers = list(structures(params, "RollbackConfiguration.RollbackTriggers", ("Arn", "Type")))
    return {"RollbackTriggers": triggers, **({"MonitoringTimeInMinutes": int(minutes)} if minutes else {})}


def problem(given: dict[str, Any] | None) -> Answer | None:
    """The refusal of a configuration that the API would not take."""
    if given is None:
        return None
    if len(given["RollbackTriggers"]) > _MOST_TRIGGERS:
        return refusal("ValidationError", f"RollbackTriggers: at most {_MOST_TRIGGERS} rollback triggers can be specified")
    if not 0 <= given.get("MonitoringTimeInMinutes", 0) <= _MOST_MINUTES:
        return refusal("ValidationError", f"MonitoringTimeInMinutes must be between 0 and {_MOST_MINUTES}")
    for trigger in given["RollbackTriggers"]:
        if trigger.get("Type") not in _KINDS:
            return refusal("ValidationError", f"Rollback trigger type {trigger.get('Type')} is not supported")
    return None


def keep(stack: Stack, given: dict[str, Any] | None) -> None:
    """Put a request's configuration on its stack: what is not given stays."""
    if given is not None:
        stack["RollbackConfiguration"] = given


async def watch(attempt: Attempt) -> None:
    """Stop the attempt as soon as a trigger asks for it."""
    while not (why := fired(attempt.stack)):
        await asyncio.sleep(POLL_SECONDS)
    attempt.stop(Stop(reason=why))


async def wait(attempt: Attempt) -> None:
    """The monitoring time, after the last resource."""
    minutes = (attempt.stack.get("RollbackConfiguration") or {}).get("MonitoringTimeInMinutes", 0)
    await asyncio.sleep(minutes * MINUTE_SECONDS)


def fired(stack: Stack) -> str | None:
    """Why the stack's triggers ask for a rollback now, None where they do not."""
    for trigger in (stack.get("RollbackConfiguration") or {}).get("RollbackTriggers", []):
        alarm = _alarm(trigger)
        if alarm is None:
            return f"Rollback trigger {trigger['Arn']} of type {trigger['Type']} does not exist in this account and region"
        if alarm["StateValue"] == "ALARM":
            return f"Rollback was triggered: alarm {trigger['Arn']} is in ALARM"
    return None


def _alarm(trigger: dict[str, str]) -> dict[str, Any] | None:
    home = f"arn:aws:cloudwatch:{region()}:{account()}:alarm:"
    if not trigger["Arn"].startswith(home):
        return None
    found: dict[str, Any] | None = getattr(cloudwatch, _KINDS[trigger["Type"]]).get(trigger["Arn"].removeprefix(home))
    return found
