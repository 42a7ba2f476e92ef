"""What may stand in which file: what varies, what has no default, no secret, nothing that AWS would read as more than a text."""

from __future__ import annotations

from collections.abc import Iterator

from env.document import Document, Path_, Place, Problem, dotted, scalars
from env.fields import every, varying
from env.secret import MESSAGE, has_secret, is_secret

_SET_BY_LOADER = {"name": "is set by the file's own name: leave it out", "tools": "stands in tools.yaml: leave it out"}
_NO_DEFAULT = dict.fromkeys(
    (
        "account",
        "region",
        *(f"{where}network.{what}" for where in ("", "disaster_recovery.") for what in ("cidr", "public", "private")),
    ),
    "has no default: it belongs in each environment's file",
)


def wrong_in_environment(document: Document) -> Iterator[Problem]:
    """An environment's file sets only what the model lets vary."""
    allowed, known = frozenset(varying()), every()
    for path, place in document.places.items():
        key = dotted(path)
        if key in _SET_BY_LOADER:
            yield place.problem(key, _SET_BY_LOADER[key])
        elif key in known and key not in allowed:
            yield place.problem(key, "is the same in every environment: it belongs in defaults.yaml")
    yield from _unsafe(document)


def wrong_in_defaults(document: Document) -> Iterator[Problem]:
    """Who an environment is and where its addresses lie has no default."""
    refused = _NO_DEFAULT | _SET_BY_LOADER
    for path, place in document.places.items():
        if dotted(path) in refused:
            yield place.problem(dotted(path), refused[dotted(path)])
    yield from _unsafe(document)


def wrong_in_tools(document: Document) -> Iterator[Problem]:
    yield from _unsafe(document)


def _unsafe(document: Document) -> Iterator[Problem]:
    for path, place in document.places.items():
        if path and isinstance(path[-1], str) and (wrong := _unsafe_text((), path[-1])):
            yield place.problem(dotted(path), f"key {wrong}")
    for path, value in scalars(document.data):
        place = document.places.get(path, Place(document.file, 1, 1))
        if is_secret(path, value):
            yield place.problem(dotted(path), MESSAGE)
        elif isinstance(value, str) and (wrong := _unsafe_text(path, value)):
            yield place.problem(dotted(path), wrong)


def _unsafe_text(path: Path_, text: str) -> str | None:
    if not path and has_secret(text):
        return MESSAGE
    if "${" in text or "{{" in text:
        # CloudFormation replaces ${...} and {{resolve:...}}; Parameter Store refuses {{...}} (PutParameter, Value).
        return "holds ${ or {{resolve: , which CloudFormation would replace: write the value itself"
    if not text.isprintable():
        return "holds a line break or a character that cannot be seen: write it in one plain line"
    return None
