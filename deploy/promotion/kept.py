"""Release builds in the tools account: whole, written once, read by every promotion, so that nothing is ever built again.

``releases/<digest>/release.json`` comes last: a release that has it is whole. Its manifests, templates and assets lie beside it under
their own digests, as they do in every environment's bucket, with the proof of parity that belongs to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deploy.account import Account
from deploy.errors import Refused
from deploy.manifest import Release, decode
from deploy.noun import decoded
from deploy.parity.proof import FILE
from deploy.pieces import built, manifest_in, published
from deploy.publish import Piece, manifest_key, proof_key, proof_of, put_all, rounds

_FOLDER = "releases/"


def release_key(digest: str) -> str:
    return f"{_FOLDER}{digest}/release.json"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The tools account's bucket, as one environment reaches it."""

    account: Account

    def keep(self, build: Path) -> int:
        """Put the whole release of a build folder there; the bytes that were sent, 0 where it was there.

        Raises:
            Invalid: the build folder is not whole.
            Denied: the tools account has not been bootstrapped, or does not let this caller publish.
        """
        data = built(build / "release.json")
        release = decoded(data, Release)
        # Looked at with the role that plans: where a pipeline has kept it, whoever plans needs no right to write.
        if self.account.tools("plan").has(release_key(release.digest)):
            return 0
        pieces: list[list[Piece]] = [[], [], []]
        for one in release.builds:
            for together, more in zip(pieces, rounds(_of_folder(self.account, build / one.environment)), strict=True):
                together.extend(more)
        if release.parity:
            pieces[2].append(proof_of(release, built(build / FILE, release.parity)))
        once = [list({piece.key: piece for piece in together}.values()) for together in pieces]
        return sum(
            put_all(self.account.tools("publish"), [*once, [Piece(key=release_key(release.digest), data=data, kind="application/json")]])
        )

    def release(self, digest: str) -> Release | None:
        """By its digest, or its beginning where only one has it.

        Raises:
            Refused: several begin so.
        """
        store = self.account.tools("plan")
        found = sorted({key.split("/")[1] for key in store.keys(f"{_FOLDER}{digest}") if key.endswith("/release.json")})
        if len(found) > 1:
            raise Refused(f"release {digest}", "several begin so", "give more of it", tuple(found))
        held = store.get(release_key(found[0])) if found else None
        return decoded(held.data, Release) if held else None

    def parity(self, digest: str) -> bytes | None:
        held = self.account.tools("plan").get(proof_key(digest))
        return held.data if held else None

    def of(self, release: Release, target: Account) -> Account:
        """The environment as this release has it; its templates and assets are read from the tools account, each proven by its digest.

        Raises:
            Refused: the release has nothing for it, or is not whole any more.
        """
        environment, store = target.manifest.environment, self.account.tools("plan")
        digest = next((one.manifest for one in release.builds if one.environment == environment), "")
        if not digest:
            raise Refused(
                f"release {release.digest[:12]}", f"it has nothing for {environment}", "generate all environments, and deploy again"
            )
        held = store.get(manifest_key(digest))
        if held is None or sha256(held.data).hexdigest() != digest:
            raise Refused(
                f"release {release.digest[:12]}", f"its manifest for {environment} is not what was kept", "deploy it again to keep it again"
            )
        manifest = decode(held.data)
        pieces = published((store,), manifest, release.commit)
        return Account(manifest=manifest, data=held.data, folder=target.folder, sessions=target.sessions, source=pieces)


def _of_folder(account: Account, folder: Path) -> Account:
    data = built(folder / "manifest.json")
    return Account(manifest=manifest_in(data, folder), data=data, folder=folder, sessions=account.sessions)
