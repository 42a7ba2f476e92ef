"""What was published, read back from every bucket and compared byte for byte: whether it is there, and is what its name says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from deploy import contents
from deploy.account import Account
from deploy.manifest import Manifest, Release, decode
from deploy.noun import Noun, decoded
from deploy.parallel import each
from deploy.pieces import Gets
from deploy.promotion.kept import release_key
from deploy.publish import manifest_key, proof_key, release_of

State = Literal["as published", "missing", "differs"]


class Wanted(NamedTuple):
    """An object that should be there. ``size`` in bytes, None where only the digest is known; ``sha256`` empty where the content is judged."""

    key: str
    what: str
    sha256: str
    size: int | None


class Read(Noun, frozen=True, kw_only=True):
    """One object. ``size`` and ``sha256`` are what was found; ``problem`` empty where it is as published."""

    bucket: str
    key: str
    what: str
    state: State
    size: int = 0
    sha256: str = ""
    problem: str = ""


class ReadBack(Noun, frozen=True, kw_only=True):
    """An environment's release as it lies in its buckets. ``kept``: its digest in the tools account, empty where it was not kept there."""

    environment: str
    manifest: str
    kept: str = ""
    objects: tuple[Read, ...]

    @property
    def problems(self) -> tuple[Read, ...]:
        return tuple(one for one in self.objects if one.state != "as published")

    @property
    def code(self) -> int:
        return 3 if self.problems else 0

    @property
    def ways_out(self) -> tuple[str, ...]:
        """What to do about it, a line each; none where nothing is wrong."""
        said = {
            "missing": f"missing: publish it again, from the same checkout: python -m deploy publish {self.environment}",
            "differs": "differs: it was put there past the deployer; deploy nothing from it, and ask CloudTrail who did",
        }
        states = {one.state for one in self.problems}
        return tuple(words for state, words in said.items() if state in states)


def read_back(account: Account, build: Path) -> ReadBack:
    """Everything that the manifest names, in every artifact bucket; and the whole release where the tools account has kept it."""
    manifest, release = account.manifest, release_of(account, build)
    wanted = [Wanted(manifest_key(account.digest), "manifest", account.digest, len(account.data)), *named(manifest)]
    if manifest.stack_sets:
        listed = contents.contents(manifest, account.digest, account.partition)
        wanted.append(Wanted(contents.contents_key(account.digest), "index of StackSets", sha256(listed).hexdigest(), len(listed)))
    if release and release.parity:
        wanted.append(Wanted(proof_key(release.digest), "proof of parity", release.parity, None))
    found: list[Read] = []
    for place in manifest.artifacts:
        found += _compared(account.store("plan", place.region), wanted)
    kept = _kept(account, release) if release and manifest.tools else ()
    return ReadBack(
        environment=manifest.environment,
        manifest=account.digest,
        kept=release.digest if release and kept else "",
        objects=(*found, *kept),
    )


def named(manifest: Manifest) -> Iterator[Wanted]:
    """The objects that a manifest refers to."""
    for template in manifest.templates:
        yield Wanted(f"templates/{template.sha256}.json", f"template of {template.service}", template.sha256, template.size)
    for asset in manifest.assets:
        yield Wanted(f"assets/{asset.sha256}.zip", f"code of {asset.name}", asset.sha256, asset.size)


def _kept(account: Account, release: Release) -> tuple[Read, ...]:
    """The same in the tools account, of every environment's part; nothing where this release was never kept."""
    store = account.tools("plan")
    held = store.get(release_key(release.digest))
    if held is None:
        return ()
    found = [_release(store.bucket, release, held.data)]
    wanted = [Wanted(manifest_key(one.manifest), f"manifest of {one.environment}", one.manifest, None) for one in release.builds]
    found += _compared(store, wanted)
    whole = [key for key in (one.key for one in wanted) if all(read.state == "as published" for read in found if read.key == key)]
    parts: dict[str, Wanted] = {}
    for key in whole:
        if again := store.get(key):
            parts |= {one.key: one for one in named(decode(again.data))}
    if release.parity:
        parts[proof_key(release.digest)] = Wanted(proof_key(release.digest), "proof of parity", release.parity, None)
    return (*found, *_compared(store, parts.values()))


def _release(bucket: str, release: Release, data: bytes) -> Read:
    """It may have been kept from another commit that makes the same: what it consists of is compared."""
    try:
        there = decoded(data, Release)
        problem = "" if (there.digest, there.builds) == (release.digest, release.builds) else "it names other builds than this one"
    except msgspec.DecodeError as error:
        problem = f"it is no release: {error}"
    return Read(
        bucket=bucket,
        key=release_key(release.digest),
        what="release",
        state="differs" if problem else "as published",
        size=len(data),
        sha256=sha256(data).hexdigest(),
        problem=problem,
    )


def _compared(store: Gets, wanted: Iterable[Wanted]) -> list[Read]:
    """Side by side; an object's bytes are let go as soon as they are measured."""

    def one(want: Wanted) -> Read:
        held = store.get(want.key)
        if held is None:
            return Read(bucket=store.bucket, key=want.key, what=want.what, state="missing", problem="it is not there")
        size, digest = len(held.data), sha256(held.data).hexdigest()
        problem = ""
        if digest != want.sha256:
            problem = f"its SHA-256 is {digest[:12]}, and was {want.sha256[:12]}"
        if want.size is not None and size != want.size:
            problem = f"{problem}; " * bool(problem) + f"it has {size:,} bytes, and had {want.size:,}"
        state: State = "differs" if problem else "as published"
        return Read(bucket=store.bucket, key=want.key, what=want.what, state=state, size=size, sha256=digest, problem=problem)

    return each(one, wanted)
