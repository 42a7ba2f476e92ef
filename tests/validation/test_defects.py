"""The gate: what is seeded is caught, and the real templates are clean."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from templates.build import Built
from templates.validation import allow, validate
from templates.validation.lint import Judge, Subject, lint
from templates.validation.rules import RULES
from templates.validation.view import View
from tests.validation.defects import OWN, PUBLIC, WIRING, Defect, seed

Builds = dict[str, Built]


def caught(built: Built) -> set[str]:
    view = View.of(built)
    return {rule.id for rule in RULES if any(True for _ in rule.check(view))}


@pytest.mark.row("R18")
@pytest.mark.row("R22")
@pytest.mark.parametrize("name", ["dev", "prod", "staging"])
def test_the_real_templates_break_no_rule_of_ours(builds: Builds, name: str) -> None:
    view = View.of(builds[name])
    assert [(rule.id, violation) for rule in RULES for violation in rule.check(view)] == []


@pytest.mark.row("R18")
@pytest.mark.parametrize("defect", OWN, ids=lambda defect: str(defect.name))
def test_a_seeded_defect_is_caught_by_our_rule_for_it(builds: Builds, defect: Defect) -> None:
    assert defect.rule in caught(seed(builds[defect.environment], defect))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.mark.row("R18")
@pytest.mark.parametrize("defect", [*PUBLIC, *WIRING], ids=lambda defect: str(defect.name))
def test_a_seeded_defect_is_caught_by_cfn_lint(builds: Builds, judge: Judge, defect: Defect) -> None:
    subject = Subject(built=seed(builds[defect.environment], defect), service=defect.service)
    found = lint(judge, [subject], workers=1)[defect.environment, defect.service]
    assert defect.rule in {finding.rule for finding in found}
    assert all(finding.level in ("error", "warning") for finding in found)


def test_every_rule_of_ours_has_a_seeded_defect() -> None:
    assert {defect.rule for defect in OWN} == {rule.id for rule in RULES}
    assert len(OWN) + len(PUBLIC) + len(WIRING) >= 60


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_a_rule_says_what_it_wants_why_and_by_which_document(rule: object) -> None:
    assert isinstance(rule, type(RULES[0]))
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert len(rule.reason) > 20
    assert rule.source.startswith("https://docs.aws.amazon.com/")


@pytest.mark.row("R18")
def test_the_whole_gate_passes_and_fails_as_one(builds: Builds, tmp_path: Path) -> None:
    """Both checkers, our rules, quotas and the allow-list together, over two processes."""
    everything = list(builds.values())
    today = date(2026, 11, 24)
    nothing = allow.AllowList((), ())
    assert validate(everything, today=today, cache_dir=tmp_path, allowed=nothing) == ()
    defects = [seed(builds["dev"], PUBLIC[2]), builds["prod"]]
    found = validate(defects, today=today, cache_dir=tmp_path, allowed=nothing)
    assert {(finding.environment, finding.service) for finding in found} == {("dev", "data")}
    assert {"E3030"} <= {finding.rule for finding in found}
    assert all(finding.origin.startswith("templates/data.py:") for finding in found)
    assert all(finding.type == "AWS::DynamoDB::GlobalTable" for finding in found)
