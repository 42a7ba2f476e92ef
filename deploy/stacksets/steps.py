"""Which operations bring one wave to what is wanted, from where its instances stand now.

UpdateStackSet with a template or values changes the set, marks all its instances OUTDATED, and brings the new content to the targets that
it names (API reference, UpdateStackSet). So the first wave that has an instance changes the set (``change``); every later one names no
template and no values, and brings its own targets what the set has by then (``update``): nobody else's status moves. New instances are made
(``create``) with what the set has; their own values, and those of instances that stand, are ``override``.

Where a set that stands elsewhere changes and a wave has new instances alone, these are made as the set is, and changed with it: an
UpdateStackSet that named no instance would change all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from deploy.manifest import Wave
from deploy.plan import digest_of_content
from deploy.stacksets.comparing import unhidden
from deploy.stacksets.model import PREFIX, Content, Instance, Intent, Place, Row, Step

MOST_UNITS = 50
"""Organizational units that one operation takes (API reference, CreateStackInstances)."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the set and a wave's instances stand. ``before``: the set's content; ``declared``: parameters of the template that the set has;
    ``instances`` of the wave; ``own``: their own values, of those that are to have some; ``elsewhere``: whether other instances stand; ``size``: how many instances
    the wave's own targets mean, so that who reaches all of them may name the targets as they are declared; 0 where that may not be.
    """

    before: Content
    after: Content
    declared: frozenset[str]
    instances: Mapping[Place, Instance]
    own: Mapping[Place, Mapping[str, str]] = field(default_factory=dict)
    elsewhere: bool = False
    size: int = 0

    @property
    def renews(self) -> bool:
        return self.before.deployed != self.after.deployed


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Accounts that have the same regions to do."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    units: tuple[str, ...] = ()


def intent(wave: Wave, rows: tuple[Row, ...], now: Standing, prefix: str) -> Intent:
    """What is left to do in a wave. ``prefix``: of the operations' ids, of one attempt at this wave; empty where nothing is left."""
    made = [msgspec.structs.replace(step, id=_id(prefix, step)) for step in _steps(wave, rows, now)]
    return Intent(wave=wave.name, steps=tuple(made))


def prefix_of(digest: str, attempt: int, wave: str) -> str:
    """Of a plan's operations in one wave; ``attempt``: the lock's number, which whoever goes on with a killed run shares."""
    return f"{ours(digest)}{attempt}-{wave}-"


def ours(digest: str) -> str:
    """How the ids of all operations of a plan begin."""
    return f"{PREFIX}{digest[:16]}-"


def _id(prefix: str, step: Step) -> str:
    return f"{prefix}{step.kind}-{digest_of_content(msgspec.to_builtins(step))[:8]}"


def _steps(wave: Wave, rows: tuple[Row, ...], now: Standing) -> Iterator[Step]:
    new = [row for row in rows if row.place not in now.instances]
    old = [row for row in rows if (found := now.instances.get(row.place)) and not found.is_inoperable]
    stale = old if now.renews else [row for row in old if now.instances[row.place].status != "CURRENT"]
    own = [row for row in old if unhidden(now.own.get(row.place, {}), row.overrides) != row.overrides]
    if now.renews and not old and new and now.elsewhere:
        yield from _creations(wave, new, now.declared, now.size)
        yield from _changes(wave, new)
        yield from _overridden(wave, [row for row in new if set(row.overrides) - now.declared])
        return
    if now.renews and not old and new:
        yield Step(id="", kind="change")
    elif now.renews:
        yield from _changes(wave, stale)
    else:
        yield from (_step("update", group) for group in _groups(wave, stale))
    yield from _creations(wave, new, None, now.size)
    yield from _overridden(wave, own)


def _changes(wave: Wave, rows: list[Row]) -> Iterator[Step]:
    """The first one changes the set, the others bring it along."""
    for index, group in enumerate(_groups(wave, rows)):
        yield _step("update" if index else "change", group)


def _creations(wave: Wave, rows: list[Row], declared: frozenset[str] | None, size: int) -> Iterator[Step]:
    """``declared``: the parameters that can have a value of their own yet; None: all."""
    for own, alike in _by_values(rows, declared):
        for group in _groups(wave, alike):
            whole = len(group.accounts) * len(group.regions) == size
            if whole and wave.units and len(wave.units) <= MOST_UNITS:
                # As it is declared: what joins a unit later is then known to belong to the set.
                yield Step(
                    id="", kind="create", accounts=wave.accounts, units=wave.units, filter=wave.filter, regions=group.regions, overrides=own
                )
            else:
                yield msgspec.structs.replace(_step("create", group), overrides=own)


def _overridden(wave: Wave, rows: list[Row]) -> Iterator[Step]:
    for own, alike in _by_values(rows, None):
        yield from (msgspec.structs.replace(_step("override", group), overrides=own) for group in _groups(wave, alike))


def removal(rows: Iterable[Row], instances: Mapping[Place, Instance], *, retain: bool, prefix: str) -> Intent:
    """Of what the manifest does not name any more."""
    left = [row for row in rows if row.place in instances]
    regions = tuple(dict.fromkeys(row.region for row in left))
    made = [msgspec.structs.replace(_step("remove", group), retain=retain) for group in _grouped(left, regions)]
    return Intent(wave="", steps=tuple(msgspec.structs.replace(step, id=_id(prefix, step)) for step in made))


def settlement(before: Content, after: Content, prefix: str) -> Intent:
    """What no instance sees: it comes last, since AWS takes no targets with automatic deployment, and all instances are as wanted by then."""
    same = before == after or before.deployed != after.deployed
    step = Step(id=f"{prefix}settle-{sha256(repr(after).encode()).hexdigest()[:8]}", kind="settle")
    return Intent(wave="", steps=() if same else (step,))


def _step(kind: Any, group: _Group) -> Step:
    return Step(id="", kind=kind, accounts=group.accounts, regions=group.regions, units=group.units)


def _by_values(rows: list[Row], declared: frozenset[str] | None) -> Iterator[tuple[dict[str, str], list[Row]]]:
    found: dict[str, tuple[dict[str, str], list[Row]]] = {}
    for row in rows:
        own = {name: value for name, value in row.overrides.items() if declared is None or name in declared}
        found.setdefault(digest_of_content(own), (own, []))[1].append(row)
    yield from found.values()


def _groups(wave: Wave, rows: list[Row]) -> Iterator[_Group]:
    return _grouped(rows, wave.regions)


def _grouped(rows: list[Row], order: tuple[str, ...]) -> Iterator[_Group]:
    """An operation reaches accounts times regions: accounts that need the same regions go together, and units by the fifty."""
    regions: dict[str, list[str]] = {}
    unit = {row.account: row.unit for row in rows}
    for row in rows:
        regions.setdefault(row.account, []).append(row.region)
    alike: dict[tuple[str, ...], list[str]] = {}
    for account, found in regions.items():
        alike.setdefault(tuple(sorted(found, key=order.index)), []).append(account)
    for places, accounts in alike.items():
        units = tuple(dict.fromkeys(unit[account] for account in accounts if unit[account]))
        for start in range(0, max(len(units), 1), MOST_UNITS):
            some = units[start : start + MOST_UNITS]
            chosen = tuple(account for account in accounts if not units or unit[account] in some or (not unit[account] and start == 0))
            yield _Group(accounts=chosen, regions=places, units=some)
