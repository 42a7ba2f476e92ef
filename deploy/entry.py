"""One operation's entry in the ledger: how its record begins, how it ends, and how it ends where nothing was done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from deploy.account import Account
from deploy.changes import Counts
from deploy.ending import CODES
from deploy.errors import DeployError
from deploy.model import Event
from deploy.record import Outcome, Record
from deploy.whose import whose


def begun(account: Account, number: int, operation: str, plan: str, **more: Any) -> Record:
    """By whoever runs this, here and now. ``plan``: what tells the operation from every other; ``more``: other fields of a record."""
    facts = {"by": account.caller.arn, "host": whose()[1], "began": datetime.now(UTC), **more}
    return Record(number=number, operation=operation, plan=plan, environment=account.manifest.environment, **facts)


def ended(account: Account, record: Record, outcome: Outcome, events: tuple[Event, ...], **more: Any) -> Record:
    """As it is to be written; ``more``: other fields of a record."""
    facts = {
        "ended": datetime.now(UTC),
        "outcome": outcome,
        "code": CODES[outcome],
        "events": len(events),
        "api_calls": account.sessions.calls.total,
        **more,
    }
    return msgspec.structs.replace(record, **facts)


def refused(record: Record, error: DeployError) -> Record:
    """Nothing was done."""
    return msgspec.structs.replace(record, ended=datetime.now(UTC), outcome="refused", code=error.code, message=error.text, counts=Counts())
