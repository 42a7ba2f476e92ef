"""Global tables have their replicas, each with its own settings, from the template that lists them.

Models the user guide's AWS::DynamoDB::GlobalTable: the list of replicas has the stack's own region in it; more than one replica needs a
stream; an update adds or removes one replica at a time; deleting the resource deletes every replica. MiniStack copies items between
replicas, and only lacks the way to them from a template.
"""

from __future__ import annotations

from typing import Any

from .emulator import account, dynamodb, provisioners, region, responses
from .extension import before_delete, extend
from .table_properties import apply, refuse_protected

Properties = dict[str, Any]
_TYPE = "AWS::DynamoDB::GlobalTable"


def _regions(properties: Properties) -> list[str]:
    return [replica["Region"] for replica in properties.get("Replicas") or []]


def _check(properties: Properties, former: Properties) -> None:
    """
    Raises:
        ValueError: what the type does not take.
    """
    wanted, had = set(_regions(properties)), set(_regions(former))
    if region() not in wanted:
        raise ValueError(f"Replicas must contain the region of the stack, {region()}: a stack is not supported where there is no replica")
    if len(wanted) > 1 and not properties.get("StreamSpecification"):
        raise ValueError("StreamSpecification must be provided if there is more than one replica")
    if had and len(wanted ^ had) > 1:
        raise ValueError("Only one replica can be added or removed in each update")


def _checked(theirs: Any) -> Any:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Any:
        _check(properties, {})
        return theirs(logical_id, properties, stack_name)

    return create


def apply_replicas(name: str, properties: Properties, former: Properties) -> dict[str, Any]:
    """Make and remove replicas, then give each its settings; the attributes of the one here."""
    if former:
        _check(properties, former)
    table, wanted = dynamodb._tables[name], _regions(properties)
    has = dynamodb._replica_group(table) or [region()]
    changes = [{"Create": {"RegionName": place}} for place in wanted if place not in has]
    changes += [{"Delete": {"RegionName": place}} for place in has if place not in wanted]
    _change(name, changes)
    for place in wanted:
        with responses.request_scope(account(), place):
            apply(name, properties, former)
    return {"TableId": table["TableId"]}


def _change(name: str, changes: list[dict[str, Any]]) -> None:
    refused = dynamodb._apply_replica_updates(name, dynamodb._tables[name], changes) if changes else None
    if refused:
        raise ValueError(dynamodb.json.loads(refused[2])["message"])


def remove_replicas(name: str, properties: Properties) -> None:
    """
    Raises:
        ValueError: one of them is protected.
    """
    table = dynamodb._tables.get(name)
    others = [place for place in dynamodb._replica_group(table) if place != region()] if table else []
    for place in [region(), *others]:
        with responses.request_scope(account(), place):
            refuse_protected(name, properties)
    if others:
        _change(name, [{"Delete": {"RegionName": place}} for place in others])


def install() -> None:
    handler = provisioners._RESOURCE_HANDLERS[_TYPE]
    provisioners._RESOURCE_HANDLERS[_TYPE] = {**handler, "create": _checked(handler["create"])}
    extend(_TYPE, apply_replicas)
    before_delete(_TYPE, remove_replicas)
