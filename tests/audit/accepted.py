"""The list of findings that stay, each with its reason and an end; what is not in it fails the audit, and so does a line too many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from env.document import InvalidDocument, read
from tests.audit.finding import Finding

FILE = Path(__file__).with_name("accepted.yaml")
SHOWN = "tests/audit/accepted.yaml"


class AcceptedError(Exception):
    """`accepted.yaml` cannot be read; the text names file and line."""


class Acceptance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``resource``: service/LogicalId or a type, either with ``*``; ``environments``: empty for all."""

    tool: str
    rule: Annotated[str, Meta(min_length=1)]
    resource: Annotated[str, Meta(min_length=3)]
    environments: tuple[str, ...] = ()
    reason: Annotated[str, Meta(min_length=10)]
    expires: date

    def covers(self, finding: Finding) -> bool:
        if (self.tool, self.rule) != (finding.tool, finding.rule):
            return False
        if self.environments and finding.environment not in self.environments:
            return False
        return fnmatchcase(finding.resource, self.resource) or fnmatchcase(finding.type, self.resource)

    def __str__(self) -> str:
        return f"{self.tool} {self.rule} at {self.resource}"


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    accepted: tuple[Acceptance, ...]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """``complaints``: what is wrong with the list itself, a sentence each."""

    accepted: tuple[Finding, ...]
    new: tuple[Finding, ...]
    complaints: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.new and not self.complaints


@dataclass(frozen=True)
class AcceptedList:
    """The acceptances and the line that each begins at."""

    acceptances: tuple[Acceptance, ...]
    lines: tuple[int, ...]

    def judge(self, findings: Sequence[Finding], today: date, tools: Collection[str]) -> Judgement:
        """``tools`` are those that ran: a line of another is neither used nor unused."""
        active = [acceptance for acceptance in self.acceptances if acceptance.expires >= today]
        accepted = tuple(finding for finding in findings if any(acceptance.covers(finding) for acceptance in active))
        complaints = [
            f"{SHOWN}:{line}: {acceptance} {problem}"
            for acceptance, line in zip(self.acceptances, self.lines, strict=True)
            if acceptance.tool in tools and (problem := _problem(acceptance, findings, today))
        ]
        new = tuple(finding for finding in findings if finding not in accepted)
        return Judgement(accepted=accepted, new=new, complaints=tuple(complaints))

    def reason(self, finding: Finding) -> str:
        return next((acceptance.reason for acceptance in self.acceptances if acceptance.covers(finding)), "")


def load(path: Path = FILE, shown: str = SHOWN) -> AcceptedList:
    """Raises AcceptedError."""
    try:
        document = read(path, shown)
        acceptances = msgspec.convert(document.data, _File).accepted
    except (InvalidDocument, msgspec.ValidationError) as error:
        raise AcceptedError(f"{shown}: {error}") from error
    if document.problems:
        raise AcceptedError("\n".join(map(str, document.problems)))
    return AcceptedList(acceptances, tuple(document.places["accepted", index].line for index in range(len(acceptances))))


def _problem(acceptance: Acceptance, findings: Sequence[Finding], today: date) -> str:
    if acceptance.expires < today:
        return f"expired on {acceptance.expires}: mend what it accepts, or give a new end"
    if not any(acceptance.covers(finding) for finding in findings):
        return "accepts what the tool does not find any more: remove the line"
    return ""
