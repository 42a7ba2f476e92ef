"""Which release is where, since when, by whom: an entry in the tools account for every deployment that was carried out.

``index/<environment>/<99999999 - number>-<number>-<plan>.json``, written once, so that the newest is listed first. The environment's own
ledger is the truth; this is what one question over all accounts is answered from.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from deploy.account import Account
from deploy.errors import DeployError
from deploy.noun import Noun, decoded
from deploy.parallel import each
from deploy.record import Record
from deploy.show import Show

_PREFIX = "index/"
_TOP = 99_999_999


class Place(Noun, frozen=True, kw_only=True):
    """Where a release is. ``source``: the environment that it came from, empty where it was deployed; ``gone``: it was taken down."""

    environment: str
    account: str
    region: str
    number: int
    operation: str
    outcome: str
    release: str
    commit: str | None
    since: datetime
    by: str
    source: str = ""
    gone: bool = False


class Places(Noun, frozen=True, kw_only=True):
    """Of all environments, on the way that a release goes."""

    places: tuple[Place, ...]


def note(account: Account, record: Record, show: Show) -> None:
    """Enter a deployment that has changed what runs. What cannot be entered is warned of: the deployment stands all the same."""
    from deploy.ledger import took_down

    changed = record.outcome in ("succeeded", "unverified") and (record.manifest or took_down(record))
    if account.manifest.tools is None or not changed or record.ended is None:
        return
    manifest = account.manifest
    entry = Place(
        environment=record.environment,
        account=manifest.account,
        region=manifest.region,
        number=record.number,
        operation=record.operation,
        outcome=record.outcome,
        release=record.release,
        commit=record.commit,
        since=record.ended,
        by=record.by,
        source=record.promoted.source if record.promoted else "",
        gone=took_down(record),
    )
    key = f"{_PREFIX}{record.environment}/{_TOP - record.number:08d}-{record.number}-{record.plan[:12]}.json"
    try:
        account.tools("publish").put_if_absent(key, msgspec.json.format(msgspec.json.encode(entry, order="sorted"), indent=1))
    except DeployError as error:
        show.warn(f"the tools account does not know of it: {error.subject}: {error.fact}; the same command again tells it")


def read(account: Account, environments: tuple[str, ...]) -> Places:
    """The newest entry of each environment. ``account``: any that reaches the tools account.

    Raises:
        Denied: the tools account cannot be asked.
    """
    store = account.tools("plan")

    def newest(environment: str) -> Place | None:
        key = next(iter(store.keys(f"{_PREFIX}{environment}/", 1)), "")
        held = store.get(key) if key else None
        return decoded(held.data, Place) if held else None

    return Places(places=tuple(place for place in each(newest, list(environments)) if place))
