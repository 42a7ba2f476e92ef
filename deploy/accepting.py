"""Accepting drift until a date: for exactly the values that are seen now, written where command and scheduled function read it.

It is an operation of the ledger, under the lock, so that nobody deploys while it is judged.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import msgspec

from deploy import entry, holding, lock
from deploy.account import Account
from deploy.detector import drift_acceptance
from deploy.drifting import Acceptance, Drifted, DriftReport
from deploy.errors import DeployError, Invalid, Refused
from deploy.ledger import Ledger
from deploy.noun import converted
from deploy.record import Record
from deploy.show import Show
from deploy.whose import whose

OPERATION = "accept drift"
MOST_DAYS = 365
MOST_REASON = 400
"""A value of Parameter Store has 4,096 characters in all."""


class Wish(NamedTuple):
    """What a person asks for. ``name``: a resource's path, or a property's below it: ``Messaging/JobsQueue/VisibilityTimeout``, with
    ``STACK:`` before it where an environment has several stacks.
    """

    name: str
    until: str
    reason: str


class Subject(NamedTuple):
    """What it is about. ``property`` empty for all of the resource."""

    stack: str
    resource: Drifted
    property: str


def check(wish: Wish, today: date) -> None:
    """Raises:
    Invalid: no date, one that is past or too far, or no reason.
    """
    try:
        until = date.fromisoformat(wish.until)
    except ValueError:
        raise Invalid(f"--until {wish.until}", "it is no date", f"write it as {today + timedelta(days=30)}") from None
    if until < today:
        raise Invalid(f"--until {wish.until}", "it is past: nothing would be accepted", f"give a day from {today} on")
    if until > today + timedelta(days=MOST_DAYS):
        latest = today + timedelta(days=MOST_DAYS)
        raise Invalid(
            f"--until {wish.until}", "it is more than a year ahead: what stays so long belongs into the templates", f"at most {latest}"
        )
    if not 0 < len(wish.reason.strip()) <= MOST_REASON:
        raise Invalid("--reason", f"it is empty, or longer than {MOST_REASON} characters", "say in a sentence why it may stay")


def subject(wish: Wish, reports: tuple[DriftReport, ...]) -> Subject:
    """Raises:
    Refused: it has not drifted, or not in this property.
    """
    every = [
        (f"{report.stack}:{one.path}" if len(reports) > 1 else one.path, report.stack, one)
        for report in reports
        for one in (*report.drifted, *report.accepted)
    ]
    for name, stack, one in sorted(every, key=lambda found: -len(found[0])):
        if wish.name == name:
            return Subject(stack, one, "")
        property = wish.name.removeprefix(name)
        if property != wish.name and property in {difference.property for difference in one.differences}:
            return Subject(stack, one, property)
    names = sorted(each for name, _, one in every for each in (name, *(f"{name}{difference.property}" for difference in one.differences)))
    remedy = "accept one of these" if names else "nothing has drifted: there is nothing to accept"
    raise Refused(f"--accept {wish.name}", "nothing of this name has drifted", remedy, tuple(names))


def accept(account: Account, wish: Wish, found: Subject, show: Show) -> tuple[Acceptance, Record]:
    """Write it, between its two records.

    Raises:
        Conflict: somebody else is at work.
    """
    store = account.store("deploy", account.manifest.region)
    ledger = Ledger(store=store)
    holding.release_what_is_over(store, ledger)
    given = _acceptance(account, wish, found)
    operation = sha256(drift_acceptance.write(given).encode()).hexdigest()
    held = lock.acquire(store, operation=operation, verb=OPERATION, by=account.caller.arn, host=whose()[1])
    try:
        message = f"{wish.name} until {wish.until}: {wish.reason.strip()}"
        record = entry.begun(account, held.holder.fence, OPERATION, operation, message=message)
        ledger.began(record)
        held.check()
        name = f"{account.manifest.parameters}/{drift_acceptance.parameter(found.stack, given.path, given.property)}"
        try:
            region = next(stack.region for stack in account.manifest.stacks if stack.name == found.stack)
            account.parameters("deploy", region).put(
                name, drift_acceptance.write(given), "Drift that was accepted; written by the deployer"
            )
        except DeployError as error:
            ledger.ended(entry.refused(record, error))
            raise
        return converted(msgspec.to_builtins(given), Acceptance), ledger.ended(entry.ended(account, record, "succeeded", ()))
    finally:
        holding.give_back(held, show.warn)


def _acceptance(account: Account, wish: Wish, found: Subject) -> drift_acceptance.Acceptance:
    drifted = msgspec.to_builtins(found.resource)
    return drift_acceptance.Acceptance(
        path=found.resource.path,
        property=found.property,
        seen=drift_acceptance.seen(drifted, found.property),
        until=wish.until,
        reason=wish.reason.strip(),
        by=account.caller.arn,
        at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
