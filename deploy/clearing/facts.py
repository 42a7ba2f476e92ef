"""What is so in an environment's buckets, ledger and stacks, read before anything is chosen; what cannot be read, or moves, is a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

import msgspec

from deploy import deployed, lock
from deploy.account import Account
from deploy.clearing import sets
from deploy.clearing.choice import FOLDERS, Facts, Thing
from deploy.errors import Conflict
from deploy.index import Place
from deploy.ledger import Ledger
from deploy.leftovers import PREFIX, expired
from deploy.manifest import TOOLS, Manifest, Release, decode
from deploy.noun import decoded
from deploy.parallel import each
from deploy.promotion.kept import Kept
from deploy.record import Record

if TYPE_CHECKING:
    from deploy.aws.store import Store

EVERY = 1_000_000
"""Records that are read: all of them."""

_REFERENCE = re.compile(r"templates/[0-9a-f]{64}\.json|assets/[0-9a-f]{64}\.zip")
_WORKED = ("succeeded", "unverified", "nothing to do")
T = TypeVar("T")


def gather(account: Account, others: Mapping[str, Account], *, keep: int, days: int, now: datetime, mine: str = "") -> Facts:
    """Asks AWS, changes nothing. ``others``: the environments whose releases the tools account keeps; ``mine``: the operation that holds the
    lock for this.

    Raises:
        Conflict: somebody is at work or has a plan, or something cannot be read: nothing could be proven.
    """
    manifest = account.manifest
    store = account.store("plan", manifest.region)
    _unlocked(account, store, mine)
    stores = {place.name: account.store("plan", place.region) for place in manifest.artifacts}
    objects = tuple(thing for bucket, one in stores.items() for thing in _things(bucket, one))
    manifests, releases = _manifests(objects, stores), _releases(objects, stores)
    records = Ledger(store=store).newest(EVERY)
    pending = _pending(account, records)
    everything = (manifest, *manifests.values())
    reached = sets.gather(account, everything, {thing.key for thing in objects})
    return Facts(
        environment=manifest.environment,
        now=now,
        keep=keep,
        days=days,
        objects=objects,
        records=records,
        manifests=manifests,
        releases=releases,
        deployed=_deployed(account, everything, {thing.key for thing in objects}) | reached.deployed,
        sets=reached.ledgers,
        unsettled=reached.unsettled,
        needed_manifests=_approved(account, pending),
        needed_releases=frozenset(_elsewhere(store, others)) if manifest.environment == TOOLS else frozenset(),
    )


def _unlocked(account: Account, store: Store, mine: str) -> None:
    name, holder = account.manifest.environment, lock.holder(store)
    if holder and holder.alive(lock.now()) and holder.operation != mine:
        raise Conflict(f"gc of {name}", f"somebody is at work: {holder.words}", f"wait for it: python -m deploy status {name}")


def _things(bucket: str, store: Store) -> Iterator[Thing]:
    for folder in FOLDERS:
        for one in store.listed(folder):
            yield Thing(bucket=bucket, key=one.key, size=one.size, modified=one.modified)


def _manifests(objects: tuple[Thing, ...], stores: Mapping[str, Store]) -> dict[str, Manifest]:
    """Every one that is there, in whichever bucket; each has to be what its name says, and of a version that is known."""

    def read(thing: Thing) -> tuple[str, Manifest] | None:
        held = stores[thing.bucket].get(thing.key)
        if held is None:
            return None  # gone since it was listed
        digest = thing.key.removeprefix("manifests/").removesuffix(".json")
        if sha256(held.data).hexdigest() != digest:
            raise _unreadable(thing.key, "it is not what its name says")
        return digest, _read(lambda: decode(held.data), thing.key)

    once = {thing.key: thing for thing in objects if thing.known and thing.key.startswith("manifests/")}
    return dict(found for found in each(read, once.values()) if found)


def _releases(objects: tuple[Thing, ...], stores: Mapping[str, Store]) -> dict[str, Release]:
    def read(thing: Thing) -> tuple[str, Release] | None:
        held = stores[thing.bucket].get(thing.key)
        if held is None:
            return None
        return thing.key.split("/")[1], _read(lambda: decoded(held.data, Release), thing.key)

    once = {thing.key: thing for thing in objects if thing.known and thing.key.endswith("/release.json")}
    return dict(found for found in each(read, once.values()) if found)


def _read(reading: Callable[[], T], key: str) -> T:
    try:
        return reading()
    except msgspec.DecodeError as error:
        raise _unreadable(key, f"this deployer cannot read it: {error}") from error


def _unreadable(key: str, fact: str) -> Conflict:
    return Conflict(f"object {key}", fact, "nothing can be proven unused beside it: use the deployer that wrote it, or a newer one")


def _deployed(account: Account, manifests: tuple[Manifest, ...], there: set[str]) -> frozenset[str]:
    """What the stacks of any release that was here refer to now: nested templates and functions' code; and the roots themselves, told by
    their content, since no stack says where its template came from.
    """
    own = [one for one in manifests if one.environment == account.manifest.environment and one.account == account.manifest.account]
    places = sorted({(stack.region, stack.name) for one in own for stack in one.stacks})
    documents = [document for found in each(lambda place: _documents(account, *place), places) for document in found]
    keys = {key for document in documents for key in _REFERENCE.findall(json.dumps(document))}
    tops = {stack.root for one in own for stack in one.stacks}
    roots = {f"templates/{one.sha256}.json" for made in own for one in made.templates if one.service in tops}
    stores = [account.store("plan", place.region) for place in account.manifest.artifacts]

    def stands(key: str) -> bool:
        held = next((found for store in stores if (found := store.get(key))), None)
        return held is not None and _read(lambda: msgspec.json.decode(held.data), key) in documents

    looked = sorted((roots & there) - keys)
    return frozenset({*keys, *(key for key, is_there in zip(looked, each(stands, looked), strict=True) if is_there)})


def _documents(account: Account, region: str, name: str) -> tuple[deployed.Document, ...]:
    """The templates of a stack and of everything nested in it.

    Raises:
        Conflict: it is at work, or stuck on its way back to what it was, or a change set waits for it.
    """
    stacks, environment = account.stacks("plan", region), account.manifest.environment
    stack = stacks.find(name)
    if stack is None:
        return ()
    if stack.status.is_busy or stack.status.is_stuck:
        verb = f"recover {environment}" if stack.status.is_stuck else f"status {environment} --follow"
        raise Conflict(f"gc of {environment}", f"stack {name} is {stack.status}", f"first: python -m deploy {verb}")
    waiting = [one for one in stacks.proposals(stack.id) if _waits(one)]
    if waiting:
        told = tuple(f"{one['name']}: {one['description']}" for one in waiting)
        how = "apply the plan, or let it expire (the next plan clears it away); delete what somebody else has made"
        raise Conflict(f"gc of {environment}", f"a plan waits to be applied to {name}, and may need anything that is there", how, told)
    if stack.status.is_absent:
        return ()
    return tuple(deployed.read(stacks, stack).templates.values())


def _waits(proposal: Mapping[str, str]) -> bool:
    """It may still be executed: one of ours until it expires, anybody else's for ever."""
    if proposal["execution"].startswith(("EXECUTE_", "OBSOLETE")) or proposal["status"] in ("FAILED", "DELETE_COMPLETE"):
        return False
    return not (proposal["name"].startswith(PREFIX) and expired(proposal["description"]))


def _pending(account: Account, records: tuple[Record, ...]) -> frozenset[str]:
    """Releases that somebody has approved for this environment, and that have not been there yet."""
    store = account.store("plan", account.manifest.region)
    approved = {key.split("/")[1] for key in store.keys("approvals/")}
    return frozenset(approved - {record.release for record in records if record.outcome in _WORKED})


def _approved(account: Account, releases: frozenset[str]) -> frozenset[str]:
    """Their manifests for this environment, from the tools account; a release that it has not kept can be promoted by nobody."""
    if account.manifest.tools is None:
        return frozenset()
    kept = [found for digest in sorted(releases) if (found := Kept(account=account).release(digest))]
    name = account.manifest.environment
    return frozenset(build.manifest for release in kept for build in release.builds if build.environment == name)


def _elsewhere(store: Store, others: Mapping[str, Account]) -> Iterator[str]:
    """Releases that run in an environment, by the index and by its own ledger, and those that are approved for it.

    Raises:
        Conflict: the index knows an environment whose ledger cannot be asked.
    """
    for place in _indexed(store):
        if not place.gone:
            yield place.release
            if place.environment not in others:
                how = f"generate it, so that its ledger can be asked: build/{place.environment}/manifest.json"
                raise Conflict("gc of tools", f"{place.environment} runs a release and is not built here", how)
    for account in others.values():
        ledger = Ledger(store=account.store("plan", account.manifest.region))
        records = ledger.newest(EVERY)
        if stands := ledger.standing():
            yield stands.release
        yield from (record.release for record in records if record.ended is None)
        yield from _pending(account, records)


def _indexed(store: Store) -> Iterator[Place]:
    """The newest entry of every environment that the index knows."""
    newest: dict[str, str] = {}
    for key in store.keys("index/"):
        newest.setdefault(key.split("/")[1], key)
    for key in newest.values():
        if held := store.get(key):
            yield _place(held.data, key)


def _place(data: bytes, key: str) -> Place:
    return _read(lambda: decoded(data, Place), key)
