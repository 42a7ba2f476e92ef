"""One line a resource, and how many of each."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deploy.changes import Counts, Item
from deploy.model import NESTED
from deploy.review import causes
from deploy.review.differences import differences
from deploy.review.view import SNAPSHOTS, Entry, View

_HASH = re.compile(r"[0-9a-f]{6,64}$")


def items(view: View) -> tuple[Item, ...]:
    """In the order of the view's entries: by service as the manifest has them, then by path."""
    changed = causes.changed(view.subject)
    return tuple(_item(view, entry, changed) for entry in view.entries)


def counts(made: Iterable[Item]) -> Counts:
    """Nested stacks are no resources of their own; what is imported is taken over unchanged and counted nowhere."""
    verdicts = [item.verdict for item in made if item.type != NESTED]
    return Counts(
        add=verdicts.count("add"),
        modify=verdicts.count("modify"),
        replace=verdicts.count("replace") + verdicts.count("may replace"),
        may_replace=verdicts.count("may replace"),
        remove=verdicts.count("remove"),
        unchanged=verdicts.count("unchanged"),
    )


def _item(view: View, entry: Entry, changed: tuple[causes.Cause, ...]) -> Item:
    service = view.subject.service(entry.node[0])
    return Item(
        path=entry.path,
        service=service,
        type=entry.type,
        verdict=entry.verdict,
        physical_id=entry.physical_id,
        policy_action=entry.policy_action,
        why=snapshot(view, entry) or entry.fate.why,
        differences=differences(view, entry, changed),
        tags_change=entry.verdict != "unchanged" and _tags_change(entry),
        source=view.subject.sources.get(f"{service}/{entry.node[1]}", ""),
    )


def _tags_change(entry: Entry) -> bool:
    by_template = any(leaf.pattern.startswith(("/Properties/Tags", "/Properties/Replicas/*/Tags")) for leaf in entry.leaves)
    return by_template or (
        entry.row is not None and ("Tags" in entry.row.scope or any(one.attribute == "Tags" for one in entry.row.details))
    )


def snapshot(view: View, entry: Entry) -> str:
    """What is said of a resource that is named by the hash of what it freezes, when one comes for another."""
    if entry.type not in SNAPSHOTS or entry.verdict not in ("add", "remove"):
        return ""
    stem, other = _HASH.sub("", entry.node[1]), "remove" if entry.verdict == "add" else "add"
    partners = [one for one in view.entries if one.verdict == other and one.type == entry.type and one.node[0] == entry.node[0]]
    partner = next((one for one in partners if _HASH.sub("", one.node[1]) == stem), None)
    if partner is None:
        return ""
    return f"new version, in place of {partner.node[1]}" if entry.verdict == "add" else f"old version, {partner.node[1]} comes in its place"
