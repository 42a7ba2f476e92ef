"""What all values of the deployer have in common: frozen, compared by content, strict about their keys."""

from __future__ import annotations

from msgspec import Struct


class Noun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Written as JSON by ``msgspec.json.encode`` and read back by ``msgspec.json.decode``."""
