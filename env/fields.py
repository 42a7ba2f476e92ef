"""Which fields there are and which may vary by environment, read from the model itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import fields

from env.base import VARIES
from env.model import Environment


@cache
def varying() -> tuple[str, ...]:
    """Dotted paths, as the files spell them, of what an environment's own file may set."""
    return tuple(path for path, varies in _walk(Environment, "") if varies)


@cache
def every() -> frozenset[str]:
    """Dotted paths of every field of the model, down to the first one that may vary."""
    return frozenset(path for path, _ in _walk(Environment, "")) - {"name", "tools"}


def _walk(struct: type[Struct], prefix: str) -> Iterator[tuple[str, bool]]:
    hints = get_type_hints(struct, include_extras=True)
    for field in fields(struct):
        path = f"{prefix}{field.encode_name}"
        hint = hints[field.name]
        varies = VARIES in getattr(hint, "__metadata__", ())
        inner = None if varies else _struct(hint)
        if inner is None or field.name == "tools":
            yield path, varies
        else:
            yield from _walk(inner, f"{path}.")


def _struct(hint: Any) -> type[Struct] | None:
    """The model behind a field that holds exactly one."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        members = [member for member in get_args(hint) if member is not NoneType]
        hint = members[0] if len(members) == 1 else None
    return hint if isinstance(hint, type) and issubclass(hint, Struct) else None
