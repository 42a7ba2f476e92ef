"""The allow-list: findings that stay, each with its reason and an end."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from env.document import InvalidDocument, read
from templates.validation.finding import Finding

FILE = Path(__file__).with_name("allow.yaml")
SHOWN = "templates/validation/allow.yaml"
RULE = "ALLOW"


class Allowance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of `allow.yaml`."""

    rule: Annotated[str, Meta(min_length=1)]
    resource: Annotated[str, Meta(pattern="^([a-z_]+/[A-Za-z0-9]+|[A-Za-z0-9]+(::[A-Za-z0-9]+)+)$")]
    environment: str
    reason: Annotated[str, Meta(min_length=10)]
    expires: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]

    def covers(self, finding: Finding) -> bool:
        if self.rule != finding.rule or self.environment not in ("*", finding.environment):
            return False
        return self.resource in (f"{finding.service}/{finding.logical_id}", finding.type)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    allowed: tuple[Allowance, ...]


class AllowListError(Exception):
    """`allow.yaml` cannot be read; the text names file and line."""


@dataclass(frozen=True)
class AllowList:
    """The allowances and the line that each begins at."""

    allowances: tuple[Allowance, ...]
    lines: tuple[int, ...]
    shown: str = SHOWN

    def apply(self, findings: Sequence[Finding], today: date, environments: Iterable[str], unbuilt: Container[str] = ()) -> list[Finding]:
        """What is left, and a finding for each allowance that is over or that nothing needs any more.

        An allowance for an environment that this run did not build, or for one of the ``unbuilt`` templates, is neither used nor unused.
        """
        active = [allowance for allowance in self.allowances if not _over(allowance, today)]
        left = [finding for finding in findings if not any(allowance.covers(finding) for allowance in active)]
        known = set(environments)
        for allowance, line in zip(self.allowances, self.lines, strict=True):
            if _over(allowance, today):
                left.append(self._complaint(allowance, line, f"expired on {allowance.expires}: mend what it allows, or give a new end"))
            elif allowance.resource.partition("/")[0] in unbuilt:
                continue
            elif allowance.environment in known | {"*"} and not any(allowance.covers(finding) for finding in findings):
                left.append(self._complaint(allowance, line, "allows what no checker finds any more: remove the line"))
        return left

    def _complaint(self, allowance: Allowance, line: int, message: str) -> Finding:
        return Finding(
            environment=allowance.environment,
            service="",
            logical_id="",
            rule=RULE,
            tool="allow-list",
            message=f"rule {allowance.rule} at {allowance.resource} {message}",
            origin=f"{self.shown}:{line}",
        )


def load(path: Path = FILE, shown: str = SHOWN) -> AllowList:
    """Raises AllowListError."""
    try:
        document = read(path, shown)
        allowances = msgspec.convert(document.data, _File).allowed
    except InvalidDocument as error:
        raise AllowListError(str(error)) from error
    except msgspec.ValidationError as error:
        raise AllowListError(f"{shown}:{_line(document.places, str(error))}: {error}") from error
    if document.problems:
        raise AllowListError("\n".join(map(str, document.problems)))
    lines = tuple(document.places["allowed", index].line for index in range(len(allowances)))
    for allowance, line in zip(allowances, lines, strict=True):
        try:
            date.fromisoformat(allowance.expires)
        except ValueError as error:
            raise AllowListError(f"{shown}:{line}: expires: {allowance.expires} is no date") from error
    return AllowList(allowances, lines, shown)


def _over(allowance: Allowance, today: date) -> bool:
    return date.fromisoformat(allowance.expires) < today


def _line(places: object, message: str) -> int:
    index = re.search(r"\$\.allowed\[(\d+)\]", message)
    assert isinstance(places, dict)
    place = places.get(("allowed", int(index.group(1)))) if index else None
    return place.line if place else 1
