"""What the overlay itself remembers is forgotten when MiniStack is reset."""

from __future__ import annotations

from . import (
    account_regions,
    alarms,
    attempts,
    delegated_administrators,
    health_checks,
    pipeline_types,
    replication,
    stack_set_organizations,
    stack_set_records,
)
from .emulator import cloudformation

_reset = cloudformation.reset

FORGET = (
    attempts.forget_all,
    account_regions.forget_all,
    alarms.forget_all,
    delegated_administrators.forget_all,
    health_checks.forget_all,
    replication.forget_all,
    pipeline_types.forget_all,
    stack_set_records.forget_all,
    stack_set_organizations.forget_all,
)
"""One function for each module that remembers something."""


def reset() -> None:
    _reset()
    for forget in FORGET:
        forget()


def install() -> None:
    cloudformation.reset = reset
