"""Validation: cfn-lint's verdict, AWS's compiled rules, our own invariants and the quotas, less what is allowed with a reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import msgspec

from templates.validation import allow, cache, limits
from templates.validation.finding import Finding
from templates.validation.local_root import judged

if TYPE_CHECKING:
    from templates.build import Built

__all__ = ["Finding", "explain", "validate"]

FLAT = "flat"
_VERDICTS = "verdicts"


def validate(
    builds: Sequence[Built], *, today: date, cache_dir: Path | None = None, workers: int = 2, allowed: allow.AllowList | None = None
) -> tuple[Finding, ...]:
    """Judge every template of every build; what is not in the cache is judged anew.

    Raises:
        allow.AllowListError: the allow-list itself is wrong.
    """
    allowances = allowed or allow.load()
    path = cache_dir / _VERDICTS if cache_dir else None
    verdicts = cache.load(path)
    keys = _keys(builds)
    misses = {subject: key for subject, key in keys.items() if key not in verdicts}
    if misses:
        verdicts |= _judge(builds, misses, workers=workers)
        cache.store(path, verdicts, keys.values())
    found = [finding for key in keys.values() for finding in verdicts[key]]
    found += [finding for built in builds for finding in limits.check(built)]
    by_name = {built.env.name: built for built in builds}
    placed = [_placed(finding, by_name[finding.environment]) for finding in found]
    return tuple(sorted(allowances.apply(placed, today, by_name)))


Name = tuple[str, str]


def _keys(builds: Sequence[Built]) -> dict[Name, str]:
    """(environment, service) -> the key of its verdict; the flat copy is a subject too, for our own rules.

    The root's verdict depends on what it gives its children and takes from them (see ``judged``).
    """
    checkers = cache.checkers()
    keys = {}
    for built in builds:
        values = msgspec.json.encode(built.env)
        where = msgspec.json.encode((built.env.account, built.env.region, built.env.disaster_recovery))
        for service, data in built.encoded.items():
            keys[built.env.name, service] = cache.key("template", checkers, where, judged(built) if service == "root" else data)
        flat = msgspec.json.encode(built.flat)
        keys[built.env.name, FLAT] = cache.key("flat", checkers, values, flat, json.dumps(sorted(built.names.items())))
    return keys


def _judge(builds: Sequence[Built], misses: dict[Name, str], *, workers: int) -> cache.Verdicts:
    """The native engine starts on a thread, since it is built outside the interpreter's lock, while cfn-lint loads."""
    from templates.validation import native
    from templates.validation.lint import Judge, Subject, lint

    subjects = [
        Subject(built=built, service=service) for built in builds for service in built.encoded if (built.env.name, service) in misses
    ]
    first: dict[Name, tuple[Finding, ...]] = {}
    thread = Thread(target=lambda: first.update(native.check(subjects)))
    thread.start()
    own = {(built.env.name, FLAT): tuple(_own(built)) for built in builds if (built.env.name, FLAT) in misses}
    judge = Judge() if subjects else None
    thread.join()
    # Forking is safe only now: a fork beside a running thread may inherit its locks.
    judged = lint(judge, subjects, workers=workers) if judge else {}
    if subjects and not first:
        raise RuntimeError("cloudformation-validate gave no verdict")
    merged = {name: _without_doubles(judged[name], first[name]) for name in judged}
    return {misses[name]: found for name, found in {**merged, **own}.items()}


def _without_doubles(verdict: Sequence[Finding], first: Sequence[Finding]) -> tuple[Finding, ...]:
    """cloudformation-validate shares most rule ids with cfn-lint: the same rule at the same place counts once."""
    taken = {(finding.rule, finding.logical_id) for finding in verdict}
    return (*verdict, *(finding for finding in first if (finding.rule, finding.logical_id) not in taken))


def _own(built: Built) -> list[Finding]:
    from templates.validation.rules import RULES
    from templates.validation.view import View

    view = View.of(built)
    found = []
    for rule in RULES:
        for violation in rule.check(view):
            service, logical_id = built.names.get(violation.flat_id, ("root", violation.flat_id))
            found.append(
                Finding(
                    environment=built.env.name,
                    service=service,
                    logical_id=logical_id,
                    path=violation.path,
                    rule=rule.id,
                    tool="tapline",
                    message=violation.message,
                    source=rule.source,
                )
            )
    return found


def _placed(finding: Finding, built: Built) -> Finding:
    """The same finding with the builder's line and the resource's type, which are no part of the cached verdict."""
    origin = built.origins.get((finding.service, finding.logical_id))
    resource = built.templates.get(finding.service, {}).get("Resources", {}).get(finding.logical_id, {})
    return msgspec.structs.replace(finding, origin=str(origin) if origin else "", type=resource.get("Type", ""))


def explain(rule_id: str) -> str:
    """What a rule wants, why, and its source. Raises KeyError for a rule that no checker has."""
    from templates.validation.rules import RULES

    for rule in RULES:
        if rule.id == rule_id:
            return f"{rule.id}  {rule.title}\n\n{rule.reason}\n\nsource: {rule.source}"
    return _explain_public(rule_id)


def _explain_public(rule_id: str) -> str:
    from templates.validation.lint import Judge

    rule = Judge().rules.get(rule_id)
    if rule is not None:
        return f"{rule.id}  {rule.shortdesc}\n\n{rule.description}\n\nsource: {rule.source_url}"
    from cloudformation_validate import CompositeEngine

    for info in CompositeEngine().list_rules():
        if info.id == rule_id:
            return f"{info.id}  {info.description}\n\nsource: https://github.com/aws-cloudformation/cloudformation-validate"
    raise KeyError(rule_id)
