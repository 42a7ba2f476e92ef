"""Rules over one StackSet, and over all of them: a list of small functions each. What needs a template is in `templates/stacksets.py`."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from env.document import Path_, Problem, dotted
from env.regions import PARTITIONS, REGIONS
from env.stacksets import StackSet, StackSets
from env.stacksets_waves import WAVES

if TYPE_CHECKING:
    from env.draft import Draft
    from env.model import Tools

Found = tuple[Path_, str]

# User guide, "Understand CloudFormation quotas"; AWS raises both for whoever asks.
MOST_SETS = 1_000
MOST_INSTANCES = 100_000
# The same page: of a parameter's value.
MOST_VALUE_BYTES = 4_096


def wrong_in_sets(draft: Draft, sets: StackSets, tools: Tools | None, environments: Container[str]) -> Iterator[Problem]:
    """Everything wrong with the sets as a whole. ``environments``: the names that there are."""
    home = tools.region if tools and tools.region in REGIONS else None
    found = [*_over_all(sets)]
    for name, one in sets.stack_sets.items():
        own = [found for rule in WITHIN for found in rule(one)]
        own += [
            *_not_the_management_account(one, sets.management_account),
            *_environments_exist(one, environments),
            *_one_partition(one, home),
        ]
        found += [(("stack_sets", name, *path), message) for path, message in own]
    for path, message in found:
        yield draft.at(*path).problem(dotted(path), message)


def _over_all(sets: StackSets) -> Iterator[Found]:
    yield from _names_in_aws_differ(sets)
    yield from _waits_for_known_sets(sets)
    yield from _waits_in_no_circle(sets)
    if len(sets.stack_sets) > MOST_SETS:
        yield (
            ("stack_sets",),
            f"{len(sets.stack_sets):,} sets: an account administers {MOST_SETS:,} at most; ask AWS for more, or use a second account",
        )


def _names_in_aws_differ(sets: StackSets) -> Iterator[Found]:
    named = [(name, one.set_name) for name, one in sets.stack_sets.items() if one.set_name]
    for (first, one), (second, other) in combinations(named, 2):
        if one == other:
            yield ("stack_sets", second, "set_name"), f"{other} is the name of {first} too: one StackSet of AWS cannot be two"


def _waits_for_known_sets(sets: StackSets) -> Iterator[Found]:
    for name, one in sets.stack_sets.items():
        for index, other in enumerate(one.auto_deployment.depends_on if one.auto_deployment else ()):
            path = ("stack_sets", name, "auto_deployment", "depends_on", index)
            known = sets.stack_sets.get(other)
            if known is None:
                yield path, f"there is no set {other}{_near(other, sets.stack_sets)}"
            elif not known.is_service_managed:
                yield path, f"{other} is self-managed: it comes to no new account by itself, so nothing can wait for it"


def _waits_in_no_circle(sets: StackSets) -> Iterator[Found]:
    waits = {name: one.auto_deployment.depends_on if one.auto_deployment else () for name, one in sets.stack_sets.items()}
    for name in waits:
        if (way := _way_back(name, waits)) and name == min(way):
            path = ("stack_sets", name, "auto_deployment", "depends_on")
            yield path, f"goes in a circle: {' -> '.join((*way, name))}; none of them could come first"


def _way_back(name: str, waits: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The way from a set over what it waits for to itself; empty where there is none."""
    seen, ways = set[str](), list[tuple[str, ...]]([(name,)])
    while ways:
        way = ways.pop(0)
        for other in waits.get(way[-1], ()):
            if other == name:
                return way
            if other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return ()


def _near(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f": did you mean {close[0]}?" if close else ""


def _environments_exist(one: StackSet, environments: Container[str]) -> Iterator[Found]:
    if one.environment is not None and one.environment not in environments:
        yield ("environment",), f"there is no environment {one.environment}"


def _not_the_management_account(one: StackSet, management: str) -> Iterator[Found]:
    """StackSets with service-managed permissions never deploy there; a role for others to assume does not belong there either."""
    for path, account in _accounts(one):
        if account == management:
            yield path, f"{account} is the management account: no set goes there, deploy a stack of its own in it"


def _accounts(one: StackSet) -> Iterator[tuple[Path_, str]]:
    yield from ((("targets", "accounts", index), account) for index, account in enumerate(one.targets.accounts))


def _one_partition(one: StackSet, home: str | None) -> Iterator[Found]:
    for index, region in enumerate(one.targets.regions):
        if home and region in REGIONS and PARTITIONS[region] != PARTITIONS[home]:
            yield (
                ("targets", "regions", index),
                f"{region} is in another partition of AWS than the tools account's {home}: no role reaches across",
            )


def _one_template(one: StackSet) -> Iterator[Found]:
    if one.template is None and not one.services:
        yield ("template",), "is missing: name a template, or an environment with services"
    elif one.template is not None and (one.services or one.environment):
        yield ("template",), "stands beside environment and services: a set has one template, keep one of them"
    if one.services and one.environment is None:
        yield ("environment",), "is missing: services are copied from an environment"
    elif one.environment is not None and not one.services and one.template is None:
        yield ("services",), "is missing: name the services that are copied"
    yield from _twice(("services",), one.services)


def _roles_fit_the_permissions(one: StackSet) -> Iterator[Found]:
    for key in ("administration_role", "execution_role") if one.is_service_managed else ():
        if getattr(one, key) is not None:
            yield (key,), "is set, but permissions are service-managed: AWS makes the roles, leave it out"
    if not one.is_service_managed and one.auto_deployment is not None:
        yield ("auto_deployment",), "is set, but permissions are self-managed: it follows an organization's units, leave it out"


def _targets_fit_the_permissions(one: StackSet) -> Iterator[Found]:
    if one.is_service_managed and not one.targets.units:
        yield (
            ("targets", "units"),
            "is missing: a service-managed set goes to organizational units, with a list of accounts as a filter of waves",
        )
    if not one.is_service_managed and one.targets.units:
        yield ("targets", "units"), "is set, but permissions are self-managed: name the accounts"
    if not one.is_service_managed and not one.targets.accounts:
        yield ("targets", "accounts"), "is missing: a self-managed set goes to accounts by their ids"
    for index, wave in enumerate(one.waves):
        if not one.is_service_managed and wave.units:
            yield ("waves", index, "units"), "is set, but permissions are self-managed: name the accounts"
        if not one.is_service_managed and wave.filter != "none":
            yield ("waves", index, "filter"), "is set, but permissions are self-managed: there are no units to filter"


def _stands_once(one: StackSet) -> Iterator[Found]:
    for key in ("accounts", "units", "regions"):
        yield from _twice(("targets", key), getattr(one.targets, key))
        for index, wave in enumerate(one.waves):
            yield from _twice(("waves", index, key), getattr(wave, key))
    yield from (
        (("waves", index, "name"), f"{wave.name} is the name of an earlier wave too")
        for index, wave in enumerate(one.waves)
        if wave.name in [other.name for other in one.waves[:index]]
    )


def _twice(path: Path_, items: Sequence[str]) -> Iterator[Found]:
    yield from (((*path, index), f"{item} stands here twice") for index, item in enumerate(items) if item in items[:index])


def _regions_exist(one: StackSet) -> Iterator[Found]:
    for index, region in enumerate(one.targets.regions):
        if region not in REGIONS:
            yield ("targets", "regions", index), f"{region} is no region of AWS{_near(region, REGIONS)}"
    for index, wave in enumerate(one.waves):
        for position, region in enumerate(wave.regions):
            if region not in one.targets.regions:
                yield ("waves", index, "regions", position), f"{region} is none of the set's regions: {', '.join(one.targets.regions)}"


def _overrides_fit_the_targets(one: StackSet) -> Iterator[Found]:
    listed = {account for wave in one.waves for account in wave.accounts} if one.is_service_managed else set()
    for index, override in enumerate(one.overrides):
        path: Path_ = ("overrides", index)
        if not override.accounts and not override.regions:
            yield path, "is for every instance: put its values into parameters"
        for position, account in enumerate(override.accounts):
            known = {*one.targets.accounts, *listed}
            # Nobody knows here which accounts a unit has.
            if account not in known and not (one.is_service_managed and not one.targets.accounts):
                yield (*path, "accounts", position), f"{account} is none of the set's targets"
        for position, region in enumerate(override.regions):
            if region not in one.targets.regions:
                yield (*path, "regions", position), f"{region} is none of the set's regions: {', '.join(one.targets.regions)}"


def _values_are_not_too_long(one: StackSet) -> Iterator[Found]:
    sections: list[tuple[Path_, Mapping[str, str]]] = [(("parameters",), one.parameters)]
    sections += [(("overrides", index, "parameters"), override.parameters) for index, override in enumerate(one.overrides)]
    for path, values in sections:
        for name, value in values.items():
            if (size := len(value.encode())) > MOST_VALUE_BYTES:
                yield (*path, name), f"{size:,} bytes: CloudFormation takes {MOST_VALUE_BYTES:,} as a parameter's value"


def _instances_are_not_too_many(one: StackSet) -> Iterator[Found]:
    count = len(one.targets.accounts) * len(one.targets.regions)
    if not one.is_service_managed and count > MOST_INSTANCES:
        yield ("targets",), f"{count:,} instances: a set has {MOST_INSTANCES:,} at most; make two sets of it"


WITHIN: tuple[Callable[[StackSet], Iterator[Found]], ...] = (
    _one_template,
    _roles_fit_the_permissions,
    _targets_fit_the_permissions,
    _stands_once,
    _regions_exist,
    *WAVES,
    _overrides_fit_the_targets,
    _values_are_not_too_long,
    _instances_are_not_too_many,
)
