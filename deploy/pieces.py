"""Where an environment's templates and assets are read from: the build folder, or a bucket once they are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from deploy.errors import Invalid, Refused
from deploy.lock import Held
from deploy.manifest import Asset, Manifest, Template, decode
from deploy.parallel import each


class Pieces(Protocol):
    """Bytes of what a manifest names."""

    def read(self, named: Template | Asset) -> bytes: ...


class Gets(Protocol):
    """Where published pieces lie; `deploy.aws.store.Store` in a deployment."""

    @property
    def bucket(self) -> str: ...
    def get(self, key: str) -> Held | None: ...


def built(file: Path, digest: str = "") -> bytes:
    """A file of the build folder. ``digest``: what the manifest says of it, where that is to be proven.

    Raises:
        Invalid: it is not there, or not what the manifest says.
    """
    again = "generate again: make generate"
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file}", f"it cannot be read: {error.strerror}", again) from error
    if digest and sha256(data).hexdigest() != digest:
        raise Invalid(f"{file}", "it is not what the manifest says", again)
    return data


def manifest_in(data: bytes, folder: Path) -> Manifest:
    """The manifest of a build folder. ``data``: its bytes.

    Raises:
        Invalid: it is none, or one of another version.
    """
    try:
        return decode(data)
    except msgspec.DecodeError as error:
        raise Invalid(f"{folder / 'manifest.json'}", f"this is no manifest: {error}", "generate again: make generate") from error


@dataclass(frozen=True)
class Folder:
    """`build/<environment>`."""

    path: Path

    def read(self, named: Template | Asset) -> bytes:
        """Raises:
        Invalid: it is not there, or not what the manifest says.
        """
        return built(self.path / named.path, named.sha256)


@dataclass(frozen=True)
class Bucketed:
    """What was published to one bucket, read a piece at a time as it is asked for."""

    store: Gets

    def read(self, named: Template | Asset) -> bytes:
        """Raises:
        Refused: it is gone, or is not what was published.
        """
        held = self.store.get(_key(named))
        if held is None or sha256(held.data).hexdigest() != named.sha256:
            fact = "it is gone" if held is None else "it is not what was published"
            raise Refused(f"{_key(named)} in {self.store.bucket}", fact, "publish it again: python -m deploy publish ENV")
        return held.data


@dataclass(frozen=True, kw_only=True)
class Published:
    """Everything that a manifest names, as it lies in its bucket, each proven by its SHA-256."""

    data: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, named: Template | Asset) -> bytes:
        return self.data[named.sha256]


def published(stores: tuple[Gets, ...], manifest: Manifest, commit: str | None) -> Published:
    """Read and proven, assets too, in every bucket of the environment. ``commit``: of the release, for words.

    Raises:
        Refused: something is gone, or is not what the manifest says.
    """
    named: tuple[Template | Asset, ...] = (*manifest.templates, *manifest.assets)
    wanted = [(_key(one), one) for one in named]
    found: dict[str, bytes] = {}
    problems: list[str] = []
    for store in stores:
        answers = each(store.get, [key for key, _ in wanted])
        for (key, piece), held in zip(wanted, answers, strict=True):
            if held is None:
                problems.append(f"{_words(piece)}: {key} is gone from {store.bucket}")
            elif sha256(held.data).hexdigest() != piece.sha256:
                problems.append(f"{_words(piece)}: {key} in {store.bucket} is not what was published")
            else:
                found[piece.sha256] = held.data
    if problems:
        checkout = f"check out {commit[:12]}, then" if commit else "check out its sources, then"
        how = f"publish it again: {checkout} make generate && python -m deploy publish {manifest.environment}"
        raise Refused(f"release of {manifest.environment}", "it is not whole in the artifact bucket", how, tuple(problems))
    return Published(data=found)


def _key(piece: Template | Asset) -> str:
    return f"templates/{piece.sha256}.json" if isinstance(piece, Template) else f"assets/{piece.sha256}.zip"


def _words(piece: Template | Asset) -> str:
    return f"template of {piece.service}" if isinstance(piece, Template) else f"code of {piece.name}"
