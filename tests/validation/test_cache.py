"""Verdicts are kept by content; whatever is damaged, foreign or about something else is judged anew."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.build import Built, encode
from templates.validation import _keys, cache
from templates.validation.finding import Finding
from tests.validation.defects import Defect, put, seed

FOUND = (Finding(environment="dev", service="data", logical_id="Items", rule="E1", tool="cfn-lint", message="wrong"),)


def stored(path: Path) -> bytes:
    cache.store(path, {"key": FOUND, "clean": ()}, ["key", "clean"])
    return path.read_bytes()


def test_what_was_stored_is_loaded(tmp_path: Path) -> None:
    stored(tmp_path / "verdicts")
    assert cache.load(tmp_path / "verdicts") == {"key": FOUND, "clean": ()}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "one byte changed": lambda data: data.replace(b"wrong", b"right"),
    "a verdict taken out": lambda data: data.replace(b'"key"', b'"kez"'),
    "another format": lambda data: data.replace(b"verdicts 1", b"verdicts 2"),
    "foreign": lambda data: b'{"key": []}',
    "binary": lambda data: bytes(range(256)),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_or_foreign_file_is_ignored(tmp_path: Path, case: str) -> None:
    path = tmp_path / "verdicts"
    path.write_bytes(DAMAGES[case](stored(path)))
    assert cache.load(path) == {}


def test_a_verdict_of_a_wrong_type_is_ignored_even_with_the_right_digest(tmp_path: Path) -> None:
    payload = b'{"key": "fine"}'
    path = tmp_path / "verdicts"
    path.write_bytes(b"\n".join((cache.FORMAT, cache._digest(payload).encode(), payload)))
    assert cache.load(path) == {}


def test_a_missing_file_holds_nothing(tmp_path: Path) -> None:
    assert cache.load(tmp_path / "none") == {}
    assert cache.load(None) == {}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    cache.store(tmp_path / "file" / "verdicts", {"key": ()}, ["key"])


def test_verdicts_of_other_runs_stay_until_there_are_too_many(tmp_path: Path) -> None:
    path = tmp_path / "verdicts"
    many: cache.Verdicts = {f"old{number}": () for number in range(3000)}
    cache.store(path, many | {"new": ()}, ["new"])
    kept = cache.load(path)
    assert len(kept) == 2000
    assert "new" in kept
    assert "old0" not in kept


@given(parts=st.lists(st.text(), min_size=1, max_size=4), other=st.lists(st.text(), min_size=1, max_size=4))
def test_keys_differ_wherever_a_part_differs(parts: list[str], other: list[str]) -> None:
    assert (cache.key(*parts) == cache.key(*other)) == (parts == other)


def test_a_change_inside_a_service_leaves_the_roots_verdict_standing_and_one_at_its_boundary_does_not(builds: dict[str, Built]) -> None:
    def keys(built: Built) -> dict[str, str]:
        return {service: key for (_, service), key in _keys([built]).items()}

    before = keys(builds["dev"])
    inside = seed(builds["dev"], Defect("x", "dev", "data", "Items", put("TableName", "other"), ""))
    after = keys(inside)
    assert {service for service in before if before[service] != after[service]} == {"data", "flat"}
    outputs = copy.deepcopy(builds["dev"].templates)
    outputs["data"]["Outputs"]["More"] = {"Value": "x"}
    boundary = replace(builds["dev"], templates=outputs, encoded={**builds["dev"].encoded, "data": encode(outputs["data"])})
    changed = keys(boundary)
    assert {service for service in before if before[service] != changed[service]} == {"data", "root"}


def test_the_checkers_are_named_with_their_versions() -> None:
    text = cache.checkers()
    assert "cfn_lint-" in text
    assert "cloudformation_validate-" in text
