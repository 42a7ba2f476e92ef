"""Templates and assets into the artifact bucket: under their digests, written once, the manifest last.

So a manifest that is there vouches for everything that it names, a second run asks one question, and a half-done run is
completed by running it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from deploy.account import Account
from deploy.manifest import Asset, Template
from deploy.noun import Noun
from deploy.parallel import each


class Published(Noun, frozen=True, kw_only=True):
    """``uploaded`` of ``objects``, in one bucket; ``size`` of what was uploaded in bytes."""

    bucket: str
    objects: int
    uploaded: int
    size: int


class Piece(Noun, frozen=True, kw_only=True):
    """One object to be: ``key`` in the bucket, the ``data``, and its media type."""

    key: str
    data: bytes
    kind: str


class Puts(Protocol):
    """Where it goes; `deploy.aws.store.Store` in a deployment."""

    def has(self, key: str) -> bool: ...
    def put_if_absent(self, key: str, data: bytes, kind: str = ...) -> bool: ...


Progress = Callable[[int, int, int], None]
"""Objects done, objects in all, bytes uploaded so far."""


def manifest_key(digest: str) -> str:
    return f"manifests/{digest}.json"


def proof_key(release: str) -> str:
    """The proof of parity of one release, for the gates of a promotion and for what runs (docs/operations.md)."""
    return f"parity/{release}.json"


def publish(account: Account, *, every: bool = False, progress: Progress = lambda done, total, size: None) -> tuple[Published, ...]:
    """Publish into each artifact bucket. ``every``: ask for every object, also where the manifest is there.

    Raises:
        Invalid: the build folder does not hold what its manifest says.
        Denied: the bucket is not there, or somebody else's.
    """
    pieces = rounds(account)
    return tuple(_one(account, bucket.region, bucket.name, pieces, every, progress) for bucket in account.manifest.artifacts)


def _one(account: Account, region: str, bucket: str, pieces: list[list[Piece]], every: bool, progress: Progress) -> Published:
    objects = sum(map(len, pieces))
    # Looked at with the role that plans: where a pipeline has published, whoever plans needs no right to write.
    if not every and account.store("plan", region).has(manifest_key(account.digest)):
        return Published(bucket=bucket, objects=objects, uploaded=0, size=0)
    sizes = put_all(account.store("publish", region), pieces, progress)
    return Published(bucket=bucket, objects=objects, uploaded=sum(1 for size in sizes if size), size=sum(sizes))


def put_all(store: Puts, pieces: list[list[Piece]], progress: Progress = lambda done, total, size: None) -> list[int]:
    """Bytes uploaded for each piece, 0 where it was there; a round begins when the one before it is whole."""
    sizes: list[int] = []
    objects = sum(map(len, pieces))
    one_at_a_time = threading.Lock()

    def put(piece: Piece) -> None:
        written = not store.has(piece.key) and store.put_if_absent(piece.key, piece.data, piece.kind)
        with one_at_a_time:
            sizes.append(len(piece.data) if written else 0)
            progress(len(sizes), objects, sum(sizes))

    for together in pieces:
        each(put, together)
    return sizes


def rounds(account: Account) -> list[list[Piece]]:
    """Everything that the manifest names, read and checked: assets and children, then their roots, then the manifest."""
    manifest = account.manifest
    roots = {stack.root for stack in manifest.stacks}
    first = [_piece(account, asset, f"assets/{asset.sha256}.zip", "application/zip") for asset in manifest.assets]
    second: list[Piece] = []
    for template in manifest.templates:
        piece = _piece(account, template, f"templates/{template.sha256}.json", "application/json")
        (second if template.service in roots else first).append(piece)
    return [first, second, [Piece(key=manifest_key(account.digest), data=account.data, kind="application/json")]]


def _piece(account: Account, named: Asset | Template, key: str, kind: str) -> Piece:
    return Piece(key=key, data=account.pieces.read(named), kind=kind)
