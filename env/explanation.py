"""Says everything that is wrong with data that does not fit the model: loaded only when something is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from env.document import Path_, Problem, dotted
from env.fields import every, varying
from env.model import Environment, Tools
from env.schema import of
from env.words import deref, expected, hint, is_mapping, shown

if TYPE_CHECKING:
    from env.draft import Draft

Node = dict[str, Any]

_LOADERS_OWN = ("name", "tools")
# So many misspelt keys are matched with what they stand for; a file with more of them is no environment.
_MOST_TYPOS = 50


def explain(draft: Draft, model: type[Environment] | type[Tools]) -> list[Problem]:
    """Every error of ``draft``, at the line of the key that it is about."""
    own = {key: value for key, value in draft.data.items() if model is Tools or key not in _LOADERS_OWN}
    explanation = _Explanation(draft, _schema(model), every() if model is Environment else frozenset())
    return sorted(set(explanation.of(explanation.schema, (), own, _validator(model))))


@cache
def _schema(model: type[Environment] | type[Tools]) -> Node:
    """The model without what is the loader's own: nobody can write it, and the tools account's file has errors of its own."""
    schema = of(model)
    own = {key: value for key, value in schema["properties"].items() if model is Tools or key not in _LOADERS_OWN}
    return {**schema, "properties": own, "required": [name for name in schema["required"] if name in own]}


@cache
def _validator(model: type[Environment] | type[Tools]) -> Any:
    return jsonschema_rs.validator_for(_schema(model))


class _Explanation:
    """One draft's errors; a node is a part of the schema, a path leads to the value that it is about."""

    def __init__(self, draft: Draft, schema: Node, fields: frozenset[str]) -> None:
        self.draft = draft
        self.schema = schema
        self.fields = fields

    def of(self, node: Node, path: Path_, value: Any, validator: Any = None) -> Iterator[Problem]:
        whole = {**node, "$defs": self.schema["$defs"]}
        validator = validator or jsonschema_rs.validator_for(whole)
        for error in validator.iter_errors(_without_fractions(value)):
            below: Path_ = tuple(error.instance_path)
            yield from self._problems(error, whole, (*path, *below), _follow(value, below))

    def _problems(self, error: Any, root: Node, path: Path_, value: Any) -> Iterator[Problem]:
        node = _node(self.schema, root, error.schema_path)
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        if "propertyNames" in error.schema_path:
            yield from self._misnamed(node, path, value)
        elif keyword == "required":
            meant = _meant(node, value)
            yield from (self._missing((*path, name)) for name in node["required"] if name not in value and name not in meant)
        elif keyword == "additionalProperties":
            known = list(node.get("properties", {}))
            yield from (self._unknown((*path, name), known) for name in value if name not in known)
        elif "anyOf" in node and isinstance(value, dict):
            yield from self._alternatives(node, path, value)
        else:
            yield self._unexpected(node, path, value)

    def _alternatives(self, node: Node, path: Path_, value: dict[str, Any]) -> Iterator[Problem]:
        """Keys and values that fit none of several models: explain them by the one that they are meant for."""
        models = [model for model in (deref(self.schema, option) for option in node["anyOf"]) if is_mapping(model)]
        tag = node.get("discriminator", {}).get("propertyName")
        kinds = {model["properties"][tag]["enum"][0]: model for model in models} if tag else {}
        if not models:
            yield self._unexpected(node, path, value)
        elif not tag:
            yield from self.of(models[0], path, value)
        elif tag not in value:
            close = difflib.get_close_matches(tag, value, n=1)
            message = f"is missing: one of {', '.join(sorted(kinds))}"
            yield self._unknown((*path, close[0]), [tag]) if close else self._problem((*path, tag), message)
        elif not isinstance(value[tag], str) or value[tag] not in kinds:
            close = difflib.get_close_matches(str(value[tag]), kinds, n=1)
            message = f"expected one of {', '.join(sorted(kinds))}, found {shown(value[tag])}"
            yield self._problem((*path, tag), message + (f": did you mean {close[0]}?" if close else ""))
        else:
            yield from self.of(kinds[value[tag]], path, value)

    def _problem(self, path: Path_, message: str) -> Problem:
        return self.draft.at(*path).problem(dotted(path), message)

    def _unexpected(self, node: Node, path: Path_, value: Any) -> Problem:
        return self._problem(path, f"expected {expected(self.schema, node)}, found {shown(value)}{hint(self.schema, node, value)}")

    def _misnamed(self, node: Node, path: Path_, value: dict[str, Any]) -> Iterator[Problem]:
        names = node["propertyNames"]
        for name in value:
            if not re.search(names["pattern"], name):
                yield self._problem((*path, name), f"expected as a name {names.get('description', names['pattern'])}")

    def _missing(self, path: Path_) -> Problem:
        """Said in the file where it belongs."""
        key = dotted(path)
        if not self.fields or any(key.startswith((f"{field}.", f"{field}[")) for field in self.fields):
            return self._problem(path, "is missing: set it here")
        varies = any(field == key or field.startswith(f"{key}.") for field in varying())
        return self.draft.at_missing(path, shared=not varies).problem(key, "is missing: set it here")

    def _unknown(self, path: Path_, known: list[str]) -> Problem:
        name = str(path[-1])
        close = difflib.get_close_matches(name, known, n=1)
        elsewhere = sorted(field for field in self.fields if field.endswith(f".{name}"))
        if close or elsewhere:
            return self._problem(path, f"unknown key: did you mean {' or '.join(close or elsewhere)}?")
        return self._problem(path, f"unknown key: known here: {', '.join(sorted(known))}")


def _meant(node: Node, value: dict[str, Any]) -> set[str]:
    """What is missing under its own name because it is misspelt, which is said already."""
    strange = [key for key in value if key not in node["properties"]][:_MOST_TYPOS]
    return {close for key in strange for close in difflib.get_close_matches(key, node["properties"], n=1)}


def _without_fractions(data: Any) -> Any:
    """JSON Schema takes 512.0 for a whole number, the model does not, and has no fractions: no value may look like one."""
    if isinstance(data, dict):
        return {key: _without_fractions(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_without_fractions(value) for value in data]
    return 0.5 if isinstance(data, float) else data


def _node(schema: Node, root: Node, path: list[str | int]) -> Node:
    """The schema that holds the keyword which failed."""
    steps = path[: path.index("propertyNames")] if "propertyNames" in path else path[:-1]
    node: Any = root
    for part in steps:
        node = deref(schema, node)[str(part)] if isinstance(node, dict) else node[int(part)]
    return deref(schema, node)


def _follow(data: Any, path: Path_) -> Any:
    for part in path:
        data = data[part]
    return data
