"""What CloudFormation's registry schemas say of every resource type: where its tags go.

The table `registry.json` is made from the schemas that cfn-lint bundles, since reading them costs half a second and
generating must not: ``python -m resources.registry`` writes it anew, and a test fails when it is stale.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("registry.json")


@cache
def taggable() -> dict[str, str]:
    """Resource type -> path of its tags: ``Tags[]`` is a list of Key and Value, ``Tags{}`` a map of them."""
    table: dict[str, str] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def derive() -> dict[str, str]:
    """Read the table from cfn-lint's schemas: the types of us-east-1, CloudFormation's largest set."""
    import cfnlint

    schemas = Path(cfnlint.__file__).parent / "data" / "schemas"
    types: dict[str, str] = json.loads((schemas / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    table = {}
    for resource_type, digest in types.items():
        schema = json.loads((schemas / "resources" / f"{digest}.json").read_text(encoding="utf-8"))
        path = _tag_path(schema)
        if path:
            table[resource_type] = path
    return dict(sorted(table.items()))


def _tag_path(schema: dict[str, Any]) -> str | None:
    """Where tags go, by the schema's ``tagging`` and, where it is silent, by a ``Tags`` in the items of a list."""
    tagging = schema.get("tagging", {})
    pointer = tagging.get("tagProperty", "/properties/Tags")
    if tagging.get("taggable", schema.get("taggable", True)) and "*" not in pointer:
        form = _form(schema, pointer.rsplit("/", 1)[-1], schema.get("properties", {}))
        if form and pointer not in schema.get("readOnlyProperties", []):
            return form
    return _tag_path_in_lists(schema) if not tagging else None


def _tag_path_in_lists(schema: dict[str, Any]) -> str | None:
    """AWS::DynamoDB::GlobalTable has its tags at each replica; its schema does not say so under ``tagging``."""
    for name, value in schema.get("properties", {}).items():
        items = _resolve(schema, _resolve(schema, value).get("items", {}))
        form = _form(schema, "Tags", items.get("properties", {})) if name == "Replicas" else None
        if form:
            return f"{name}/*/{form}"
    return None


def _form(schema: dict[str, Any], name: str, properties: dict[str, Any]) -> str | None:
    if name not in properties:
        return None
    kind = _resolve(schema, properties[name]).get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "array" in kinds:
        items = _resolve(schema, _resolve(schema, properties[name]).get("items", {}))
        return f"{name}[]" if {"Key", "Value"} <= set(items.get("properties", {})) else None
    return f"{name}{{}}" if "object" in kinds else None


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


if __name__ == "__main__":
    TABLE.write_text(json.dumps(derive(), indent=0) + "\n", encoding="utf-8")
