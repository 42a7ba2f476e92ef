"""Validation: cfn-lint's verdict, AWS's compiled rules, our own invariants and the quotas, less what is allowed with a reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from templates.validation import allow, cache, limits
from templates.validation.finding import Finding
from templates.validation.local_root import judged

if TYPE_CHECKING:
    from templates.build import AnyBuilt
    from templates.validation.rules import Rule, Violation
    from templates.validation.view import View

__all__ = ["Finding", "explain", "own_findings", "validate"]

FLAT = "flat"
_VERDICTS = "verdicts"


def validate(
    builds: Sequence[AnyBuilt], *, today: date, cache_dir: Path | None = None, workers: int = 2, allowed: allow.AllowList | None = None
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
    return tuple(sorted(allowances.apply(placed, today, by_name, _unbuilt(builds))))


def _unbuilt(builds: Sequence[AnyBuilt]) -> frozenset[str]:
    """Templates that stack sets may have, and that none of these has."""
    # The registry's module imports what is judged here: imported at the module's head, the two would import each other.
    from templates.stacksets import BESIDE

    return BESIDE - {service for built in builds for service in built.encoded}


Name = tuple[str, str]


def _keys(builds: Sequence[AnyBuilt]) -> dict[Name, str]:
    """(environment, service) -> the key of its verdict; the flat copy is a subject too, for our own rules.

    The root's verdict depends on what it gives its children and takes from them (see ``judged``).
    """
    # It imports the sets' templates, which import what is judged here.
    from templates.validation.regions import regions_of

    checkers = cache.checkers()
    keys = {}
    for built in builds:
        values = msgspec.json.encode(built.env)
        for service, data in built.encoded.items():
            where = msgspec.json.encode((built.env.account, built.env.region, built.env.disaster_recovery, regions_of(built.env, service)))
            keys[built.env.name, service] = cache.key("template", checkers, where, judged(built) if service == "root" else data)
        flat = msgspec.json.encode(built.flat)
        names = json.dumps(sorted(built.names.items()))
        # The root's stacks and the nested templates' parameters are no part of the flat copy, and are judged with it.
        keys[built.env.name, FLAT] = cache.key("flat", checkers, values, flat, names, *built.encoded.values())
    return keys


def _judge(builds: Sequence[AnyBuilt], misses: dict[Name, str], *, workers: int) -> cache.Verdicts:
    """The native engine runs in a child of its own, beside cfn-lint's loading, and takes its memory away with it."""
    from functools import partial

    from templates.validation import child, native
    from templates.validation.lint import Subject, lint, loaded

    subjects = [
        Subject(built=built, service=service) for built in builds for service in built.encoded if (built.env.name, service) in misses
    ]
    engine = child.start("cloudformation-validate", partial(native.check, subjects))
    own = {(built.env.name, FLAT): tuple(own_findings(built)) for built in builds if (built.env.name, FLAT) in misses}
    judged = lint(loaded(), subjects, workers=workers) if subjects else {}
    first: dict[Name, list[Finding]] = {}
    for finding in child.answer(engine, list[Finding]):
        first.setdefault((finding.environment, finding.service), []).append(finding)
    merged = {name: _without_doubles(judged[name], first.get(name, ())) for name in judged}
    return {misses[name]: found for name, found in {**merged, **own}.items()}


def _without_doubles(verdict: Sequence[Finding], first: Sequence[Finding]) -> tuple[Finding, ...]:
    """cloudformation-validate shares most rule ids with cfn-lint: the same rule at the same place counts once."""
    taken = {(finding.rule, finding.logical_id) for finding in verdict}
    return (*verdict, *(finding for finding in first if (finding.rule, finding.logical_id) not in taken))


def own_findings(built: AnyBuilt) -> list[Finding]:
    """What our own rules find in a build, over its flat copy."""
    from templates.validation.rules import RULES
    from templates.validation.view import View

    view = View.of(built)
    return [_of_rule(built, rule, violation) for rule in RULES for violation in _violations(rule, view)]


def _violations(rule: Rule, view: View) -> list[Violation]:
    """What a rule finds; one that meets a form that it does not know has not judged, and that is a finding too."""
    try:
        return list(rule.check(view))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        from templates.validation.rules import Violation

        return [
            Violation("", f"cannot judge these templates: {type(error).__name__}: {error}; a property has a form that it does not know")
        ]


def _of_rule(built: AnyBuilt, rule: Rule, violation: Violation) -> Finding:
    service, logical_id = violation.parameter_of or built.names.get(violation.flat_id, ("root", violation.flat_id))
    return Finding(
        environment=built.env.name,
        service=service,
        logical_id=logical_id,
        path=violation.path,
        rule=rule.id,
        tool="tapline",
        message=violation.message,
        source=rule.source,
    )


def _placed(finding: Finding, built: AnyBuilt) -> Finding:
    """The same finding with the builder's line and the resource's type, which are no part of the cached verdict."""
    origin = built.origins.get((finding.service, finding.logical_id))
    resource = built.templates.get(finding.service, {}).get("Resources", {}).get(finding.logical_id, {})
    return msgspec.structs.replace(finding, origin=str(origin) if origin else "", type=resource.get("Type", ""))


_OTHER_RULES = {
    allow.RULE: f"Allowances are used and have not ended\n\nA line that nothing needs hides the next finding.\n\nsource: {allow.SHOWN}",
    limits.RULE: f"Templates stay below CloudFormation's quotas\n\nAbove nine tenths a warning, above all an error.\n\nsource: {limits.SOURCE}",
}


def explain(rule_id: str) -> str:
    """What a rule wants, why, and its source. Raises KeyError for a rule that no checker has."""
    from templates.validation.rules import RULES

    if rule_id in _OTHER_RULES:
        return f"{rule_id}  {_OTHER_RULES[rule_id]}"
    for rule in RULES:
        if rule.id == rule_id:
            return f"{rule.id}  {rule.title}\n\n{rule.reason}\n\nsource: {rule.source}"
    return _explain_public(rule_id)


def _explain_public(rule_id: str) -> str:
    from templates.validation.lint import loaded

    rule = loaded().rules.get(rule_id)
    if rule is not None:
        return f"{rule.id}  {rule.shortdesc}\n\n{rule.description}\n\nsource: {rule.source_url}"
    from cloudformation_validate import CompositeEngine

    for info in CompositeEngine().list_rules():
        if info.id == rule_id:
            return f"{info.id}  {info.description}\n\nsource: https://github.com/aws-cloudformation/cloudformation-validate"
    raise KeyError(rule_id)
