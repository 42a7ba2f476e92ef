"""What an item is: its fields and their limits, how it stands in the table, and how a client sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# The API's model in resources/api.py has the same limits; the function checks again, for it is called in other ways too.
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_NAME = 200
LARGEST_QUANTITY = 1_000_000
FIELDS = ("id", "name", "quantity")

INDEX = "by-created"
KIND = "item"

_TOLD = 10  # unknown fields named in one answer


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item. Times are ISO 8601 in UTC, all of one length, so that they sort as texts."""

    id: str
    name: str
    quantity: int
    status: str
    created_at: str
    processed_at: str | None = None

    def public(self) -> dict[str, Any]:
        """What clients see, and what the object in the bucket holds."""
        seen = {name: getattr(self, name) for name in ("id", "name", "quantity", "status", "created_at")}
        return seen | ({"processed_at": self.processed_at} if self.processed_at else {})

    def row(self) -> dict[str, dict[str, str]]:
        """The row in the table, as DynamoDB's API has it."""
        texts = {"kind": KIND, "id": self.id, "name": self.name, "status": self.status, "created_at": self.created_at}
        return key(self.id) | {name: {"S": text} for name, text in texts.items()} | {"quantity": {"N": str(self.quantity)}}


def key(identifier: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"{KIND}#{identifier}"}, "sk": {"S": "v0"}}


def from_row(row: dict[str, dict[str, str]]) -> Item:
    texts = {name: row[name]["S"] for name in ("id", "name", "status", "created_at")}
    return Item(**texts, quantity=int(row["quantity"]["N"]), processed_at=row.get("processed_at", {}).get("S"))


def problems(body: dict[str, object]) -> list[str]:
    """Everything that is wrong with a new item; empty when it is right. No value is repeated, it may be private."""
    found = [problem for name in FIELDS for problem in _field_problems(name, body)]
    unknown = sorted(set(body) - set(FIELDS))
    found += [f"{name[:64]}: there is no such field; the fields are {', '.join(FIELDS)}" for name in unknown[:_TOLD]]
    return found + ([f"{len(unknown) - _TOLD} more unknown fields"] if len(unknown) > _TOLD else [])


def id_problem(value: object) -> str | None:
    if isinstance(value, str) and ID.fullmatch(value):
        return None
    return f"id: expected 1 to 64 letters, digits, hyphens and underscores, found {_kind(value)}"


def _field_problems(name: str, body: dict[str, object]) -> list[str]:
    if name not in body:
        return [] if name == "id" else [f"{name}: is missing"]
    checks = {"id": id_problem, "name": _name_problem, "quantity": _quantity_problem}
    problem = checks[name](body[name])
    return [problem] if problem else []


def _name_problem(value: object) -> str | None:
    if isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME:
        # JSON can escape half a character, which no service can store.
        return "name: holds half a character (a lone surrogate)" if any("\ud800" <= sign <= "\udfff" for sign in value) else None
    return f"name: expected a text of 1 to {LONGEST_NAME} characters, found {_kind(value)}"


def _quantity_problem(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_QUANTITY:
        return None
    return f"quantity: expected a whole number from 0 to {LARGEST_QUANTITY}, found {_kind(value)}"


def _kind(value: object) -> str:
    """JSON's word for a value, without the value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "another number" if isinstance(value, int) else "a number with a fraction"
