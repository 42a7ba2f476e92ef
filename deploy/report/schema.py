"""The JSON Schema of a plan, as in `docs/plan.schema.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from deploy.plan import Plan

PATH = Path(__file__).parents[2] / "docs" / "plan.schema.json"


def schema() -> dict[str, Any]:
    """Generated from the nouns; their docstrings are its descriptions, on one line each."""
    made: dict[str, Any] = _flowing(msgspec.json.schema(Plan))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _flowing(given: Any) -> Any:
    if isinstance(given, dict):
        return {
            key: " ".join(value.split()) if key == "description" and isinstance(value, str) else _flowing(value)
            for key, value in given.items()
        }
    return [_flowing(value) for value in given] if isinstance(given, list) else given


def text() -> str:
    return json.dumps(schema(), indent=1) + "\n"


def main() -> None:
    """``python -m deploy.report.schema`` writes the schema where the documents have it."""
    PATH.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
