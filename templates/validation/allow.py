"""The allow-list: findings that stay, each with its reason and an end."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from env.document import InvalidDocument, read
from templates.parts import BOOTSTRAP, EDGE, REPLICA
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
        # What stays in a service stays where a second region has the same service.
        services = (finding.service, finding.service.removeprefix(f"{REPLICA}_"))
        return self.resource == finding.type or self.resource in (f"{service}/{finding.logical_id}" for service in services)

    def concerns(self, services: Container[str]) -> bool:
        """Whether it could be needed: the stacks that only a second region brings are not everywhere."""
        service = self.resource.partition("/")[0]
        return service in services or not service.startswith((f"{REPLICA}_", f"{EDGE}_", f"{BOOTSTRAP}_"))


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

    def apply(self, findings: Sequence[Finding], today: date, environments: Mapping[str, Collection[str]]) -> list[Finding]:
        """What is left, and a finding for each allowance that is over or that nothing needs any more. ``environments``: name -> its templates.

        An allowance for an environment, or for a second region's template, that this run did not build is neither used nor unused.
        """
        active = [allowance for allowance in self.allowances if not _over(allowance, today)]
        left = [finding for finding in findings if not any(allowance.covers(finding) for allowance in active)]
        known, services = environments.keys(), {name for names in environments.values() for name in names}
        for allowance, line in zip(self.allowances, self.lines, strict=True):
            if _over(allowance, today):
                left.append(self._complaint(allowance, line, f"expired on {allowance.expires}: mend what it allows, or give a new end"))
            elif allowance.environment not in {*known, "*"} or not allowance.concerns(services):
                continue
            elif not any(allowance.covers(finding) for finding in findings):
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
