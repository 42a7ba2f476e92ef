"""Somebody's yes to a release, written once in the target's own bucket, where only who may deploy there can write."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from deploy.account import Account
from deploy.errors import Conflict
from deploy.noun import decoded
from deploy.parallel import each
from deploy.promotion.ground import Approved

_PREFIX = "approvals/"


def approve(account: Account, release: str) -> Approved:
    """By whoever runs this; saying it twice is saying it once."""
    by = account.caller.arn
    given = Approved(environment=account.manifest.environment, release=release, by=by, at=datetime.now(UTC))
    key = f"{_PREFIX}{release}/{sha256(by.encode()).hexdigest()[:16]}.json"
    account.store("deploy", account.manifest.region).put_if_absent(key, msgspec.json.format(msgspec.json.encode(given), indent=1))
    return given


def given(account: Account, release: str) -> tuple[Approved, ...]:
    """Raises:
    Conflict: one cannot be read.
    """
    store = account.store("plan", account.manifest.region)

    def read(key: str) -> Approved | None:
        held = store.get(key)
        try:
            return decoded(held.data, Approved) if held else None
        except msgspec.DecodeError as error:
            raise Conflict(f"approval {key}", f"it cannot be read: {error}", "see who wrote it, and approve again") from error

    return tuple(found for found in each(read, list(store.keys(f"{_PREFIX}{release}/"))) if found)
