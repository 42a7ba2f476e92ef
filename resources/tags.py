"""The six tags of R19, put on every resource type that takes tags by the registry schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resources.registry import taggable

if TYPE_CHECKING:
    from env.model import AnyEnvironment

MANAGED_BY = "tapline"


def tags(env: AnyEnvironment, service: str | None = None) -> dict[str, str]:
    """Tag keys and values; ``service`` is the template's name, left out for what spans all of them."""
    values = {
        "CostCenter": env.cost_center,
        "Environment": env.name,
        "ManagedBy": MANAGED_BY,
        "Owner": env.owner,
        "Project": env.project,
    }
    return values | ({"Service": service} if service else {})


def tag(resource: dict[str, Any], values: dict[str, str]) -> None:
    """Add ``values`` to a resource of a template where its type takes tags; what it carries already stays."""
    path = taggable().get(resource["Type"])
    if path is None:
        return
    *lists, last = path.split("/*/")
    targets = [resource.setdefault("Properties", {})]
    for name in lists:
        targets = [item for target in targets for item in target.get(name, [])]
    for target in targets:
        _put(target, last, values)


def _put(target: dict[str, Any], form: str, values: dict[str, str]) -> None:
    name, kind = form[:-2], form[-2:]
    if kind == "{}":
        target[name] = values | target.get(name, {})
        return
    own = target.get(name, [])
    taken = {entry["Key"] for entry in own}
    entries = own + [{"Key": key, "Value": value} for key, value in values.items() if key not in taken]
    target[name] = sorted(entries, key=lambda entry: str(entry["Key"]))
