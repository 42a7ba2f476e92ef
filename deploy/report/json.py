"""Nouns as JSON: the same frozen values, whole, with sorted keys, as `docs/plan.schema.json` describes plans."""

from __future__ import annotations

import msgspec

from deploy.noun import Noun


def encode(value: Noun | tuple[Noun, ...]) -> str:
    """Indented; the same value gives the same text anywhere. What could steer a terminal is escaped, as JSON does."""
    text = msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1).decode("utf-8", "replace")
    return _escaped(text) + "\n"


def _escaped(text: str) -> str:
    """JSON escapes the control characters below 0x20 itself; the ones above it and the direction marks are escaped here."""
    from deploy.report.ink import unsafe

    return unsafe().sub(lambda match: match.group() if match.group() < " " else _escape(match.group()), text)


def _escape(char: str) -> str:
    return "".join(f"\\u{int.from_bytes(char.encode('utf-16-be')[at : at + 2]):04x}" for at in range(0, len(char.encode("utf-16-be")), 2))
