"""How a resource type of MiniStack is given what it lacks: something to ask before it is made or changed, and more to do after it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .emulator import provisioners

Properties = dict[str, Any]
Apply = Callable[[str, Properties, Properties], dict[str, Any] | None]
"""(physical id, properties, properties before) -> attributes to add. Empty before, where the resource is new."""


def extend(resource_type: str, apply: Apply) -> None:
    """Call ``apply`` after MiniStack's own create and update of a type."""
    handler = dict(provisioners._RESOURCE_HANDLERS[resource_type])
    handler["create"] = _after_create(handler["create"], apply)
    if "update" in handler:
        handler["update"] = _after_update(handler["update"], apply, knows_logical_id=bool(handler.get("update_with_logical_id")))
        handler["update_with_logical_id"] = True
    provisioners._RESOURCE_HANDLERS[resource_type] = handler


def _after_create(theirs: Callable[..., Any], apply: Apply) -> Callable[..., Any]:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Any:
        physical_id, attributes = theirs(logical_id, properties, stack_name)
        return physical_id, {**attributes, **(apply(physical_id, properties, {}) or {})}

    return create


def _after_update(theirs: Callable[..., Any], apply: Apply, *, knows_logical_id: bool) -> Callable[..., Any]:
    def update(physical_id: str, former: Properties, properties: Properties, stack_name: str, logical_id: str | None = None) -> Any:
        more = (logical_id,) if knows_logical_id else ()
        made, attributes = theirs(physical_id, former, properties, stack_name, *more)
        return made, {**attributes, **(apply(made, properties, former) or {})}

    return update


def require(resource_type: str, check: Callable[[Properties], None]) -> None:
    """Call ``check`` before MiniStack's own create and update of a type; what it raises is why nothing is made or changed."""
    handler = dict(provisioners._RESOURCE_HANDLERS[resource_type])
    create, update = handler["create"], handler["update"]

    def checked_create(logical_id: str, properties: Properties, *more: Any) -> Any:
        check(properties)
        return create(logical_id, properties, *more)

    def checked_update(physical_id: str, former: Properties, properties: Properties, *more: Any) -> Any:
        check(properties)
        return update(physical_id, former, properties, *more)

    handler["create"], handler["update"] = checked_create, checked_update
    provisioners._RESOURCE_HANDLERS[resource_type] = handler


def before_delete(resource_type: str, check: Callable[[str, Properties], None]) -> None:
    """Call ``check`` before MiniStack's own delete of a type; what it raises is why the resource stays."""
    handler = dict(provisioners._RESOURCE_HANDLERS[resource_type])
    theirs = handler["delete"]

    def delete(physical_id: str, properties: Properties, *more: Any) -> Any:
        check(physical_id, properties)
        return theirs(physical_id, properties, *more)

    handler["delete"] = delete
    provisioners._RESOURCE_HANDLERS[resource_type] = handler


def true(value: Any) -> bool:
    """A boolean as templates have it: true, or the text "true"."""
    return str(value).lower() == "true"


def tag_map(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
