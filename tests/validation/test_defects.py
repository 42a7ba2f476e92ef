"""The gate: what is seeded is caught, and the real templates are clean."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from templates.build import Built
from templates.validation import Finding, allow, own_findings, validate
from templates.validation.lint import Judge, Subject, Verdict, lint, loaded
from templates.validation.rules import RULES
from tests.validation.defects import Defect, put, seed
from tests.validation.right import RIGHT
from tests.validation.seeded import OWN, PUBLIC, WIRING
from tests.validation.subtle import SUBTLE

Builds = dict[str, Built]


def unexplained(built: Built) -> list[Finding]:
    """What our rules find and no line of the allow-list explains."""
    allowed = allow.load().allowances
    return [finding for finding in own_findings(built) if not any(one.covers(finding) for one in allowed)]


def caught(built: Built) -> set[str]:
    return {finding.rule for finding in own_findings(built)}


@pytest.mark.row("R18")
@pytest.mark.row("R22")
@pytest.mark.parametrize("name", ["dev", "prod", "staging"])
def test_the_real_templates_break_no_rule_of_ours(stacks: Builds, name: str) -> None:
    assert unexplained(stacks[name]) == []


@pytest.mark.row("R18")
@pytest.mark.parametrize("defect", [*OWN, *SUBTLE], ids=lambda defect: str(defect.name))
def test_a_seeded_defect_is_caught_by_our_rule_for_it(stacks: Builds, defect: Defect) -> None:
    assert defect.rule in caught(seed(stacks[defect.environment], defect))


@pytest.mark.parametrize("piece", RIGHT, ids=lambda piece: str(piece.name))
def test_a_piece_that_is_right_is_left_alone(stacks: Builds, piece: Defect) -> None:
    assert piece.rule not in caught(seed(stacks[piece.environment], piece))


def test_a_form_that_a_rule_does_not_know_is_a_finding_and_no_crash(stacks: Builds) -> None:
    odd = Defect("timeout by reference", "dev", "messaging", "JobsQueue", put("VisibilityTimeout", {"Ref": "Seconds"}), "TAP013")
    found = unexplained(seed(stacks["dev"], odd))
    assert [(finding.rule, finding.level) for finding in found] == [("TAP013", "error")]
    assert "cannot judge these templates: TypeError" in found[0].message


def test_a_parameter_for_a_secret_is_reported_in_its_own_template(stacks: Builds) -> None:
    document = stacks["dev"].templates["data"]
    parameters = {"DbPassword": {"Type": "String", "Default": "x"}}
    templates = {**stacks["dev"].templates, "data": {**document, "Parameters": parameters}}
    (finding,) = unexplained(replace(stacks["dev"], templates=templates))
    assert (finding.rule, finding.service, finding.logical_id) == ("TAP041", "data", "DbPassword")


@pytest.mark.row("R18")
@pytest.mark.parametrize("defect", [*PUBLIC, *WIRING], ids=lambda defect: str(defect.name))
def test_a_seeded_defect_is_caught_by_cfn_lint(stacks: Builds, defect: Defect) -> None:
    subject = Subject(built=seed(stacks[defect.environment], defect), service=defect.service)
    found = lint(loaded(), [subject], workers=1)[defect.environment, defect.service]
    assert defect.rule in {finding.rule for finding in found}
    assert all(finding.level in ("error", "warning") for finding in found)


def test_every_rule_of_ours_has_a_bad_case_and_a_good_one(stacks: Builds) -> None:
    """A defect made by changing a resource has its good case in the real template; one that adds a resource has it in RIGHT."""
    bad = [*OWN, *SUBTLE]
    changes = [defect for defect in bad if defect.logical_id in stacks[defect.environment].templates[defect.service]["Resources"]]
    assert {defect.rule for defect in bad} == {rule.id for rule in RULES}
    assert {defect.rule for defect in [*changes, *RIGHT]} >= {rule.id for rule in RULES} - NEVER_RIGHT
    assert len(bad) + len(PUBLIC) + len(WIRING) >= 60


# A user's access key is wrong wherever it stands.
NEVER_RIGHT = {"TAP065"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_a_rule_says_what_it_wants_why_and_by_which_document(rule: object) -> None:
    assert isinstance(rule, type(RULES[0]))
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert len(rule.reason) > 20
    assert rule.source.startswith("https://docs.aws.amazon.com/")


@pytest.mark.live
@pytest.mark.row("R18")
def test_the_whole_gate_passes_and_fails_as_one(builds: Builds, tmp_path: Path) -> None:
    """Both checkers, our rules, quotas and the allow-list together, over two processes; prod has all that staging has."""
    everything = [builds["dev"], builds["prod"]]
    today = date(2026, 11, 24)
    ours = [
        (one, line)
        for one, line in zip(allow.load().allowances, allow.load().lines, strict=True)
        if not one.resource.startswith("bootstrap")
    ]
    nothing = allow.AllowList(tuple(one for one, _ in ours), tuple(line for _, line in ours))
    assert validate(everything, today=today, cache_dir=tmp_path, allowed=nothing) == ()
    defects = [seed(builds["dev"], PUBLIC[2]), builds["prod"]]
    found = validate(defects, today=today, cache_dir=tmp_path, allowed=nothing)
    assert {(finding.environment, finding.service) for finding in found} == {("dev", "data")}
    assert {"E3030"} <= {finding.rule for finding in found}
    assert all(finding.origin.startswith("templates/data.py:") for finding in found)
    assert all(finding.type == "AWS::DynamoDB::GlobalTable" for finding in found)


class Crash(Judge):
    """A judge that fails at one template, in whichever process that is judged."""

    def __init__(self) -> None:
        pass

    def judge(self, subject: Subject, path: Path) -> Verdict:
        if subject.service == "data":
            raise LookupError("no such schema")
        return subject.built.env.name, subject.service, []


def test_a_process_that_fails_fails_the_run_and_says_why(stacks: Builds) -> None:
    subjects = [Subject(built=stacks["dev"], service=service) for service in ("network", "data")]
    with pytest.raises(RuntimeError, match=r"a cfn-lint process ended with status \d+\n(.*\n)*LookupError: no such schema"):
        lint(Crash(), subjects, workers=2)


def test_templates_are_shared_out_and_every_one_is_judged(stacks: Builds) -> None:
    subjects = [Subject(built=stacks["dev"], service=service) for service in ("network", "compute", "api", "root")]
    for workers in (1, 2, 3, 9):
        assert lint(Crash(), subjects, workers=workers) == {("dev", subject.service): () for subject in subjects}
