"""The table check: an item of our own is written, read as it was written, and deleted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from deploy.verification.model import NotVerified, TableCheck

if TYPE_CHECKING:
    from deploy.aws.tables import Key
    from deploy.verification.place import Place

PREFIX = "verification-"
"""Of the partition key: the deploy role may touch no other items (`resources/deployment.py`)."""

_SORT: dict[str, Any] = {"S": "verification", "N": "0", "B": b"verification"}


def name(check: TableCheck) -> str:
    return f"table {check.table}"


def see(check: TableCheck, place: Place, over: threading.Event) -> str:
    from deploy.aws.tables import Tables

    tables, table = Tables(api=place.api("dynamodb")), place.name(check.table)
    keys = tables.keys(table)
    if keys[0].type != "S":
        raise NotVerified(f"the partition key {keys[0].name} is no text, so that no item can be told from others")
    key = {one.name: _value(one) for one in keys}
    item = key | {"verification": {"S": uuid4().hex}}
    try:
        tables.put(table, item)
        found = tables.get(table, key)
    finally:
        tables.delete(table, key)
    if found != item:
        raise NotVerified("the item is not read as it was written", str(found))
    if tables.get(table, key) is not None:
        raise NotVerified("the item is still there after it was deleted")
    return f"an item was written to {table}, read and deleted"


def _value(key: Key) -> dict[str, Any]:
    return {key.type: f"{PREFIX}{uuid4().hex}" if key.role == "HASH" else _SORT[key.type]}
