"""Templates and assets into the artifact bucket: under their digests, written once, the manifest last.

So a manifest that is there vouches for everything that it names, a second run asks one question, and a half-done run is
completed by running it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from deploy import contents
from deploy.account import Account
from deploy.manifest import Asset, Bucket, Release, Template
from deploy.noun import Noun, decoded
from deploy.parallel import each
from deploy.parity.proof import FILE
from deploy.pieces import built


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
    return f"releases/{release}/parity.json"


def proof_of(release: Release, data: bytes) -> Piece:
    return Piece(key=proof_key(release.digest), data=data, kind="application/json")


def publish(
    account: Account, *, proof: Piece | None = None, every: bool = False, progress: Progress = lambda done, total, size: None
) -> tuple[Published, ...]:
    """Publish into each artifact bucket. ``proof``: of parity, where it is not the build folder's; ``every``: ask for every object, also
    where the manifest is there.

    Raises:
        Invalid: the build folder does not hold what its manifest says.
        Denied: the bucket is not there, or somebody else's.
    """
    pieces, proof = rounds(account), proof or _proof(account)
    return tuple(_one(account, bucket, proof, pieces, every, progress) for bucket in account.manifest.artifacts)


def release_of(account: Account, build: Path) -> Release | None:
    """The release that this manifest belongs to; None where the build folder has none of it."""
    try:
        release = decoded((build / "release.json").read_bytes(), Release)
    except (OSError, msgspec.DecodeError):
        return None
    builds = (*release.builds, *([release.tools] if release.tools else []))
    mine = any(one.environment == account.manifest.environment and one.manifest == account.digest for one in builds)
    return release if mine else None


def _proof(account: Account) -> Piece | None:
    """The proof of parity of a whole release; an environment that was built alone has none."""
    build = account.folder.parent
    release = release_of(account, build)
    if release is None or release.parity is None:
        return None
    return proof_of(release, built(build / FILE, release.parity))


def _one(account: Account, place: Bucket, proof: Piece | None, pieces: list[list[Piece]], every: bool, progress: Progress) -> Published:
    looked = account.store("plan", place.region)
    # Before the manifest: a release may be new where this environment's part of it is not.
    if proof and not looked.has(proof.key):
        account.store("publish", place.region).put_if_absent(proof.key, proof.data, proof.kind)
    objects = sum(map(len, pieces))
    # Looked at with the role that plans: where a pipeline has published, whoever plans needs no right to write.
    if not every and looked.has(manifest_key(account.digest)):
        return Published(bucket=place.name, objects=objects, uploaded=0, size=0)
    sizes = put_all(account.store("publish", place.region), pieces, progress)
    return Published(bucket=place.name, objects=objects, uploaded=sum(1 for size in sizes if size), size=sum(sizes))


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
    """Everything that the manifest names, read and checked: assets and children, then their roots and the index of what StackSets read, then the manifest."""
    manifest = account.manifest
    roots = {stack.root for stack in manifest.stacks}
    first = [_piece(account, asset, f"assets/{asset.sha256}.zip", "application/zip") for asset in manifest.assets]
    second: list[Piece] = []
    for template in manifest.templates:
        piece = _piece(account, template, f"templates/{template.sha256}.json", "application/json")
        (second if template.service in roots else first).append(piece)
    if manifest.stack_sets:
        listed = contents.contents(manifest, account.digest, account.partition)
        second.append(Piece(key=contents.contents_key(account.digest), data=listed, kind="application/json"))
    return [first, second, [Piece(key=manifest_key(account.digest), data=account.data, kind="application/json")]]


def _piece(account: Account, named: Asset | Template, key: str, kind: str) -> Piece:
    return Piece(key=key, data=account.pieces.read(named), kind=kind)
