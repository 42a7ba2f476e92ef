"""Everything that the gates look at, gathered once, so that a gate is a function of values alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from deploy.approval import Approval
from deploy.errors import DeployError
from deploy.manifest import Manifest, Promotion
from deploy.noun import Noun
from deploy.plan import Plan
from deploy.record import Record, StatusReport, TriggerState


class Seen(Noun, frozen=True, kw_only=True):
    """What is known of drift in one environment. ``at`` None: nobody ever looked; ``words`` of each resource that drifted or is not covered;
    ``problem``: why nothing could be read.
    """

    environment: str
    at: datetime | None = None
    drifted: tuple[str, ...] = ()
    uncovered: int = 0
    problem: str = ""


class Approved(Noun, frozen=True, kw_only=True):
    """Somebody's yes to one release in one environment."""

    environment: str
    release: str
    by: str
    at: datetime


class Differences(Noun, frozen=True, kw_only=True):
    """What parity found between the two environments. ``problem``: why it could not be told."""

    explained: int = 0
    findings: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """``release`` is to go from ``source`` to ``target``; ``*_records``: their ledgers, newest first; ``alarms``: the source's rollback triggers; ``broken``: what is wrong with the
    source's ledger; ``plan``: what it would change, ``problem`` why there is none; ``moves``: false where gates alone are asked for.
    """

    now: datetime
    release: str
    by: str
    source: StatusReport
    target: StatusReport
    manifest: Manifest
    source_records: tuple[Record, ...]
    target_records: tuple[Record, ...]
    alarms: tuple[TriggerState, ...] = ()
    broken: tuple[str, ...] = ()
    parity: Differences = field(default_factory=Differences)
    drift: tuple[Seen, ...] = ()
    approvals: tuple[Approved, ...] = ()
    plan: Plan | None = None
    problem: DeployError | None = None
    approval: Approval = field(default_factory=Approval)
    moves: bool = True

    @property
    def rules(self) -> Promotion:
        """The target's."""
        return self.manifest.promotion or _OPEN


_OPEN = Promotion(bake_minutes=0, drift_hours=24, approvals=0, separate_approver=False, windows=(), freezes=(), production=False)


def standing(records: tuple[Record, ...]) -> Record | None:
    """The deployment that made what runs: the newest that was carried out."""
    from deploy.ledger import took_down

    for record in records:
        if took_down(record):
            return None
        if record.manifest and record.outcome in ("succeeded", "unverified"):
            return record
    return None


def arrival(records: tuple[Record, ...]) -> Record | None:
    """The deployment that first brought the release that runs, which later ones have only repeated."""
    found = standing(records)
    for record in records[records.index(found) + 1 :] if found else ():
        if record.manifest and record.outcome in ("succeeded", "unverified"):
            if found is None or record.release != found.release:
                break
            found = record
    return found
