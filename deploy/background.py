"""What a review can say beyond the change set: the release that runs, and the lines and values that things come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from deploy.account import Account
from deploy.ledger import Ledger
from deploy.manifest import Manifest
from deploy.noun import Noun, decoded
from deploy.publish import manifest_key, release_of
from deploy.record import Record

if TYPE_CHECKING:
    from deploy.aws.store import Store


class Background(Noun, frozen=True, kw_only=True):
    """``last``: the deployment that made what runs; ``before``: its manifest, None where it is not known; ``places``: dotted path of a value -> file and line;
    ``sources``: ``compute/ApiFunction`` -> the builder's file and line.
    """

    release: str = ""
    commit: str | None = None
    last: Record | None = None
    before: Manifest | None = None
    places: dict[str, str] = msgspec.field(default_factory=dict)
    sources: dict[str, str] = msgspec.field(default_factory=dict)


def background(account: Account, build: Path) -> Background:
    """``build``: the folder that `generate.py` wrote. What is not there is not known, and not an error."""
    release = release_of(account, build)
    sources = _json(account.folder / "sources.json")
    store = account.store("plan", account.manifest.region)
    last = Ledger(store=store).standing()
    return Background(
        release=release.digest if release else "",
        commit=release.commit if release else None,
        last=last,
        before=manifest_of(store, last) if last else None,
        places=sources.pop("", {}),
        sources={f"{service}/{logical_id}": line for service, lines in sources.items() for logical_id, line in lines.items()},
    )


def manifest_of(store: Store, record: Record) -> Manifest | None:
    """The manifest that a deployment was made from, as it was published."""
    held = store.get(manifest_key(record.manifest))
    try:
        return decoded(held.data, Manifest) if held else None
    except msgspec.ValidationError:
        return None  # written by another version of the deployer: the review then says less about where things come from


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def lines_of(folder: Path) -> dict[str, str]:
    """Resource path -> the builder's file and line, of a build folder; a nested stack has its service's name."""
    found = {service: lines for service, lines in _json(folder / "sources.json").items() if service}
    return {f"{_title(service)}/{name}": line for service, lines in found.items() for name, line in lines.items()}


def _title(service: str) -> str:
    """``ReplicaStorage`` of ``replica_storage``."""
    return "".join(part.capitalize() for part in service.split("_"))
