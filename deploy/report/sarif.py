"""SARIF 2.1.0 (OASIS Standard, 27 March 2020): what both halves say to code hosts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(runs: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": list(runs)}, indent=1) + "\n"


def run(tool: str, rules: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"tool": {"driver": {"name": tool, "rules": list(rules)}}, "results": list(results)}


def physical(file: str, line: str, column: str = "1") -> dict[str, Any]:
    region = {"startLine": int(line), "startColumn": int(column)}
    return {"physicalLocation": {"artifactLocation": {"uri": file, "uriBaseId": "%SRCROOT%"}, "region": region}}


def fingerprint(*parts: str) -> dict[str, str]:
    """The same for the same finding wherever its lines move to."""
    return {"finding/v1": blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()}
