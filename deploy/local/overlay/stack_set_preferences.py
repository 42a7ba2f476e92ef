"""How an operation on a StackSet goes through accounts and regions: order, how many at a time, how many may fail.

Models the API reference's StackSetOperationPreferences and the user guide's "StackSet operation options": both limits are by account in
each region, a percentage is rounded down (for the concurrency never to nothing), and STRICT_FAILURE_TOLERANCE, the default, keeps the
concurrency at what may still fail plus one, while SOFT_FAILURE_TOLERANCE keeps it as it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

STRICT, SOFT = "STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"


@dataclass(frozen=True, kw_only=True)
class Preferences:
    order: tuple[str, ...] = ()
    region_concurrency: str | None = None
    mode: str | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def parallel(self) -> bool:
        return self.region_concurrency == "PARALLEL"

    def regions(self, given: Iterable[str]) -> list[str]:
        """Those of ``given`` in the order to go: as asked for, then as they were named."""
        known = list(dict.fromkeys(given))
        return sorted(known, key=lambda region: self.order.index(region) if region in self.order else len(self.order))

    def tolerance(self, accounts: int) -> int:
        """How many of the accounts in a region may fail before no other is tried."""
        return self.numbers.get("FailureToleranceCount", accounts * self.numbers.get("FailureTolerancePercentage", 0) // 100)

    def at_a_time(self, accounts: int, failures: int) -> int:
        """How many of the accounts in a region may be worked on at a time, after so many failures there."""
        most = self.numbers.get("MaxConcurrentCount", max(1, accounts * self.numbers.get("MaxConcurrentPercentage", 0) // 100))
        return most if self.mode == SOFT else min(most, self.tolerance(accounts) + 1 - failures)

    def described(self) -> dict[str, Any]:
        return {
            "RegionConcurrencyType": self.region_concurrency,
            "RegionOrder": list(self.order),
            "ConcurrencyMode": self.mode,
            **self.numbers,
        }


UNBOUND = Preferences(numbers={"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100})
"""For automatic deployments, to which preferences do not apply: every region is tried."""
