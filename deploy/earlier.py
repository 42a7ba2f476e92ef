"""An earlier release as it was published: which deployment it is, its manifest, and an account that deploys it without a checkout."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from deploy.account import Account
from deploy.approval import SHORTEST_DIGEST
from deploy.background import Background, manifest_of
from deploy.errors import Invalid, Refused
from deploy.ledger import Ledger, took_down
from deploy.manifest import Manifest, decode
from deploy.pieces import published
from deploy.publish import manifest_key
from deploy.record import Record

_WORKED = ("succeeded", "nothing to do")
MOST = 500
"""Operations that are looked through."""


def find(account: Account, to: str) -> Record:
    """The deployment to go back to. ``to``: a release's digest, or its beginning, or an operation's number; empty: the one before.

    Raises:
        Invalid: there is none of that name, or several.
        Refused: there is nothing to go back to.
    """
    ledger = Ledger(store=account.store("plan", account.manifest.region))
    records = ledger.newest(MOST)
    return named(records, to, account.manifest.environment) if to else before(records, account.manifest.environment)


STANDS = ("succeeded", "unverified", "nothing to do")
"""How a deployment ended after which it is what runs."""

SETS = (*STANDS, "failed")
"""The same of a StackSet: what was rolled out in part stands in part."""


def before(records: Iterable[Record], environment: str, stands: tuple[str, ...] = STANDS, verb: str = "up") -> Record:
    """The last good deployment before the release that runs now first came: what was undone since is not gone back to. ``verb``: what deploys.

    Raises:
        Refused: there is none.
    """
    until = []
    for record in records:
        if took_down(record):
            break
        until.append(record)
    made = [record for record in until if record.manifest and record.outcome in stands]
    if not made:
        raise Refused(f"rollback of {environment}", "nothing is deployed", f"deploy something: python -m deploy {verb} {environment}")
    first = max(index for index, record in enumerate(made) if record.manifest == made[0].manifest)
    earlier = next((record for record in made[first + 1 :] if record.outcome in _WORKED), None)
    if earlier is None:
        others = tuple(dict.fromkeys(_words(record) for record in made[:first] if record.manifest != made[0].manifest))
        how = "name one of these: --to RELEASE" if others else f"mend it and deploy that: python -m deploy {verb} {environment}"
        raise Refused(f"rollback of {environment}", "nothing was deployed before what runs now", how, others)
    return earlier


def named(records: Iterable[Record], to: str, environment: str, verb: str = "history") -> Record:
    by_number = to.isdecimal() and len(to) < SHORTEST_DIGEST
    listing = f"see them: python -m deploy {verb} {environment}"
    if not by_number and (len(to) < SHORTEST_DIGEST or any(letter not in "0123456789abcdef" for letter in to.lower())):
        raise Invalid(f"--to {to}", f"it is neither an operation's number nor {SHORTEST_DIGEST} digits of a release or more", listing)
    made = [record for record in records if record.manifest]
    found = [record for record in made if (record.number == int(to) if by_number else record.release.startswith(to.lower()))]
    good = [record for record in found if record.outcome in _WORKED]
    if found and not good:
        raise Refused(f"--to {to}", f"deployment {found[0].number} of it ended as {found[0].outcome}: it never worked here", listing)
    if len({record.release for record in good}) > 1:
        raise Invalid(f"--to {to}", "several releases begin so", "give more of it", tuple(dict.fromkeys(map(_words, good))))
    if not good:
        worked = [record for record in made if record.outcome in _WORKED]
        raise Invalid(f"--to {to}", f"{environment} has no such deployment", listing, tuple(dict.fromkeys(map(_words, worked)))[:10])
    return good[0]


def _words(record: Record) -> str:
    commit = f", commit {record.commit[:12]}" if record.commit else ""
    return f"{record.number}: release {record.release[:12] or 'unknown'}{commit}, of {record.began:%Y-%m-%d %H:%M} UTC"


def account_of(account: Account, record: Record, again: str = "") -> Account:
    """The same account, as that release has it: its manifest and its pieces as they were published. ``again``: the verb, with what it deploys,
    that publishes a release from its sources.

    Raises:
        Refused: something of it is gone, is not what was published, or it was for another account or region.
    """
    data, earlier = _manifest(account, record, again or f"up {account.manifest.environment}")
    if elsewhere := moved(account.manifest, earlier):
        raise Refused(f"release {record.release[:12]}", "it was for elsewhere", "a rollback stays where it is", elsewhere)
    there = Account(manifest=earlier, data=data, folder=account.folder, sessions=account.sessions)
    pieces = published(tuple(there.store("plan", bucket.region) for bucket in earlier.artifacts), earlier, record.commit)
    return Account(manifest=earlier, data=data, folder=account.folder, sessions=account.sessions, source=pieces)


def moved(now: Manifest, earlier: Manifest) -> tuple[str, ...]:
    """Where a release's manifest is for another place than the environment has now."""
    return tuple(
        f"its {what} is {was}, and is {here} now"
        for what, was, here in (
            ("environment", earlier.environment, now.environment),
            ("account", earlier.account, now.account),
            ("region", earlier.region, now.region),
        )
        if was != here
    )


def _manifest(account: Account, record: Record, again: str) -> tuple[bytes, Manifest]:
    held = account.store("plan", account.manifest.region).get(manifest_key(record.manifest))
    subject = f"release {record.release[:12]} of {account.manifest.environment}"
    if held is None or sha256(held.data).hexdigest() != record.manifest:
        what = "is gone from the artifact bucket" if held is None else "is not what was published"
        checkout = f"check out {record.commit[:12]}" if record.commit else "check out its sources"
        how = f"{checkout}, then: make generate && python -m deploy {again}"
        raise Refused(subject, f"its manifest {record.manifest[:12]} {what}", how)
    try:
        return held.data, decode(held.data)
    except msgspec.DecodeError as error:
        raise Refused(subject, f"this deployer cannot read its manifest: {error}", "use the checkout that deployed it") from error


def background(account: Account, record: Record) -> Background:
    """What a review can say of a release whose sources are not here."""
    store = account.store("plan", account.manifest.region)
    last = Ledger(store=store).standing()
    return Background(release=record.release, commit=record.commit, last=last, before=manifest_of(store, last) if last else None)


def left_alone(now: Manifest, earlier: Manifest) -> tuple[str, ...]:
    """Stacks that the earlier release did not have: a rollback deletes none."""
    return tuple(stack.name for stack in now.stacks if stack.name not in {one.name for one in earlier.stacks})
