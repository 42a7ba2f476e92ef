"""Faults of the local AWS, through its own door, for one account."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Faults:
    """``url`` of the local AWS."""

    url: str
    account: str

    def add(self, **rule: Any) -> None:
        """One rule, as `deploy/local/overlay/faults.py` describes it."""
        self._ask("POST", "", json.dumps({"account": self.account, **rule}).encode())

    def clear(self) -> None:
        self._ask("DELETE", f"?account={self.account}", None)

    def _ask(self, method: str, query: str, body: bytes | None) -> None:
        request = urllib.request.Request(f"{self.url}/_tapline/faults{query}", method=method, data=body)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - loopback
            pass
