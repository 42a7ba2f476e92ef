"""Whether traffic may move, one pure function a question: each looks at facts alone, and says ok, warns or refuses with its reason.

What cannot be asked because a region is out is said with what bounds it, and ends nothing: that is when a failover is needed. Going back is
stricter: there is time, so everything has to be through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from deploy.errors import Invalid
from deploy.failover.facts import Copies, Facts, Judged, Objects, Readiness, Unknown

RTC_MINUTES = 15
"""S3 Replication Time Control: most objects in seconds, 99.99 % within 15 minutes (S3 user guide); without it S3 promises no time."""
USUAL_LAG_MS = 1_000
"""Global tables: an item is in the other region within a second, usually (DynamoDB developer guide); nothing is promised."""
LAG_MS = 60_000
FRESH_SECONDS = 900
"""Metrics come a minute or two late; older ones say how it was, not how it is."""
LEAST_FREE = 100
"""Concurrent executions that Lambda always keeps unreserved (Lambda developer guide, reserved concurrency)."""

Check = Callable[[Facts], Judged]


def judge(facts: Facts, accepted: Iterable[str] = ()) -> Readiness:
    """``accepted``: names of checks whose refusal a person takes on themselves.

    Raises:
        Invalid: no such check, or it does not refuse, or it can be accepted by nobody.
    """
    judged = [check(facts) for check in CHECKS]
    for name in accepted:
        judged = _accepted(judged, name)
    serving = facts.serving if isinstance(facts.serving, str) else ""
    return Readiness(way=facts.way, serving=serving, checks=tuple(judged), lost=lost(facts))


def _accepted(judged: list[Judged], name: str) -> list[Judged]:
    one = next((one for one in judged if one.check == name), None)
    if one is None:
        raise Invalid(f"--accept {name}", "there is no such check", f"there are {', '.join(one.check for one in judged)}")
    if one.state != "refuses":
        raise Invalid(f"--accept {name}", f"it does not refuse: {one.words}", "leave it out")
    if name in ("region", "lock"):
        raise Invalid(f"--accept {name}", "nobody can take that on themselves", one.remedy)
    return [msgspec.structs.replace(each, state="accepted") if each is one else each for each in judged]


def region(facts: Facts) -> Judged:
    """The target has to answer; a source that does not is why one is here."""
    way, out = facts.way, facts.out
    if way.target in out:
        return _refuses("region", f"{way.target} does not answer: {out[way.target]}", "nothing can move there; wait for it")
    if way.source in out:
        words = f"{way.source} does not answer: {out[way.source]}"
        return _refuses("region", words, "traffic goes back once both are there") if way.back else _warns("region", words)
    return _ok("region", f"{way.source} and {way.target} answer")


def objects(facts: Facts) -> Judged:
    found, target = facts.objects, facts.way.target
    if isinstance(found, Unknown):
        bound = f"at most what was written in the last {RTC_MINUTES} minutes, where replication time control is on; else S3 names no bound"
        if facts.way.back:
            return _refuses("objects", f"it is not known what S3 has still to copy to {target}: {found.reason}", _LOOK_AT_REPLICATION)
        return _warns("objects", f"unknown: {bound}", found.reason)
    age = (facts.at - found.at).total_seconds()
    old = f", as of {age / 60:.0f} minutes ago" if age > FRESH_SECONDS else ""
    words = f"{found.operations} operations, {found.bytes:,} bytes, are not in {target} yet, {found.seconds:.0f} s behind{old}"
    if not found.operations and not old:
        return _ok("objects", f"everything that S3 has to copy is in {target}")
    if facts.way.back and found.operations:
        return _refuses("objects", words, "wait until S3 has copied them")
    return _warns("objects", words)


def table(facts: Facts) -> Judged:
    found, target = facts.copies, facts.way.target
    if isinstance(found, Unknown):
        return _refuses("table", f"the table of {target} cannot be asked: {found.reason}", "without it nothing can serve there")
    state = found.states.get(target, "not there")
    if state != "ACTIVE":
        return _refuses("table", f"its copy in {target} is {state}", "look at it: aws dynamodb describe-table")
    if found.milliseconds is None:
        words = f"its copy in {target} is ACTIVE; nothing written lately, so that DynamoDB measured no lag"
        return _warns("table", f"{words}; usually it is less than {USUAL_LAG_MS / 1000:.0f} s") if _lagging(facts) else _ok("table", words)
    words = f"its copy in {target} is ACTIVE, {found.milliseconds:,.0f} ms behind"
    if found.milliseconds <= LAG_MS:
        return _ok("table", words)
    return _refuses("table", words, "wait until it has caught up") if facts.way.back else _warns("table", words)


def _lagging(facts: Facts) -> bool:
    return facts.way.source in facts.out


def capacity(facts: Facts) -> Judged:
    found, target = facts.capacity, facts.way.target
    if isinstance(found, Unknown):
        return _warns("capacity", f"what Lambda keeps free in {target} cannot be asked", found.reason)
    stopped = [name for name, (_, there) in found.reserved.items() if there == 0]
    if stopped:
        how = "give it back what it had: aws lambda delete-function-concurrency, or deploy"
        return _refuses("capacity", f"reserved concurrency is 0 in {target}, which stops {', '.join(stopped)}", how)
    less = tuple(
        f"{name} has {there if there is not None else 'none'} reserved, and {here} in {facts.way.source}"
        for name, (here, there) in found.reserved.items()
        if here and (there or 0) < here
    )
    if less:
        return _warns("capacity", f"{target} keeps less for {len(less)} functions", *less)
    if found.free < LEAST_FREE:
        return _warns("capacity", f"of the account's {found.limit} concurrent executions in {target}, {found.free} are free")
    return _ok("capacity", f"{target} keeps what its functions need; {found.free} of {found.limit} concurrent executions are free")


def alarms(facts: Facts) -> Judged:
    found, target = facts.ringing, facts.way.target
    if isinstance(found, Unknown):
        return _warns("alarms", f"the alarms of {target} cannot be asked", found.reason)
    if found.watching:
        return _refuses("alarms", f"in ALARM in {target}: {', '.join(found.watching)}", "mend what it rings for, or accept it by name")
    if found.others:
        return _warns("alarms", f"in ALARM in {target}, but not for a release: {', '.join(found.others)}")
    return _ok("alarms", f"none rings in {target}")


def release(facts: Facts) -> Judged:
    here, there = (facts.releases.get(region, "") for region in (facts.way.source, facts.way.target))
    target = facts.way.target
    if isinstance(there, Unknown):
        return _refuses("release", f"it is not known what is deployed in {target}: {there.reason}", "deploy there first")
    if not there:
        return _refuses("release", f"nothing is deployed in {target}", f"python -m deploy up {facts.way.environment}")
    if isinstance(here, Unknown):
        return _warns("release", f"{target} runs {_short(there)}; what {facts.way.source} runs cannot be asked", here.reason)
    if here != there:
        words = f"{target} runs {_short(there)}, and {facts.way.source} runs {_short(here) or 'nothing'}"
        how = f"bring them to one release: python -m deploy up {facts.way.environment}"
        return _refuses("release", words, how)
    return _ok("release", f"both run {_short(here)}")


def serves(facts: Facts) -> Judged:
    found, target = facts.verified, facts.way.target
    if isinstance(found, Unknown):
        return _refuses("serves", f"the checks of {target} cannot be run: {found.reason}", "nothing shows that it would serve")
    bad = tuple(f"{one.check} {one.name}: {one.reason}" for one in found if not one.ok)
    if bad:
        return _refuses("serves", f"{len(bad)} of {len(found)} checks fail in {target}", "mend it, or accept it by name", *bad)
    if not found:
        return _warns("serves", f"no check can be run in {target}: nothing shows that it would serve")
    return _ok("serves", f"{len(found)} checks passed in {target}")


def queues(facts: Facts) -> Judged:
    found, source = facts.left, facts.way.source
    if isinstance(found, Unknown):
        words = "unknown: at most what was sent and not worked off; SQS keeps it for the queue's retention, until the region is back"
        return _warns("queues", words, found.reason)
    left = {name: count for name, count in found.items() if count}
    if not left:
        return _ok("queues", f"nothing waits in {source}")
    words = f"{sum(left.values())} messages wait in {source}, where they are worked off, or stay until it is back"
    return _warns("queues", words, *(f"{name}: {count}" for name, count in sorted(left.items())))


def lock(facts: Facts) -> Judged:
    if facts.locks:
        how = f"wait for it, or stop it: python -m deploy cancel {facts.way.environment}"
        return _refuses("lock", "somebody works on the environment", how, *facts.locks)
    return _ok("lock", "nobody works on the environment")


def lost(facts: Facts) -> tuple[str, ...]:
    """What is lost at most, or waits, once traffic has moved: a sentence each; nothing where everything is through."""
    source, target = facts.way.source, facts.way.target
    found: list[str] = []
    match facts.objects:
        case Unknown():
            found.append(f"objects: those that {source} took in the last {RTC_MINUTES} minutes, perhaps more, until it is back")
        case Objects(operations=operations, seconds=seconds) if operations:
            found.append(f"objects: {operations} operations of the last {seconds:.0f} s, until S3 has copied them")
    match facts.copies:
        case Copies(milliseconds=None) if source in facts.out:
            found.append(f"items: those written within about {USUAL_LAG_MS / 1000:.0f} s before {source} went out, until it is back")
        case Copies(milliseconds=behind) if behind and source in facts.out:
            found.append(f"items: those of the last {behind:,.0f} ms before {source} went out, until it is back")
        case Unknown():
            found.append(f"items: it is not known how far {target} is behind")
    match facts.left:
        case Unknown():
            found.append(f"jobs: those that wait in the queues of {source}, until it is back; nobody does them meanwhile")
        case dict() as waiting if sum(waiting.values()) and source in facts.out:
            found.append(f"jobs: {sum(waiting.values())} messages in {source}, until it is back")
    return tuple(found)


CHECKS: tuple[Check, ...] = (region, objects, table, capacity, alarms, release, serves, queues, lock)
_LOOK_AT_REPLICATION = "look at the bucket's replication metrics; wait until they come, or accept it by name"


def _short(digest: str) -> str:
    return digest[:12]


def _ok(check: str, words: str) -> Judged:
    return Judged(check=check, state="ok", words=words)


def _warns(check: str, words: str, *details: str) -> Judged:
    return Judged(check=check, state="warns", words=words, details=details)


def _refuses(check: str, words: str, remedy: str, *details: str) -> Judged:
    return Judged(check=check, state="refuses", words=words, remedy=remedy, details=details)
