"""What an intrinsic function is, apart from what it means: its name, its argument, and the references in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from deploy.structure import function

Node = tuple[str, str]
"""A resource: the path of its stack, and its logical id there."""

Reference = tuple[Node, str | None]
"""A resource and the attribute that is asked for; None is what ``Ref`` gives."""

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""AWS's mark in BeforeContext and AfterContext, and in a nested change set's parameters."""

REF, GET_ATT, JOIN = "Tapline::Ref", "Tapline::GetAtt", "Fn::Join"
OPAQUE, SECRET = "Tapline::Opaque", "Tapline::Secret"
NO_VALUE = {"Ref": "AWS::NoValue"}

# A dynamic reference; one to Parameter Store that names a version gives the same for ever.
_READ_LATE = re.compile(r"\{\{resolve:(?!ssm(-secure)?:[^:}]+:\d+\}\})")
_SUB = re.compile(r"\$\{([^!}][^}]*)\}")


def get_att(argument: Any) -> tuple[str, str] | None:
    """Logical id and attribute of a ``Fn::GetAtt``, which is written as a list or with a dot; None where it is malformed."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(part, str) for part in parts):
        return None
    return parts[0], parts[1]


def sub_parts(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a ``Fn::Sub``: (text, False) or (name, True); ``${!x}`` is the text ``${x}``."""
    end = 0
    for match in _SUB.finditer(text):
        yield text[end : match.start()].replace("${!", "${"), False
        yield match.group(1).strip(), True
        end = match.end()
    yield text[end:].replace("${!", "${"), False


def pieces(value: Any) -> list[Any]:
    """The parts of a text that :func:`joined` made; nothing of what is another value."""
    argument = value[JOIN] if function(value) == JOIN else None
    whole = isinstance(argument, list) and len(argument) == 2 and argument[0] == "" and isinstance(argument[1], list)
    return list(argument[1]) if whole and argument is not None else []


def joined(parts: list[Any]) -> Any:
    """One text out of its pieces: the text itself where all are known, else a ``Fn::Join`` without a delimiter."""
    flat: list[Any] = []
    for part in parts:
        for piece in pieces(part) or [part]:
            known = scalar(piece) if isinstance(piece, (str, int, float, bool)) else None
            if known is not None and flat and isinstance(flat[-1], str):
                flat[-1] += known
            elif known != "":
                flat.append(piece if known is None else known)
    if not flat:
        return ""
    return flat[0] if len(flat) == 1 else {JOIN: ["", flat]}


def references(value: Any) -> Iterator[Reference]:
    """Every resource that an expanded expression hangs on."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        name = function(value)
        if name == REF:
            yield tuple(value[REF]), None
        elif name == GET_ATT:
            path, logical_id, attribute = value[GET_ATT]
            yield (path, logical_id), attribute
        else:
            for item in value.values():
                yield from references(item)


def opaque(value: Any) -> Iterator[str]:
    """What stands in an expanded expression whose value cannot be told from templates: why, in words."""
    if isinstance(value, str) and _READ_LATE.search(value):
        yield "it is read from another service when it is applied"
    elif isinstance(value, list):
        for item in value:
            yield from opaque(item)
    elif isinstance(value, dict):
        if function(value) == OPAQUE:
            yield str(value[OPAQUE][0])
        else:
            for item in value.values():
                yield from opaque(item)


def scalar(value: Any) -> str:
    """A number or a switch as CloudFormation has it, which knows no types: 512 and "512" are one value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def canonical(value: Any) -> str:
    """The same text for values that CloudFormation takes as the same."""
    return json.dumps(_plain(value), sort_keys=True)


def same(one: Any, other: Any) -> bool:
    return one == other or canonical(one) == canonical(other)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None else scalar(value)


def text(value: Any) -> str:
    """An expanded expression as one reads it: ``${Storage/DataBucket.Arn}/*``."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return scalar(value)
    name = function(value)
    if name == REF:
        return f"${{{name_of(tuple(value[REF]))}}}"
    if name == GET_ATT:
        return f"${{{name_of(tuple(value[GET_ATT][:2]))}.{value[GET_ATT][2]}}}"
    if parts := pieces(value):
        return "".join(text(part) for part in parts)
    if name == SECRET:
        return "***"
    if name == OPAQUE:
        return f"${{{value[OPAQUE][1]}}}"
    if name == "Ref":
        return f"${{{value['Ref']}}}"
    return json.dumps(readable(value), sort_keys=True)


def readable(value: Any) -> Any:
    """A value with every function in it written as one reads it; plain values stay what they are."""
    if pieces(value) or function(value) in (REF, GET_ATT, SECRET, OPAQUE, "Ref"):
        return text(value)
    if isinstance(value, dict):
        return {str(key): readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    return value


def name_of(node: Node) -> str:
    """``Compute/ApiFunction``; a resource of the root has its logical id alone."""
    path, logical_id = node
    return f"{path}/{logical_id}" if path else logical_id
