"""Says everything that is wrong with data that does not fit the model: loaded only when something is."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from env.document import Path_, Problem, dotted
from env.model import Environment, Tools
from env.schema import of

if TYPE_CHECKING:
    from env.draft import Draft

_LONGEST = 60


def explain(draft: Draft, model: type[Environment] | type[Tools]) -> list[Problem]:
    """Every error of ``draft``, at the line of the key that it is about."""
    schema = of(model)
    validator = jsonschema_rs.validator_for(schema)
    data = draft.data
    if model is Environment:
        # The tools account has a file, and errors, of its own.
        data = {key: value for key, value in data.items() if key != "tools"}
        validator = jsonschema_rs.validator_for({**schema, "required": [name for name in schema["required"] if name != "tools"]})
    found: list[Problem] = []
    for error in validator.iter_errors(data):
        found.extend(_problems(draft, schema, error))
    return sorted(set(found))


def _problems(draft: Draft, schema: dict[str, Any], error: Any) -> list[Problem]:
    path: Path_ = tuple(error.instance_path)
    node = _node(schema, error.schema_path)
    value = _follow(draft.data, path)
    if node.get("anyOf") and isinstance(value, dict) and "check" in value:
        return _check_problems(draft, schema, path, node)
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    if keyword == "required":
        return [_missing(draft, path, name) for name in node["required"] if name not in value]
    if keyword == "additionalProperties":
        known = node.get("properties", {})
        return [_unknown(draft, (*path, name), list(known)) for name in value if name not in known]
    return [draft.at(*path).problem(dotted(path), f"expected {expected(schema, node)}, found {shown(value)}")]


def _check_problems(draft: Draft, schema: dict[str, Any], path: Path_, node: dict[str, Any]) -> list[Problem]:
    """A verification check that fits none of the kinds: explain it by the kind that it says it is."""
    value = _follow(draft.data, path)
    kinds = {kind["properties"]["check"]["enum"][0]: kind for kind in (_deref(schema, option) for option in node["anyOf"])}
    kind = kinds.get(value["check"])
    if kind is None:
        return [_unknown_value(draft, (*path, "check"), value["check"], list(kinds))]
    inner = jsonschema_rs.validator_for({**kind, "$defs": schema["$defs"]})
    found = []
    for error in inner.iter_errors(value):
        below: Path_ = (*path, *error.instance_path)
        keyword = str(error.schema_path[-1])
        part = _node(kind, error.schema_path)
        if keyword == "required":
            found += [_missing(draft, below, name) for name in part["required"] if name not in value]
        elif keyword == "additionalProperties":
            found += [_unknown(draft, (*below, name), list(part["properties"])) for name in value if name not in part["properties"]]
        else:
            found.append(
                draft.at(*below).problem(dotted(below), f"expected {expected(schema, part)}, found {shown(_follow(draft.data, below))}")
            )
    return found


def _missing(draft: Draft, path: Path_, name: str) -> Problem:
    place = draft.at(*path) if path else draft.start
    return place.problem(dotted((*path, name)), "is missing: set it here")


def _unknown(draft: Draft, path: Path_, known: list[str]) -> Problem:
    name = str(path[-1])
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
    return draft.at(*path).problem(dotted(path), f"unknown key: {hint}")


def _unknown_value(draft: Draft, path: Path_, value: Any, known: list[str]) -> Problem:
    close = difflib.get_close_matches(str(value), known, n=1)
    hint = f": did you mean {close[0]}?" if close else ""
    return draft.at(*path).problem(dotted(path), f"expected one of {', '.join(sorted(known))}, found {shown(value)}{hint}")


def expected(schema: dict[str, Any], node: dict[str, Any]) -> str:
    """A schema in words: ``a whole number from 128 to 10240``."""
    node = _deref(schema, node)
    if "anyOf" in node:
        return " or ".join(expected(schema, option) for option in node["anyOf"])
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
    return {"boolean": "true or false", "null": "null", "object": "keys and values", "number": "a number"}.get(str(kind), str(kind))


def _text(node: dict[str, Any]) -> str:
    description = node.get("description")
    if description and "pattern" in node:
        return f"{description}" if description.startswith(("a", "l")) else f"a text: {description}"
    if "pattern" in node:
        return f"a text like {node['pattern']}"
    length = f" of {node['minLength']} to {node['maxLength']} characters" if "maxLength" in node and "minLength" in node else ""
    return f"a text{length}"


def _range(node: dict[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else f" of at most {high}" if high is not None else ""


def shown(value: Any) -> str:
    """A value as it may be printed: short, and with a hint where quotes are missing."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]}...{text[-1]}"


def _node(schema: dict[str, Any], path: list[str | int]) -> dict[str, Any]:
    """The schema that holds the keyword which failed."""
    node: Any = schema
    for part in path[:-1]:
        node = _deref(schema, node)[str(part)] if isinstance(node, dict) else node[int(part)]
    return _deref(schema, node) if isinstance(node, dict) and "$ref" in node else dict(node)


def _deref(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _follow(data: Any, path: Path_) -> Any:
    for part in path:
        data = data[part]
    return data
