"""The allow-list: a finding stays only with a reason and until a day, and a line that nothing needs is a finding itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from templates.validation import allow
from templates.validation.finding import Finding

TODAY = date(2026, 11, 24)
DEV, PROD = {"dev": ("data", "root")}, {"prod": ("data", "replica_data", "root")}
LINE = """
  - rule: E1
    resource: data/Items
    environment: dev
    reason: a good reason, in words
    expires: "2027-01-31"
"""


def listed(tmp_path: Path, *lines: str) -> allow.AllowList:
    path = tmp_path / "allow.yaml"
    path.write_text("allowed:" + "".join(lines) if lines else "allowed: []")
    return allow.load(path, "allow.yaml")


ITEM = Finding(environment="dev", service="data", logical_id="Items", rule="E1", tool="cfn-lint", message="m", type="AWS::A::B")


def finding(**parts: str) -> Finding:
    return msgspec.structs.replace(ITEM, **parts)


def test_an_allowed_finding_is_left_out(tmp_path: Path) -> None:
    assert listed(tmp_path, LINE).apply([finding()], TODAY, DEV) == []


OTHERS = {
    "rule": {"rule": "E2"},
    "environment": {"environment": "prod"},
    "resource": {"logical_id": "Other"},
    "service": {"service": "api"},
}


@pytest.mark.parametrize("case", OTHERS)
def test_an_allowance_covers_one_rule_at_one_place(tmp_path: Path, case: str) -> None:
    other = finding(**OTHERS[case])
    assert other in listed(tmp_path, LINE).apply([finding(), other], TODAY, {**DEV, **PROD})


def test_a_type_and_every_environment_can_be_named(tmp_path: Path) -> None:
    line = LINE.replace("data/Items", "AWS::A::B").replace("environment: dev", 'environment: "*"')
    assert listed(tmp_path, line).apply([finding(), finding(environment="prod", logical_id="Other")], TODAY, DEV) == []


def test_an_expired_allowance_is_a_finding_and_allows_nothing(tmp_path: Path) -> None:
    left = listed(tmp_path, LINE.replace("2027-01-31", "2026-11-23")).apply([finding()], TODAY, DEV)
    assert [found.rule for found in left] == ["E1", "ALLOW"]
    assert "expired on 2026-11-23" in left[1].message
    assert left[1].origin == "allow.yaml:2"


def test_an_allowance_holds_to_the_end_of_its_day(tmp_path: Path) -> None:
    assert listed(tmp_path, LINE.replace("2027-01-31", "2026-11-24")).apply([finding()], TODAY, DEV) == []


def test_an_unused_allowance_is_a_finding(tmp_path: Path) -> None:
    (left,) = listed(tmp_path, LINE).apply([], TODAY, DEV)
    assert "allows what no checker finds any more" in left.message


def test_an_allowance_of_an_environment_that_was_not_built_is_not_judged(tmp_path: Path) -> None:
    assert listed(tmp_path, LINE).apply([], TODAY, PROD) == []


BAD = {
    "no reason": (LINE.replace("    reason: a good reason, in words\n", ""), "allow.yaml:2: .*reason"),
    "short reason": (LINE.replace("a good reason, in words", "ok"), "allow.yaml:2: "),
    "unknown key": (LINE + "    colour: red\n", "allow.yaml:2: .*colour"),
    "no date": (LINE.replace("2027-01-31", "2027-13-31"), "allow.yaml:2: expires: 2027-13-31 is no date"),
    "unquoted date": (LINE.replace('"2027-01-31"', "2027-01-31"), "reads as a date: quote it"),
    "a resource of no form": (LINE.replace("data/Items", "everything"), "allow.yaml:2: "),
    "second line": (LINE + LINE.replace("rule: E1", 'rule: ""'), "allow.yaml:8: "),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_line_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    text, expected = BAD[case]
    with pytest.raises(allow.AllowListError, match=expected):
        listed(tmp_path, text)


def test_the_list_of_this_repository_is_readable() -> None:
    assert isinstance(allow.load().allowances, tuple)


def test_what_may_stay_in_a_service_may_stay_in_the_second_regions(tmp_path: Path) -> None:
    second = finding(service="replica_data")
    assert listed(tmp_path, LINE).apply([finding(), second], TODAY, DEV) == []
    assert listed(tmp_path, LINE).apply([finding(service="edge_data")], TODAY, DEV) != []


def test_an_allowance_for_a_second_region_is_not_judged_where_nobody_has_one(tmp_path: Path) -> None:
    line = LINE.replace("data/Items", "replica_data/Items").replace("environment: dev", 'environment: "*"')
    assert listed(tmp_path, line).apply([], TODAY, DEV) == []
    (left,) = listed(tmp_path, line).apply([], TODAY, PROD)
    assert "allows what no checker finds any more" in left.message
