"""An environment as parity compares it: every leaf of its templates and its manifest by path, in an order that does not matter.

Texts that are the environment's own, such as its name, stand as their field's name in angle brackets. Items of lists are known by
what they are, as in the review; other lists are sets; an intrinsic function is one leaf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from deploy.structure import KEYS, escaped, function

Document = dict[str, Any]
Path = tuple[str, ...]
Form = dict[Path, str]
"""Path -> the leaf as JSON. A path begins with the service, ``manifest`` for what the deployer reads."""

MANIFEST = "manifest"
# Of the manifest: what only counts, names by content, repeats the environment file, or says where on the way it is.
_LEFT_OUT = ("version", "templates", "limits", "values", "joins", "source")
# Their logical ids end in a short hash of what they are a snapshot of (docs/design.md).
_SNAPSHOTS = ("AWS::Lambda::Version", "AWS::ApiGateway::Deployment")
_TEMPLATE = re.compile(r"templates/[0-9a-f]{64}\.json")
_PLACEHOLDER = re.compile(r"<([a-z_]+(?:[.][a-z_]+)*(?:\[[0-9]+\])?)>")
_KEYS = (*KEYS, "name", "alarm")


def essence(manifest: Mapping[str, Any]) -> Document:
    """Of a manifest as plain data: what must be the same everywhere. A new field is compared until somebody leaves it out."""
    kept = {key: value for key, value in manifest.items() if key not in _LEFT_OUT}
    made: Document = msgspec.json.decode(msgspec.json.encode(kept))
    for bootstrap in made.get("bootstraps", ()):
        bootstrap.pop("sha256", None)
    return made


def form(documents: Mapping[str, Document], words: Mapping[str, str]) -> Form:
    """``words``: a text of the environment's own -> its field, which stands in its place wherever it is a whole word."""
    return {path: leaf for service, document in documents.items() for path, leaf in form_of(service, document, words).items()}


def form_of(service: str, document: Document, words: Mapping[str, str]) -> Form:
    return dict(_leaves(msgspec.json.decode(named(document, words)), (service,)))


def spelled(found: Form, texts: Mapping[str, str]) -> Form:
    """The form with the texts themselves again, ``texts``: field -> text; sorted as they sort."""

    def said(part: str) -> str:
        return _PLACEHOLDER.sub(lambda match: _encoded(texts.get(match[1], match[0]))[1:-1], part)

    return {tuple(map(said, path)): canonical(msgspec.json.decode(said(leaf))) for path, leaf in found.items()}


def named(document: Document, words: Mapping[str, str]) -> str:
    """As JSON with sorted keys, with placeholders for texts, for the digests of templates and for the hashes of snapshots."""
    text = _encoded(document)
    resources = document.get("Resources", {})
    snapshots = [name for name, one in resources.items() if isinstance(one, dict) and one.get("Type") in _SNAPSHOTS]
    for name in snapshots:
        stem = re.sub(r"[0-9a-f]{8}$", "", name)
        if stem not in resources and sum(other.startswith(stem) for other in snapshots) == 1:
            text = re.sub(rf"\b{re.escape(name)}\b", stem, text)
    if words:
        fields = {_encoded(value)[1:-1]: field for value, field in words.items()}
        longest_first = sorted(map(re.escape, fields), key=len, reverse=True)
        pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(longest_first)})(?![A-Za-z0-9])")
        text = pattern.sub(lambda match: f"<{fields[match[0]]}>", text)
    return _TEMPLATE.sub("templates/<digest>.json", text)


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict) and value and not function(value):
        for key, item in value.items():
            # One name and a list of one are the same to CloudFormation.
            part = [item] if key == "DependsOn" and isinstance(item, str) else item
            yield from _leaves(part, (*path, escaped(key)))
    elif isinstance(value, list) and (key := _key(value)):
        for item in value:
            name = item[key]
            yield from _leaves(item, (*path, escaped(name if isinstance(name, str) else canonical(name))))
    else:
        yield path, canonical(value)


def _key(items: list[Any]) -> str:
    """What tells the items apart, where each has it and no two have the same; "" where there is no such key."""
    for key in _KEYS if items else ():
        names = [canonical(item[key]) for item in items if isinstance(item, dict) and key in item]
        if len(names) == len(items) == len(set(names)):
            return key
    return ""


def canonical(value: Any) -> str:
    """JSON with sorted keys and sorted lists; the arguments of a function keep their order."""
    return _encoded(_sorted(value) if isinstance(value, (dict, list)) else value)


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _sorted(value: Any, *, ordered: bool = False) -> Any:
    if isinstance(value, dict):
        inside = ordered or bool(function(value))
        return {key: _sorted(item, ordered=inside) for key, item in value.items()}
    if isinstance(value, list):
        items = [_sorted(item, ordered=ordered) for item in value]
        return items if ordered else sorted(items, key=_encoded)
    return value


def pointer(path: Path) -> str:
    return "/".join(path)
