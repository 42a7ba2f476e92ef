"""What a tool of the battery is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.audit.finding import Finding
from tests.audit.policies import identity_policies
from tests.audit.subject import Subject
from tests.audit.workplace import Workplace


@dataclass(frozen=True, kw_only=True)
class Tool:
    """``name`` is also that of its pins and its virtual environment; ``unit``: what its findings are counted against."""

    name: str
    package: str
    unit: str
    reads: str
    examine: Callable[[Workplace, Sequence[Subject]], list[Finding]]

    def count(self, subjects: Sequence[Subject]) -> int:
        if self.unit == "policies":
            return sum(len(identity_policies(subject)) for subject in subjects)
        return sum(subject.resources for subject in subjects)
