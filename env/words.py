"""A schema and a value in words: ``a whole number from 128 to 10240``, ``"big"``."""

from __future__ import annotations

import json
from typing import Any

from env.secret import visible

Node = dict[str, Any]

_LONGEST = 60
_SIMPLE = {"boolean": "true or false", "null": "null", "object": "keys and values", "number": "a number"}


def expected(schema: Node, node: Node) -> str:
    """What a node of the schema takes."""
    node = deref(schema, node)
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_option(schema, node, option) for option in node["anyOf"]))
    if "enum" in node:
        return ("one of " if len(node["enum"]) > 1 else "") + ", ".join(json.dumps(value).strip('"') for value in node["enum"])
    kind = node.get("type")
    if kind == "integer":
        return f"a whole number{_range(node)}"
    if kind == "string":
        return _text(node)
    if kind == "array":
        count = node.get("minItems")
        return f"a list of {count}" if count is not None and count == node.get("maxItems") else "a list"
    return _SIMPLE.get(str(kind), str(kind))


def hint(schema: Node, node: Node, value: Any) -> str:
    """What to do where only quotes are too many, or missing."""
    options = _options(schema, node)
    kinds = {option.get("type") for option in options} | {type(choice).__name__ for option in options for choice in option.get("enum", ())}
    if kinds & {"string", "str"} and isinstance(value, (bool, int, float)):
        return ": quote it"
    number = isinstance(value, str) and value.isdecimal() and kinds & {"integer", "int"}
    if number or ("boolean" in kinds and value in ("true", "false")):
        return ": write it without quotes"
    return ""


def shown(value: Any) -> str:
    """A value as it may be printed: short, its structure only named."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return visible(json.dumps(value, ensure_ascii=False), _LONGEST)


def deref(schema: Node, node: Node) -> Node:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def is_mapping(node: Node) -> bool:
    return node.get("type") == "object"


def _options(schema: Node, node: Node) -> list[Node]:
    node = deref(schema, node)
    return [deref(schema, option) for option in node["anyOf"]] if "anyOf" in node else [node]


def _option(schema: Node, node: Node, option: Node) -> str:
    """One of several alternatives; what they are all about is described beside them."""
    option = deref(schema, option)
    if option.get("type") == "string" and "description" in node:
        option = {**option, "description": node["description"]}
    return expected(schema, option)


def _text(node: Node) -> str:
    description = node.get("description")
    if description and "pattern" in node:
        return str(description) if description.startswith(("a ", "an ")) else f"a text: {description}"
    if "pattern" in node:
        return f"a text like {node['pattern']}"
    length = f" of {node['minLength']} to {node['maxLength']} characters" if "maxLength" in node and "minLength" in node else ""
    return f"a text{length}"


def _range(node: Node) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else f" of at most {high}" if high is not None else ""
