"""What StackSets may still ask for: their templates and code as they are rolled out now, and their own ledgers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from hashlib import sha256

import msgspec

from deploy import lock
from deploy.account import Account
from deploy.errors import Conflict
from deploy.manifest import Manifest, StackSet
from deploy.noun import Noun
from deploy.record import Record
from deploy.stacksets.home import Home

_CODE = re.compile(r"assets/[0-9a-f]{64}\.zip")
_EVERY = 1_000_000


class Reached(Noun, frozen=True, kw_only=True):
    """``ledgers``: by the set's name; ``unsettled``: as AWS calls them."""

    deployed: frozenset[str] = frozenset()
    ledgers: dict[str, tuple[Record, ...]] = msgspec.field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()


def gather(account: Account, manifests: Iterable[Manifest], there: set[str]) -> Reached:
    """Of every set that any release here has declared, whether the newest still does or not. ``there``: keys of the bucket.

    Raises:
        Conflict: somebody rolls one out: nothing could be proven.
    """
    mine = [one for one in manifests if (one.environment, one.account) == (account.manifest.environment, account.manifest.account)]
    declared: dict[tuple[str, str], StackSet] = {}
    for manifest in mine:
        for one in manifest.stack_sets:
            declared.setdefault((one.name, one.set_name), one)
    used, ledgers, unsettled = set[str](), dict[str, tuple[Record, ...]](), set[str]()
    for one in declared.values():
        home = Home(account=account, stack_set=one)
        _idle(home)
        ledgers[one.name] = home.ledger("plan").newest(_EVERY)
        sets = home.sets("plan")
        found = sets.find()
        if found is None:
            continue
        used |= {*_CODE.findall(json.dumps(found.template)), *_templates(account, mine, one, found.template, there)}
        if any(instance.status != "CURRENT" for instance in sets.instances()):
            unsettled.add(one.set_name)
    return Reached(deployed=frozenset(used), ledgers=ledgers, unsettled=frozenset(unsettled))


def _idle(home: Home) -> None:
    holder, sets = lock.holder(home.shelf("plan")), home.sets("plan")
    subject, how = f"gc of {home.account.manifest.environment}", f"wait for it: python -m deploy stackset status {home.name}"
    if holder and holder.alive(lock.now()):
        raise Conflict(subject, f"somebody is at work on StackSet {home.name}: {holder.words}", how)
    if sets.find() and (running := sets.running()):
        raise Conflict(subject, f"StackSet {home.name} has an operation under way: {running.id}", how)


def _templates(account: Account, manifests: Iterable[Manifest], one: StackSet, document: dict[str, object], there: set[str]) -> set[str]:
    """The set's own template, told by its content, since no set says where it came from."""
    services = {
        (other.template, manifest.templates) for manifest in manifests for other in manifest.stack_sets if other.set_name == one.set_name
    }
    keys = {f"templates/{made.sha256}.json" for service, templates in services for made in templates if made.service == service} & there
    found = set[str]()
    for key in sorted(keys):
        for place in account.manifest.artifacts:
            held = account.store("plan", place.region).get(key)
            if held is None or sha256(held.data).hexdigest() != key.split("/")[1].removesuffix(".json"):
                continue
            if json.loads(held.data) == document:
                found.add(key)
            break
    return found
