"""What a tool says about one resource, and what one tool says in all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """``resource`` is service/LogicalId, ``type`` the resource's type."""

    tool: str
    rule: str
    environment: str
    resource: str
    type: str
    message: str

    def __str__(self) -> str:
        return f"{self.tool} {self.rule} at {self.environment}/{self.resource} ({self.type}): {self.message}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """``subjects``: how many resources the tool looked at, or policies where it reads nothing else."""

    tool: str
    version: str
    subjects: int
    unit: str
    findings: tuple[Finding, ...]
    seconds: float
