"""What a look for drift says: each resource that is not as its template has it, what was accepted, and what nobody could check.

The shape is that of the report which the scheduled function stores (`resources/handlers/shared/drift_report.py`); one reader for both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from deploy.errors import Conflict
from deploy.model import Act
from deploy.noun import Noun, converted

VERSION = 1


class Difference(Noun, frozen=True, kw_only=True):
    """One property: its path such as ``/VisibilityTimeout``; ``kind``: ADD, REMOVE or NOT_EQUAL; both values as JSON texts."""

    property: str
    kind: str
    expected: str
    actual: str


class Acceptance(Noun, frozen=True, kw_only=True):
    """``property`` empty for all of a resource; ``until``: the last day on which it holds; ``seen``: a digest of what was accepted."""

    version: int = 1
    path: str
    property: str
    seen: str
    until: str
    reason: str
    by: str
    at: str


class Drifted(Noun, frozen=True, kw_only=True):
    """One resource. ``since``, ``seen``: when it was first and last found so; ``read``: found by a reader of our own, since CloudFormation
    cannot check the type; ``by``: who changed it, as far as CloudTrail tells; ``ways``: what can be done about it.
    """

    path: str
    type: str
    physical_id: str
    status: Literal["MODIFIED", "DELETED"]
    differences: tuple[Difference, ...] = ()
    since: datetime
    seen: datetime
    read: bool = False
    by: tuple[Act, ...] = ()
    ways: tuple[str, ...] = ()
    accepted: tuple[Acceptance, ...] = ()

    @property
    def revertable(self) -> bool:
        """A drift-aware change set sees what CloudFormation can check, and nothing else."""
        return not self.read


class Uncovered(Noun, frozen=True, kw_only=True):
    """A resource on which there is no verdict. ``status``: NOT_CHECKED, UNKNOWN, or what AWS has invented since."""

    path: str
    type: str
    status: str
    reason: str = ""


class Unchecked(Noun, frozen=True, kw_only=True):
    """A stack that could not be checked in full; the root's path is empty."""

    path: str
    reason: str


class DriftReport(Noun, frozen=True, kw_only=True):
    """One stack with everything nested in it. ``clean``: everything was checked, and nothing differs; ``counts``: resources by status;
    ``notes``: what could not be told.
    """

    version: int = VERSION
    environment: str
    stack: str
    at: datetime
    stacks: int
    counts: dict[str, int]
    clean: bool
    drifted: tuple[Drifted, ...] = ()
    accepted: tuple[Drifted, ...] = ()
    uncovered: tuple[Uncovered, ...] = ()
    unchecked_stacks: tuple[Unchecked, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """All was answered that can be: what cannot be checked at all is no missing answer."""
        return not self.unchecked_stacks and not any(one.status == "UNKNOWN" for one in self.uncovered)

    @property
    def code(self) -> int:
        """As a command ends that has found this."""
        return 3 if self.drifted else 0 if self.known else 75


class Stored(Noun, frozen=True, kw_only=True):
    """The newest report that the scheduled function has left. ``age``: seconds since then."""

    report: DriftReport
    age: float


def from_report(found: dict[str, Any]) -> DriftReport:
    """Raises:
    Conflict: another version of the function wrote it.
    """
    try:
        made: DriftReport = converted(found, DriftReport)
    except msgspec.ValidationError as error:
        raise Conflict(
            "drift report", f"this deployer cannot read it: {error}", "deploy the release that this deployer belongs to"
        ) from error
    return made
