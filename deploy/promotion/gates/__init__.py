"""The gates of a promotion, each a module with a function of the same shape; all are asked, in this order."""

from __future__ import annotations

from collections.abc import Callable

from deploy.promotion.gates import ahead, alarms, approvals, bake, drift, intact, parity, plan, running, window
from deploy.promotion.ground import Ground
from deploy.promotion.verdict import Verdict

GATES: dict[str, Callable[[Ground], Verdict]] = {
    "running": running.judge,
    "bake": bake.judge,
    "alarms": alarms.judge,
    "drift": drift.judge,
    "parity": parity.judge,
    "plan": plan.judge,
    "window": window.judge,
    "approvals": approvals.judge,
    "ahead": ahead.judge,
    "ledger": intact.judge,
}

FIRM = frozenset({"running", "parity", "plan", "ledger"})
"""In production nobody overrides these: they say whether it is the same infrastructure, whether data is lost, and whether the record is true."""


def judged(ground: Ground) -> tuple[Verdict, ...]:
    return tuple(judge(ground) for judge in GATES.values())
