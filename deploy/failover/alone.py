"""A region by itself: the environment as if it had no other, so that everything that reads its own region first works while another is out.

Its lock, its ledger, its templates and its roles are the region's own; bootstrap has made them there.
"""

from __future__ import annotations

import msgspec

from deploy import lock
from deploy.account import Account
from deploy.errors import OutcomeUnknown


def alone(account: Account, region: str) -> Account:
    """The same account and release with this region's stacks, bucket and roles alone."""
    manifest = account.manifest
    own = msgspec.structs.replace(
        manifest,
        region=region,
        roles=account.roles(region),
        artifacts=tuple(one for one in manifest.artifacts if one.region == region),
        bootstraps=tuple(one for one in manifest.bootstraps if one.region == region),
        stacks=tuple(one for one in manifest.stacks if one.region == region),
        drift=tuple(one for one in manifest.drift if one.region == region),
        failover=None,
    )
    return Account(manifest=own, data=account.data, folder=account.folder, sessions=account.sessions, source=account.source)


def in_haste(account: Account) -> Account:
    """The same account for one who does not wait long for a region that may be out."""
    return Account(
        manifest=account.manifest, data=account.data, folder=account.folder, sessions=account.sessions.in_haste(), source=account.source
    )


def silence(account: Account, region: str) -> str:
    """Why a region does not answer; empty where it does. STS and S3 are asked there, since nothing can be done without them."""
    try:
        in_haste(alone(account, region)).store("plan", region).has(lock.KEY)
    except OutcomeUnknown as error:
        return f"{error.subject}: {error.fact}"
    return ""
