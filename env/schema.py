"""The model as JSON Schema: for editors in `schema.json` and `stacksets.schema.json`, and to explain a file that does not fit.

``python -m env.schema`` writes both anew; a test fails when one is stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from env.fields import varying
from env.model import AnyEnvironment, Environment, Tools
from env.stacksets import StackSets

FILE = Path(__file__).with_name("schema.json")
STACKSETS_FILE = Path(__file__).with_name("stacksets.schema.json")


def of(model: type[AnyEnvironment] | type[Tools] | type[StackSets]) -> dict[str, Any]:
    """The schema of one model, its definitions under ``$defs``."""
    schema = msgspec.json.schema(model)
    definitions = schema["$defs"]
    return {**definitions[model.__name__], "$defs": definitions}


def for_editors() -> dict[str, Any]:
    """One schema for all files: whoever sets ``trust`` is `tools.yaml`, whoever sets ``account`` an environment's file, else defaults."""
    schema = of(Environment)
    allowed = set(varying())
    definitions = schema["$defs"]
    partial = {name: _partial(definition) for name, definition in definitions.items()}
    own, shared = _split(schema, definitions, allowed, "")
    named = {"required": ["account"], "properties": {"account": True}}
    tools = {**definitions["Tools"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An environment of tapline, its defaults, or the tools account",
        "type": "object",
        "if": {"required": ["trust"]},
        "then": tools,
        "else": {
            "if": named,
            "then": {**own, "required": ["account", "region", "network"]},
            "else": shared,
        },
        "$defs": {name: value for name, value in partial.items() if name not in ("Environment",)} | _whole(definitions),
    }


_WHOLE = ("Setting", "DisasterRecovery", "Trust", "Pipeline", "Tools")


def _whole(definitions: dict[str, Any]) -> dict[str, Any]:
    """What is set whole or not at all keeps what it requires; so do the verification checks."""
    return {name: value for name, value in definitions.items() if name in _WHOLE or name.endswith("Check")}


def _partial(definition: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key != "required"}


def _split(node: dict[str, Any], definitions: dict[str, Any], allowed: set[str], prefix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An object schema with only what varies, and one with everything that may have a default."""
    own: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    for name, value in node["properties"].items():
        path = f"{prefix}{name}"
        if path in ("name", "tools"):
            continue
        reference = value.get("$ref", "").rsplit("/", 1)[-1]
        below = any(field.startswith(f"{path}.") for field in allowed)
        if reference in definitions and below:
            own[name], shared[name] = _split(definitions[reference], definitions, allowed, f"{path}.")
            continue
        if path in allowed:
            own[name] = value
        if path not in ("account", "region", "network.cidr", "network.public", "network.private"):
            shared[name] = value
    return _object(own), _object(shared)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def text() -> str:
    return json.dumps(for_editors(), indent=1) + "\n"


def stacksets_text() -> str:
    top = {"$schema": "https://json-schema.org/draft/2020-12/schema", **of(StackSets), "title": "The StackSets of tapline"}
    return json.dumps(top, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    STACKSETS_FILE.write_text(stacksets_text(), encoding="utf-8")
