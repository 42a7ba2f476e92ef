"""What all values of the deployer have in common: frozen, compared by content, strict about their keys; and how they are read."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

_known: set[Any] = set()
_once = threading.Lock()


class Noun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Written as JSON by ``msgspec.json.encode`` and read back by `decoded`."""


def decoded(data: bytes, kind: type[T]) -> T:
    """From JSON.

    Raises:
        msgspec.DecodeError: the data is none, or of another kind.
    """
    _get_to_know(kind)
    return msgspec.json.decode(data, type=kind)


def converted(value: object, kind: Any) -> Any:
    """From plain data.

    Raises:
        msgspec.ValidationError: it is of another kind.
    """
    _get_to_know(kind)
    return msgspec.convert(value, kind)


def _get_to_know(kind: Any) -> None:
    """One thread at a time. msgspec learns a type when it is first decoded, and a second thread that decodes it meanwhile finds half of it
    and brings the process down (msgspec 0.22)."""
    if kind not in _known:
        with _once:
            msgspec.json.Decoder(kind)
            _known.add(kind)
