"""Rules over several fields of one environment, and over several environments: a list of small functions each."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING

from env.document import Path_, Problem, dotted
from env.model import Environment, Tools
from env.regions import PARTITIONS, REGIONS
from env.settings import defaults_fit, settings_are_whole, settings_fit_a_function

if TYPE_CHECKING:
    from env.draft import Draft
    from env.recovery import Blocks

# A bucket's name is project-thing-account-region-environment in 63 characters (CreateBucket): 12 for the account, 14 for a
# long region, 4 hyphens, and 12 for a thing that people still recognise leave this for project and environment.
LONG_REGION = 14
LONGEST_TOGETHER = 63 - 12 - LONG_REGION - 4 - 12
# What one certificate's name may have (RequestCertificate: "the first domain name ... cannot exceed 64 octets").
LONGEST_DOMAIN = 64

Found = tuple[Path_, str]
Block = tuple[int, int]


def within(draft: Draft, env: Environment) -> Iterator[Problem]:
    """Everything wrong with one environment as a whole."""
    for rule in WITHIN:
        for path, message in rule(env):
            yield draft.at(*path).problem(dotted(path), message)


def between(drafts: Iterable[Draft], tools: Draft, wanted: Container[str]) -> Iterator[Problem]:
    """Everything wrong between environments, said in the files of those that were asked for."""
    loaded = [(draft, draft.made) for draft in drafts if isinstance(draft.made, Environment)]
    for (subject, made), (peer, other) in permutations(loaded, 2):
        for rule in BETWEEN if subject.name in wanted else ():
            for path, message in rule(made, other):
                yield subject.at(*path).problem(dotted(path), message.replace("<other>", peer.name))
    if isinstance(tools.made, Tools):
        yield from _tools([(draft, made) for draft, made in loaded if draft.name in wanted], tools, tools.made)


def way(tools: Draft, known: Container[str]) -> Iterator[Problem]:
    """A release goes through environments that there are, each once."""
    names = tools.made.pipeline.environments if isinstance(tools.made, Tools) else ()
    for index, name in enumerate(names):
        path = ("pipeline", "environments", index)
        if name not in known:
            yield tools.at(*path).problem(dotted(path), f"there is no environment {name}")
        elif name in names[:index]:
            yield tools.at(*path).problem(dotted(path), f"{name} stands here twice")


def _tools(loaded: list[tuple[Draft, Environment]], tools: Draft, account: Tools) -> Iterator[Problem]:
    if account.region not in REGIONS:
        yield tools.at("region").problem("region", f"{account.region} is no region of AWS")
    for draft, made in loaded:
        if made.account == account.account:
            message = f"{made.account} is the tools account's: each environment has an account of its own"
            yield draft.at("account").problem("account", message)
        if _apart(made.region, account.region):
            message = f"{made.region} is in another partition of AWS than the tools account's {account.region}: no role reaches across"
            yield draft.at("region").problem("region", message)


def _apart(one: str, other: str) -> bool:
    """Whether two regions that exist lie in different partitions of AWS."""
    return {one, other} <= REGIONS and PARTITIONS[one] != PARTITIONS[other]


@lru_cache(maxsize=4096)
def block(text: str) -> Block | None:
    """First and last address of a block as numbers; None where it is none, or has bits set behind its prefix."""
    address, _, prefix = text.partition("/")
    numbers = [int(part) for part in (*address.split("."), prefix)]
    # 010 is 8 to some programs and 10 to others.
    if ".".join(map(str, numbers)) != f"{address}.{prefix}":
        return None
    *parts, length = numbers
    if length > 32 or any(part > 255 for part in parts):
        return None
    first = parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]
    size = 1 << (32 - length)
    return None if first % size else (first, first + size - 1)


def overlap(one: Block, other: Block) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _vpcs(env: Environment) -> list[tuple[Path_, Blocks]]:
    """The environment's own, and that of its second region."""
    there = env.disaster_recovery
    return [(("network",), env.network), *([(("disaster_recovery", "network"), there.network)] if there else [])]


def _subnets(where: Path_, vpc: Blocks) -> list[tuple[Path_, str]]:
    return [((*where, tier, index), text) for tier in ("public", "private") for index, text in enumerate(getattr(vpc, tier))]


def _blocks_are_blocks(env: Environment) -> Iterator[Found]:
    for where, vpc in _vpcs(env):
        for path, text in [((*where, "cidr"), vpc.cidr), *_subnets(where, vpc)]:
            if block(text) is None:
                yield path, f"{text} is no address block: parts from 0 to 255 without leading zeros, nothing set behind the prefix"
            elif not 16 <= int(text.partition("/")[2]) <= 28:
                yield path, f"{text}: a VPC and its subnets take /16 to /28"


def _subnets_lie_in_the_vpc(env: Environment) -> Iterator[Found]:
    for where, vpc in _vpcs(env):
        around = block(vpc.cidr)
        for path, text in _subnets(where, vpc):
            subnet = block(text)
            if around and subnet and not (around[0] <= subnet[0] and subnet[1] <= around[1]):
                yield path, f"{text} lies outside the VPC's {vpc.cidr}"


def _subnets_do_not_overlap(env: Environment) -> Iterator[Found]:
    for where, vpc in _vpcs(env):
        for (first, one), (second, other) in combinations(_subnets(where, vpc), 2):
            left, right = block(one), block(other)
            if left and right and overlap(left, right):
                yield second, f"{other} overlaps {one} of {dotted(first)}"


def _second_vpc_is_apart(env: Environment) -> Iterator[Found]:
    """The two may be joined by a peering, whose routes know no region."""
    for path, vpc in _vpcs(env)[1:]:
        left, right = block(env.network.cidr), block(vpc.cidr)
        if left and right and overlap(left, right):
            yield (*path, "cidr"), f"{vpc.cidr} overlaps the environment's own VPC {env.network.cidr}: each region has addresses of its own"


def _domain_is_in_a_zone(env: Environment) -> Iterator[Found]:
    """A certificate's own name takes 64 characters (RFC 5280, ub-common-name), and ACM refuses a longer one as the first."""
    domain = env.disaster_recovery.domain if env.disaster_recovery else None
    if domain and len(domain.name) > LONGEST_DOMAIN:
        yield ("disaster_recovery", "domain", "name"), f"{len(domain.name)} characters; a certificate takes {LONGEST_DOMAIN}"


def _regions_exist(env: Environment) -> Iterator[Found]:
    if env.region not in REGIONS:
        yield ("region",), f"{env.region} is no region of AWS"
    if env.disaster_recovery and env.disaster_recovery.region not in REGIONS:
        yield ("disaster_recovery", "region"), f"{env.disaster_recovery.region} is no region of AWS"


def _recovery_is_elsewhere(env: Environment) -> Iterator[Found]:
    if env.disaster_recovery and env.disaster_recovery.region == env.region:
        yield ("disaster_recovery", "region"), f"is the environment's own region {env.region}: name another one, or null"
    elif env.disaster_recovery and _apart(env.region, env.disaster_recovery.region):
        yield ("disaster_recovery", "region"), f"is in another partition of AWS than {env.region}: nothing is copied across"


def _bucket_names_fit(env: Environment) -> Iterator[Found]:
    longest = max(len(env.region), len(env.disaster_recovery.region) if env.disaster_recovery else 0)
    room = LONGEST_TOGETHER - max(0, longest - LONG_REGION)
    if len(env.project) + len(env.name) > room:
        yield (), f"project {env.project} and environment {env.name} make bucket names longer than 63 characters: at most {room} together"


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


def _windows_end_after_they_begin(env: Environment) -> Iterator[Found]:
    for index, window in enumerate(env.promotion.windows):
        if window.begin >= window.end:
            yield ("promotion", "windows", index, "end"), f"{window.end} is not after begin {window.begin}: a window lies within one day"


def _freezes_are_dates(env: Environment) -> Iterator[Found]:
    for index, freeze in enumerate(env.promotion.freezes):
        wrong = [key for key in ("first", "last") if not _is_date(getattr(freeze, key))]
        yield from ((("promotion", "freezes", index, key), f"{getattr(freeze, key)} is no date of the calendar") for key in wrong)
        if not wrong and freeze.first > freeze.last:
            yield ("promotion", "freezes", index, "last"), f"{freeze.last} is before first {freeze.first}"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


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
    for (path, vpc), (_, peer) in product(_vpcs(one), _vpcs(other)):
        left, right = block(vpc.cidr), block(peer.cidr)
        if left and right and overlap(left, right):
            yield (*path, "cidr"), "overlaps the VPC of <other>: each environment has addresses of its own"


WITHIN: tuple[Callable[[Environment], Iterator[Found]], ...] = (
    _blocks_are_blocks,
    _subnets_lie_in_the_vpc,
    _subnets_do_not_overlap,
    _second_vpc_is_apart,
    _domain_is_in_a_zone,
    _regions_exist,
    _recovery_is_elsewhere,
    _bucket_names_fit,
    _transition_comes_before_expiry,
    _queue_fits_the_function,
    _burst_is_not_below_rate,
    _datapoints_fit_periods,
    _authorization_has_its_pool,
    settings_are_whole,
    defaults_fit,
    settings_fit_a_function,
    _functions_leave_concurrency,
    _windows_end_after_they_begin,
    _freezes_are_dates,
)
BETWEEN: tuple[Callable[[Environment, Environment], Iterator[Found]], ...] = (_accounts_differ, _vpcs_do_not_overlap)
