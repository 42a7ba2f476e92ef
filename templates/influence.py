"""Which value of the environment file a piece of a template comes from, found by changing one value at a time.

Templates are pure functions of the environment, so what differs when a single value differs is what comes from it.
Nothing is kept by hand, and nothing is traced while templates are built: this costs time only when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgspec

from env.document import Path_, dotted, scalars
from env.model import AnyEnvironment
from env.schema import of
from templates.build import AnyBuilt, BuildError, build
from templates.root import WiringError

Subject = tuple[str, str, str]  # service, logical id, property path ("" for the whole resource)


def causes(built: AnyBuilt, subjects: Iterable[Subject]) -> dict[Subject, str]:
    """For each subject the dotted path of the value that it comes from, where there is one.

    Where several values change it, it is the one that changes the fewest resources in all: what says most about this one.
    """
    wanted = tuple(subjects)
    best: dict[Subject, tuple[int, str]] = {}
    for field, other in _variations(built.env):
        reach = _reach(built, other)
        for subject in wanted:
            if _part(built, subject) != _part(other, subject) and (subject not in best or reach < best[subject][0]):
                best[subject] = (reach, field)
    return {subject: field for subject, (_, field) in best.items()}


def _variations(env: AnyEnvironment) -> Iterator[tuple[str, AnyBuilt]]:
    """(field, what would be built if that one value were another) for every value that can be changed alone."""
    # Through JSON, so that a tuple is a list, which can be changed.
    plain = msgspec.json.decode(msgspec.json.encode(env))
    schema = of(type(env))
    for path, value in scalars({key: item for key, item in plain.items() if key not in ("name", "tools")}):
        for candidate in _others(schema, path, value):
            try:
                changed = msgspec.convert(with_value(plain, path, candidate), type(env))
                yield dotted(path), build(changed)
            except (msgspec.ValidationError, BuildError, WiringError):
                continue
            break


def _others(schema: dict[str, Any], path: Path_, value: Any) -> list[Any]:
    """Values to try in place of ``value``, the likeliest to be allowed first."""
    if isinstance(value, bool):
        return [not value]
    options = _enumeration(schema, path)
    if options:
        return [option for option in options if option != value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, str):
        return [f"{value}x", value[:-1], _turned(value[:-1]) + value[-1:], value[:-1] + _turned(value[-1:]), _turned(value)]
    return [1, "x1"]


def _turned(text: str) -> str:
    """Every digit one higher: another account, another version, another address."""
    return "".join(str((int(character) + 1) % 10) if character in "0123456789" else character for character in text)


def _enumeration(schema: dict[str, Any], path: Path_) -> list[Any]:
    node: Any = schema
    for part in path:
        while isinstance(node, dict) and "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        node = node.get("properties", {}).get(part, {}) if isinstance(node, dict) else {}
    options: list[Any] = node.get("enum", [])
    return options


def with_value(plain: dict[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    """With another value at one path; the rest is shared with ``plain``, which stays as it is."""
    changed: Any = plain.copy()
    changed[path[0]] = with_value(changed[path[0]], path[1:], value) if path[1:] else value
    return cast("dict[str, Any]", changed)


def _reach(built: AnyBuilt, other: AnyBuilt) -> int:
    """How many resources differ between two builds."""
    before, after = built.flat["Resources"], other.flat["Resources"]
    return sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())


def _part(built: AnyBuilt, subject: Subject) -> Any:
    service, logical_id, path = subject
    resource = built.templates.get(service, {}).get("Resources", {}).get(logical_id)
    part: Any = resource
    for name in path.split(".") if path else ():
        if isinstance(part, dict) and name in part:
            part = part[name]
        elif isinstance(part, list) and name.isdigit() and int(name) < len(part):
            part = part[int(name)]
        else:
            return resource
    return part
