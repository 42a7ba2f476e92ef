"""The build folder as parity reads it: the proof, and each environment's templates as its manifest names them."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from deploy.errors import Invalid
from deploy.manifest import Manifest
from deploy.parity.form import MANIFEST, Document, essence
from deploy.parity.judgement import Side
from deploy.parity.proof import FILE, Proof, decode
from deploy.pieces import built

_AGAIN = "generate again, all environments at once: make generate"


def proof(build: Path) -> Proof:
    """Raises:
    Invalid: there is none, or it cannot be read.
    """
    path = build / FILE
    if not path.exists():
        raise Invalid(
            f"{path}", "there is no proof of parity: it is made where all environments are generated together, and validated", _AGAIN
        )
    try:
        return decode(built(path))
    except msgspec.DecodeError as error:
        raise Invalid(f"{path}", f"this is no proof of parity: {error}", _AGAIN) from error


def side(build: Path, environment: str, made: Proof, decoded: Callable[[bytes, Path], Manifest]) -> Side:
    """``decoded``: reads a manifest, or says what is wrong with it.

    Raises:
        Invalid: it is not built, not whole, or not what the proof speaks of.
    """
    folder = build / environment
    data = built(folder / "manifest.json")
    manifest, proven = decoded(data, folder), made.of(environment)
    if proven is None:
        known = ", ".join(one.environment for one in made.environments)
        raise Invalid(f"{build / FILE}", f"it does not speak of {environment}, but of {known}", _AGAIN)
    if proven.manifest != sha256(data).hexdigest():
        raise Invalid(f"{build / FILE}", f"it speaks of another build of {environment} than the one in {folder}", _AGAIN)
    files = [(one.service, one.path, one.sha256) for one in manifest.templates]
    files += [("bootstrap", one.path, one.sha256) for one in manifest.bootstraps[:1]]
    documents = {service: _document(folder / path, digest) for service, path, digest in files}
    return Side(documents={**documents, MANIFEST: essence(msgspec.to_builtins(manifest))}, proven=proven, lines=_lines(folder))


def _document(path: Path, digest: str) -> Document:
    document: Document = json.loads(built(path, digest))
    return document


def _lines(folder: Path) -> dict[str, str]:
    """Of what cannot be read, no line is known."""
    try:
        sources: dict[str, Any] = json.loads((folder / "sources.json").read_bytes())
        return {f"{service}/{logical_id}": line for service, lines in sources.items() for logical_id, line in lines.items()}
    except (OSError, ValueError, AttributeError):
        return {}
