"""Rules over several fields of one environment, and over several environments: a list of small functions each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from env.document import Path_, Place, Problem, dotted
from env.model import Environment, Tools
from env.regions import REGIONS

if TYPE_CHECKING:
    from env.draft import Draft

Found = tuple[Path_, str]
Block = tuple[int, int]


def within(draft: Draft, env: Environment) -> Iterator[Problem]:
    """Everything wrong with one environment as a whole."""
    for rule in WITHIN:
        for path, message in rule(env):
            yield draft.at(*path).problem(dotted(path), message)


def between(drafts: Iterable[Draft], tools: Draft) -> Iterator[Problem]:
    """Everything wrong between environments, said at the later of the two."""
    loaded = [draft for draft in drafts if isinstance(draft.environment, Environment)]
    for one, other in combinations(loaded, 2):
        assert isinstance(one.environment, Environment)
        assert isinstance(other.environment, Environment)
        for rule in BETWEEN:
            for path, message in rule(one.environment, other.environment):
                for subject, peer in ((other, one), (one, other)):
                    yield subject.at(*path).problem(dotted(path), message.replace("<other>", peer.name))
    if isinstance(tools.environment, Tools):
        yield from _tools(loaded, tools, tools.environment)


def _tools(drafts: list[Draft], tools: Draft, made: Tools) -> Iterator[Problem]:
    if made.region not in REGIONS:
        yield tools.at("region").problem("region", f"{made.region} is no region of AWS")
    for draft in drafts:
        assert isinstance(draft.environment, Environment)
        if draft.environment.account == made.account:
            place: Place = draft.at("account")
            yield place.problem("account", f"{made.account} is the tools account's: each environment has an account of its own")


def block(text: str) -> Block | None:
    """First and last address of a block as numbers; None where it is none, or has bits set behind its prefix."""
    address, _, prefix = text.partition("/")
    parts = [int(part) for part in address.split(".")]
    length = int(prefix)
    if length > 32 or any(part > 255 for part in parts):
        return None
    first = parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]
    size = 1 << (32 - length)
    return None if first % size else (first, first + size - 1)


def overlap(one: Block, other: Block) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _subnets(env: Environment) -> list[tuple[Path_, str]]:
    return [(("network", tier, index), text) for tier in ("public", "private") for index, text in enumerate(getattr(env.network, tier))]


def _blocks_are_blocks(env: Environment) -> Iterator[Found]:
    for path, text in [(("network", "cidr"), env.network.cidr), *_subnets(env)]:
        if block(text) is None:
            yield path, f"{text} is no address block: each part is at most 255, and nothing is set behind the prefix"
        elif not 16 <= int(text.partition("/")[2]) <= 28:
            yield path, f"{text}: a VPC and its subnets take /16 to /28"


def _subnets_lie_in_the_vpc(env: Environment) -> Iterator[Found]:
    vpc = block(env.network.cidr)
    for path, text in _subnets(env):
        subnet = block(text)
        if vpc and subnet and not (vpc[0] <= subnet[0] and subnet[1] <= vpc[1]):
            yield path, f"{text} lies outside the VPC's {env.network.cidr}"


def _subnets_do_not_overlap(env: Environment) -> Iterator[Found]:
    for (first, one), (second, other) in combinations(_subnets(env), 2):
        left, right = block(one), block(other)
        if left and right and overlap(left, right):
            yield second, f"{other} overlaps {one} of {dotted(first)}"


def _regions_exist(env: Environment) -> Iterator[Found]:
    if env.region not in REGIONS:
        yield ("region",), f"{env.region} is no region of AWS"
    if env.disaster_recovery and env.disaster_recovery.region not in REGIONS:
        yield ("disaster_recovery", "region"), f"{env.disaster_recovery.region} is no region of AWS"


def _recovery_is_elsewhere(env: Environment) -> Iterator[Found]:
    if env.disaster_recovery and env.disaster_recovery.region == env.region:
        yield ("disaster_recovery", "region"), f"is the environment's own region {env.region}: name another one, or null"


def _transition_comes_before_expiry(env: Environment) -> Iterator[Found]:
    """PutBucketLifecycleConfiguration refuses an expiry that is not later than the transition."""
    storage = env.storage
    if storage.expiry_days and storage.transition_days and storage.transition_days >= storage.expiry_days:
        yield (
            ("storage", "transition_days"),
            f"{storage.transition_days} days is not before expiry_days {storage.expiry_days}, which S3 refuses: set null here, or a later expiry",
        )
    if storage.noncurrent_transition_days >= storage.noncurrent_days:
        yield (
            ("storage", "noncurrent_transition_days"),
            f"{storage.noncurrent_transition_days} days is not before noncurrent_days {storage.noncurrent_days}, which S3 refuses",
        )


def _queue_fits_the_function(env: Environment) -> Iterator[Found]:
    """Messages of a source that runs more functions than are reserved are throttled into the dead-letter queue."""
    if env.queue.maximum_concurrency > env.functions.reserved_concurrency:
        yield (
            ("queue", "maximum_concurrency"),
            f"{env.queue.maximum_concurrency} is more than lambda.reserved_concurrency {env.functions.reserved_concurrency}: messages would be throttled",
        )


def _burst_is_not_below_rate(env: Environment) -> Iterator[Found]:
    if env.api.throttle_burst < env.api.throttle_rate:
        yield (
            ("api", "throttle_burst"),
            f"{env.api.throttle_burst} is below throttle_rate {env.api.throttle_rate}, which could never be reached",
        )


def _datapoints_fit_periods(env: Environment) -> Iterator[Found]:
    alarms = env.alarms
    if alarms.datapoints_to_alarm > alarms.evaluation_periods:
        yield ("alarms", "datapoints_to_alarm"), f"{alarms.datapoints_to_alarm} is more than evaluation_periods {alarms.evaluation_periods}"


def _authorization_has_its_pool(env: Environment) -> Iterator[Found]:
    if env.api.authorization == "COGNITO_USER_POOLS" and env.api.user_pool is None:
        yield ("api", "user_pool"), "is missing: authorization COGNITO_USER_POOLS needs the pool's id"
    if env.api.authorization != "COGNITO_USER_POOLS" and env.api.user_pool is not None:
        yield ("api", "user_pool"), f"is set, but authorization is {env.api.authorization}: set null"


def _settings_have_their_type(env: Environment) -> Iterator[Found]:
    fits: dict[str, tuple[Callable[[str], bool], str]] = {
        "number": (lambda text: text.removeprefix("-").isdecimal(), "a whole number in quotes"),
        "switch": (lambda text: text in ("on", "off"), '"on" or "off"'),
        "text": (lambda text: bool(text.strip()), "a text"),
    }
    for name, setting in env.runtime.settings.items():
        check, words = fits[setting.type]
        if not check(setting.default):
            yield ("runtime", "settings", name, "default"), f'expected {words} for type {setting.type}, found "{setting.default}"'


def _functions_leave_concurrency(env: Environment) -> Iterator[Found]:
    """Lambda keeps 100 of an account's concurrency unreserved (PutFunctionConcurrency); a new account has 1,000 in all."""
    functions_with_reserve, account, unreserved = 2, 1000, 100
    used = env.functions.reserved_concurrency * functions_with_reserve + 1
    if used > account - unreserved:
        yield ("lambda", "reserved_concurrency"), f"{used} over all functions leaves less than {unreserved} of an account's {account}"


def _accounts_differ(one: Environment, other: Environment) -> Iterator[Found]:
    if one.account == other.account:
        yield ("account",), f"{one.account} is the account of <other> too: each environment has an account of its own"


def _vpcs_do_not_overlap(one: Environment, other: Environment) -> Iterator[Found]:
    left, right = block(one.network.cidr), block(other.network.cidr)
    if left and right and overlap(left, right):
        yield ("network", "cidr"), "overlaps the VPC of <other>: each environment has addresses of its own"


WITHIN: tuple[Callable[[Environment], Iterator[Found]], ...] = (
    _blocks_are_blocks,
    _subnets_lie_in_the_vpc,
    _subnets_do_not_overlap,
    _regions_exist,
    _recovery_is_elsewhere,
    _transition_comes_before_expiry,
    _queue_fits_the_function,
    _burst_is_not_below_rate,
    _datapoints_fit_periods,
    _authorization_has_its_pool,
    _settings_have_their_type,
    _functions_leave_concurrency,
)
BETWEEN: tuple[Callable[[Environment, Environment], Iterator[Found]], ...] = (_accounts_differ, _vpcs_do_not_overlap)
