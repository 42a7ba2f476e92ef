"""How an operation ended, as an outcome, an exit code and an error."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from deploy.errors import DeployError, RolledBack, Stuck, Unverified
from deploy.plan import Plan
from deploy.progress import Cause
from deploy.record import Outcome, Record
from deploy.status import Status

CODES: dict[Outcome, int] = {
    "succeeded": 0,
    "nothing to do": 0,
    "rolled back": 7,
    "unverified": 7,
    "failed": 7,
    "stuck": 8,
    "unknown": 75,
    "refused": 4,
}


def outcome_of(status: Status) -> Outcome:
    if status.is_success:
        return "succeeded"
    if status.is_rolled_back or status is Status.DELETE_COMPLETE:
        return "rolled back"
    return "stuck"


def error_of(record: Record, made: Plan) -> DeployError | None:
    """How a command ends after this record: None where all is well."""
    if record.code == 0:
        return None
    environment = record.environment
    lines = {item.path: item.source for proposal in made.proposals for item in proposal.review.items if item.source}
    causes = causes_of(record, lines)
    names = ", ".join(f"{moved.stack} is {moved.after}" for moved in record.stacks if moved.after)
    if record.outcome == "stuck":
        return Stuck(
            f"deployment {record.number} of {environment}",
            f"it failed and could not be put back: {names}",
            f"see the ways out: python -m deploy recover {environment}",
            (*causes, *(f"{name} stands at release {record.release[:12]} already" for name in record.ahead), *_untouched(record)),
        )
    failed = tuple(f"check {one.check} {one.name}: {one.reason}" for one in record.checks if one.ok is False)
    if record.outcome == "unverified":
        return Unverified(
            f"deployment {record.number} of {environment}",
            "it runs, and its verification failed after CloudFormation had stopped watching",
            f"go back to the release before it: python -m deploy rollback {environment}",
            (*failed, *_untouched(record)),
        )
    cancelled = is_cancelled(record)
    state = f"{' and '.join(record.ahead)} was deployed before, see below" if record.ahead else "the environment is as it was"
    return RolledBack(
        f"deployment {record.number} of {environment}",
        f"it was cancelled and put back: {names}" if cancelled else f"it failed and was rolled back: {names}",
        f"{state}; {f'who it was: python -m deploy history {environment}' if cancelled else 'mend the cause, then plan again'}",
        (*failed, *causes, *_unproven(record), *_untouched(record)),
    )


def is_cancelled(record: Record) -> bool:
    """A person has ended it, and nothing else was wrong."""
    return (
        bool(record.causes)
        and all(cause.kind == "cancelled" for cause in record.causes)
        and not any(one.ok is False for one in record.checks)
    )


def _untouched(record: Record) -> tuple[str, ...]:
    return tuple(f"{name} was not begun" for name in record.untouched)


def _unproven(record: Record) -> tuple[str, ...]:
    """What the release that was put back does not do any more."""
    return tuple(f"after the rollback, check {one.check} {one.name} still fails: {one.reason}" for one in record.proof if one.ok is False)


def causes_of(record: Record, lines: Mapping[str, str] = MappingProxyType({})) -> tuple[str, ...]:
    """Why an operation failed, a line each. ``lines``: path -> the builder's file and line, where they are known."""
    return tuple(_worded(cause, lines) for cause in record.causes)


def _worded(cause: Cause, lines: Mapping[str, str]) -> str:
    """Where in the stacks, where in the sources, and AWS's own reason."""
    if cause.kind == "cancelled":
        return f'somebody cancelled it; AWS says "{cause.reason}"'
    path = "/".join(cause.path)
    made_by = f", made by {lines[path]}" if path in lines else ""
    return f"{path or 'the stack'} ({cause.type}{made_by}): {cause.reason}"
