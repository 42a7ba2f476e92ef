"""Which published objects nothing needs any more: a pure function of what was found, so that its promise can be tried on any history.

Kept is whatever something may still ask for: a deployed stack, a release within the window, what `rollback` would go back to, an
operation that has not ended, a release that runs elsewhere or is approved. What is younger than a day is left alone: somebody
may be publishing it, and a manifest that young vouches for all that it names, however old that is.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from deploy.contents import contents_key
from deploy.earlier import SETS, STANDS, before
from deploy.errors import Refused
from deploy.manifest import Manifest, Release
from deploy.noun import Noun
from deploy.promotion.kept import release_key
from deploy.publish import manifest_key, proof_key
from deploy.readback import named
from deploy.record import Record

FOLDERS = ("assets/", "manifests/", "releases/", "templates/")
YOUNG = timedelta(days=1)
_KNOWN = re.compile(
    r"assets/[0-9a-f]{64}\.zip|(?:manifests|templates)/([0-9a-f]{64})\.json|releases/([0-9a-f]{64})/(?:release|parity|index)\.json"
)
_DEPLOYED = ("succeeded", "unverified")
_WORKED = (*_DEPLOYED, "nothing to do")


class Thing(Noun, frozen=True, kw_only=True):
    """One object of an artifact bucket. ``size`` in bytes; ``modified`` when it was written."""

    bucket: str
    key: str
    size: int
    modified: datetime

    @property
    def known(self) -> bool:
        """Its name is one that the deployer gives."""
        return _KNOWN.fullmatch(self.key) is not None


class Facts(Noun, frozen=True, kw_only=True):
    """What was found. ``keep`` releases and those younger than ``days`` stay.

    ``objects``: of the four folders, in every bucket; ``records``: the ledger, newest first; ``manifests``, ``releases``: by digest;
    ``deployed``: keys that the stacks refer to as they are deployed now; ``needed_manifests``, ``needed_releases``: of what runs
    elsewhere, or waits for somebody to promote it; ``sets``: each StackSet's own ledger, newest first; ``unsettled``: sets, as AWS calls
    them, that have instances of more than one release.
    """

    environment: str
    now: datetime
    keep: int
    days: int
    objects: tuple[Thing, ...] = ()
    records: tuple[Record, ...] = ()
    manifests: dict[str, Manifest] = msgspec.field(default_factory=dict)
    releases: dict[str, Release] = msgspec.field(default_factory=dict)
    deployed: frozenset[str] = frozenset()
    needed_manifests: frozenset[str] = frozenset()
    needed_releases: frozenset[str] = frozenset()
    sets: dict[str, tuple[Record, ...]] = msgspec.field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()

    @property
    def since(self) -> datetime:
        """Releases from then on stay."""
        return self.now - max(timedelta(days=self.days), YOUNG)


class Choice(Noun, frozen=True, kw_only=True):
    """What would go. ``used``: how many objects something needs; ``young``: how many are not needed, and too young to say so; ``unknown``:
    what the deployer has not written.
    """

    environment: str
    keep: int
    days: int
    removable: tuple[Thing, ...]
    used: int
    young: int
    unknown: tuple[Thing, ...]

    @property
    def size(self) -> int:
        return sum(thing.size for thing in self.removable)


def choose(facts: Facts) -> Choice:
    needed = used(facts)
    rest = [thing for thing in facts.objects if thing.known and thing.key not in needed]
    return Choice(
        environment=facts.environment,
        keep=facts.keep,
        days=facts.days,
        removable=tuple(thing for thing in rest if not _is_young(thing, facts)),
        used=sum(thing.key in needed for thing in facts.objects),
        young=sum(_is_young(thing, facts) for thing in rest),
        unknown=tuple(thing for thing in facts.objects if not thing.known and thing.key not in needed),
    )


def used(facts: Facts) -> frozenset[str]:
    """The keys that something needs."""
    records = (*kept_records(facts), *(record for ledger in facts.sets.values() for record in _kept(ledger, facts, SETS)))
    releases = {record.release for record in records} | facts.needed_releases | _kept_releases(facts)
    builds = [build for digest in releases if (release := facts.releases.get(digest)) for build in _builds(release)]
    young = {
        found[1] for thing in facts.objects if thing.key.startswith("manifests/") and _is_young(thing, facts) and (found := _name(thing))
    }
    manifests = {record.manifest for record in records} | facts.needed_manifests | set(builds) | young | _mixed(facts)
    keys = {key for digest in releases for key in (release_key(digest), proof_key(digest))}
    keys |= {key for digest in manifests for key in (manifest_key(digest), contents_key(digest))}
    # One that is gone names nothing: no rollback and no promotion could begin from it.
    keys |= {want.key for digest in manifests if (manifest := facts.manifests.get(digest)) for want in named(manifest)}
    return frozenset(keys | facts.deployed)


def kept_records(facts: Facts) -> tuple[Record, ...]:
    """Those whose release stays: the newest that worked, whatever was tried in the window, what runs, what `rollback` would go back to, and
    what has not ended.
    """
    return _kept(facts.records, facts, STANDS)


def _kept(records: tuple[Record, ...], facts: Facts, stands: tuple[str, ...]) -> tuple[Record, ...]:
    made = [record for record in records if record.manifest]
    newest = dict.fromkeys(record.manifest for record in made if record.outcome in _WORKED)
    chosen = set(list(newest)[: facts.keep])
    chosen |= {record.manifest for record in made if record.ended is None or record.ended >= facts.since}
    chosen |= {record.manifest for record in made[:1]}
    chosen |= {record.manifest for record in [one for one in made if one.outcome in _DEPLOYED][:1]}
    with contextlib.suppress(Refused):
        chosen.add(before(records, facts.environment, stands).manifest)
    return tuple(record for record in made if record.manifest in chosen)


def _mixed(facts: Facts) -> set[str]:
    """Every release of a set whose instances are not all of one: which of them they are, only their own accounts could say."""
    return {digest for digest, manifest in facts.manifests.items() if any(one.set_name in facts.unsettled for one in manifest.stack_sets)}


def _kept_releases(facts: Facts) -> set[str]:
    """Of those that the tools account keeps whole: the newest, and the young ones."""
    written = {
        found[2]: thing.modified for thing in facts.objects if (found := _name(thing)) and found[2] and thing.key.endswith("/release.json")
    }
    newest = sorted(written, key=lambda digest: (written[digest], digest), reverse=True)
    return {*newest[: facts.keep], *(digest for digest, modified in written.items() if modified >= facts.since)}


def _builds(release: Release) -> Iterator[str]:
    for build in (*release.builds, *([release.tools] if release.tools else [])):
        yield build.manifest


def _name(thing: Thing) -> re.Match[str] | None:
    return _KNOWN.fullmatch(thing.key)


def _is_young(thing: Thing, facts: Facts) -> bool:
    return thing.modified > facts.now - YOUNG


def in_order(things: Iterable[Thing]) -> tuple[tuple[Thing, ...], ...]:
    """Rounds of a removal: what vouches for others goes before them, so that whatever is cut off leaves no manifest that lies."""
    rounds: dict[str, list[Thing]] = {"releases/": [], "manifests/": [], "": []}
    for thing in things:
        rounds[next(folder for folder in rounds if thing.key.startswith(folder))].append(thing)
    return tuple(tuple(each) for each in rounds.values() if each)
