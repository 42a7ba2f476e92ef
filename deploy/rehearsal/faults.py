"""Faults of the local AWS, through its own door, for one account."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

GLOBAL_SERVICES = ("iam", "sts", "route53", "cloudfront", "organizations")
"""What answers although a region is out: services without one, and STS, which any other region's address stands in for."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """``url`` of the local AWS."""

    url: str
    account: str

    def add(self, **rule: Any) -> None:
        """One rule, as `deploy/local/overlay/faults.py` describes it."""
        self._ask("POST", "", json.dumps({"account": self.account, **rule}).encode())

    def region_out(self, region: str, *, but: tuple[str, ...] = GLOBAL_SERVICES, everyone: bool = False) -> None:
        """Nothing in ``region`` answers this account, or anybody: connections close, before anything is done."""
        rule = {"region": region, "but": but, "drop": "request"}
        self._ask("POST", "", json.dumps(rule if everyone else {"account": self.account, **rule}).encode())

    def region_back(self, region: str) -> None:
        self._ask("DELETE", f"?region={region}", None)

    def limit(self, rate: float, service: str = "cloudformation") -> None:
        """More than ``rate`` requests a second, in each region, are throttled."""
        self.add(service=service, rate=rate, error="Throttling")

    def clear(self) -> None:
        self._ask("DELETE", f"?account={self.account}", None)

    def listed(self) -> list[dict[str, Any]]:
        """This account's."""
        found: list[dict[str, Any]] = json.loads(self._ask("GET", "", None))
        return [rule for rule in found if rule.get("account") == self.account]

    def _ask(self, method: str, query: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(f"{self.url}/_tapline/faults{query}", method=method, data=body)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return bytes(answer.read())
