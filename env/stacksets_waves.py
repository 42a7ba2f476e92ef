"""Rules over the waves of one StackSet: together they are its targets, each once, and each says how it goes over its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from env.document import Path_
from env.stacksets import Preferences, StackSet, Wave

Found = tuple[Path_, str]

MOST_UNITS = 50
"""Of one call (API reference, CreateStackInstances)."""


def _waves_reach_something(one: StackSet) -> Iterator[Found]:
    """A wave of nothing would pass as a canary that proves everything."""
    for index, wave in enumerate(one.waves):
        path: Path_ = ("waves", index)
        if not one.is_service_managed and not wave.accounts:
            yield (*path, "accounts"), f"wave {wave.name} reaches nothing: name accounts of the targets, or leave the wave out"
        if one.is_service_managed and not wave.units:
            yield (*path, "units"), f"wave {wave.name} reaches nothing: name units of the targets, or leave the wave out"
        if one.is_service_managed and wave.filter == "none" and wave.accounts:
            yield (*path, "filter"), "is missing: say what the accounts are for: intersection, difference or union"
        if one.is_service_managed and wave.filter != "none" and not wave.accounts:
            yield (*path, "accounts"), f"is missing: filter {wave.filter} goes by a list of accounts"
        if len(wave.units) > MOST_UNITS:
            yield (
                (*path, "units"),
                f"{len(wave.units)} units: CloudFormation takes {MOST_UNITS} in a call; make more waves, or name their parent",
            )


def _waves_reach_targets(one: StackSet) -> Iterator[Found]:
    for index, wave in enumerate(one.waves):
        for key in ("accounts", "units"):
            known = getattr(one.targets, key)
            # A service-managed set's list of accounts only filters its units.
            if key == "accounts" and one.is_service_managed and not known:
                continue
            for position, item in enumerate(getattr(wave, key)):
                if item not in known:
                    yield ("waves", index, key, position), f"{item} is none of the set's targets: name it in targets.{key}, or leave it out"


def _accounts_stand_in_one_wave(one: StackSet) -> Iterator[Found]:
    """Accounts times regions, each in one wave and in no second one."""
    if one.is_service_managed:
        return
    taken: dict[tuple[str, str], str] = {}
    for index, wave in enumerate(one.waves):
        for position, account in enumerate(wave.accounts):
            if account in wave.accounts[:position]:
                continue  # which is said already
            earlier = sorted({taken[account, region] for region in one.regions(wave) if (account, region) in taken})
            if earlier:
                yield (
                    ("waves", index, "accounts", position),
                    f"{account} is in wave {' and '.join(earlier)} already: an instance is in one wave",
                )
            taken.update({(account, region): wave.name for region in one.regions(wave)})
    for position, account in enumerate(one.targets.accounts):
        left = [region for region in one.targets.regions if (account, region) not in taken]
        if left:
            where = "" if len(left) == len(one.targets.regions) else f" with {', '.join(left)}"
            yield ("targets", "accounts", position), f"{account} is in no wave{where}: add it to one, or leave it out"


def _units_stand_in_one_wave(one: StackSet) -> Iterator[Found]:
    """A unit is one wave's, or is divided by lists of accounts: waves that take those alone, and one that takes all but those."""
    if not one.is_service_managed:
        return
    for position, unit in enumerate(one.targets.units):
        for region in one.targets.regions:
            waves = [(index, wave) for index, wave in enumerate(one.waves) if unit in wave.units and region in one.regions(wave)]
            found = [*_unit_in_waves(unit, position, region, waves)]
            yield from found
            if found:
                break


def _unit_in_waves(unit: str, position: int, region: str, waves: Sequence[tuple[int, Wave]]) -> Iterator[Found]:
    whole = [(index, wave) for index, wave in waves if wave.filter in ("none", "union")]
    rest = [(index, wave) for index, wave in waves if wave.filter == "difference"]
    parts = [(index, wave) for index, wave in waves if wave.filter == "intersection"]
    for index, _ in (*whole, *rest)[1:] if whole else rest[1:]:
        first = (*whole, *rest)[0][1]
        yield ("waves", index, "units"), f"{unit} is in wave {first.name} already: an account is in one wave"
    if whole and parts:
        yield ("waves", parts[0][0], "units"), f"{unit} is in wave {whole[0][1].name} as a whole: filter it there with difference"
    listed: dict[str, str] = {}
    for index, wave in parts:
        for place, account in enumerate(wave.accounts):
            if account in listed:
                yield ("waves", index, "accounts", place), f"{account} is in wave {listed[account]} already: an account is in one wave"
            listed[account] = wave.name
    if not whole and not rest:
        what = (
            f"accounts of {unit} outside of {', '.join(wave.name for _, wave in parts)} are in no wave"
            if parts
            else f"{unit} is in no wave"
        )
        yield ("targets", "units", position), f"{what} of {region}: add one{' with filter difference' if parts else ', or leave it out'}"
    for index, wave in rest[:1] if not whole else ():
        yield from (
            (("waves", index, "accounts"), f"{account} is left out here, and in no other wave")
            for account in wave.accounts
            if account not in listed
        )
        yield from (
            (("waves", index, "accounts"), f"{account} is not left out here, and in wave {name} already: an account is in one wave")
            for account, name in listed.items()
            if account not in wave.accounts
        )


def _preferences_agree(one: StackSet) -> Iterator[Found]:
    yield from _both(("preferences",), one.preferences)
    told = False
    for index, wave in enumerate(one.waves):
        path: Path_ = ("waves", index, "preferences")
        if wave.preferences is not None:
            yield from _both(path, wave.preferences)
        own = one.preferred(wave)
        count = None if one.is_service_managed else len(set(wave.accounts))
        if problem := _slower_than_asked(own, count):
            if wave.preferences is None and told:
                continue
            told = told or wave.preferences is None
            yield (*(path if wave.preferences else ("preferences",)), _asked(own)), problem


def _both(path: Path_, own: Preferences) -> Iterator[Found]:
    for one, other in (("tolerance", "tolerance_percent"), ("concurrency", "concurrency_percent")):
        if getattr(own, one) is not None and getattr(own, other) is not None:
            yield (*path, other), f"stands beside {one}: CloudFormation takes one of them, keep one"


def _asked(own: Preferences) -> str:
    return "concurrency" if own.concurrency is not None else "concurrency_percent"


def _slower_than_asked(own: Preferences, accounts: int | None) -> str | None:
    """In strict mode CloudFormation works on no more accounts at a time than the tolerance and one (StackSetOperationPreferences)."""
    if own.mode == "soft" or (own.concurrency is None and own.concurrency_percent is None):
        return None
    tolerance, concurrency = (
        _number(own.tolerance, own.tolerance_percent, accounts, 0),
        _number(own.concurrency, own.concurrency_percent, accounts, 1),
    )
    if tolerance is None or concurrency is None or concurrency <= tolerance + 1:
        return None
    asked = f"{own.concurrency}" if own.concurrency is not None else f"{own.concurrency_percent} percent, {concurrency} accounts,"
    return f"{asked} with tolerance {tolerance} works on {tolerance + 1} at a time: a higher tolerance, a lower concurrency, or mode soft"


def _number(count: int | None, percent: int | None, accounts: int | None, least: int) -> int | None:
    """None where nobody knows before AWS does. Percentages are rounded down, the concurrency to one at least."""
    if count is not None:
        return count
    if percent is None:
        return least
    return None if accounts is None else max(least, accounts * percent // 100)


WAVES = (_waves_reach_something, _waves_reach_targets, _accounts_stand_in_one_wave, _units_stand_in_one_wave, _preferences_agree)
