"""The rows of docs/requirements.md and the tests that name them."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from tests.requirements import WHOLE, Rows, rows, state


def named() -> set[str]:
    """Every row that some test names."""
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    return {row for text in texts for row in re.findall(r'mark\.row\("(R\d\d)"\)', text)}


def test_there_are_twenty_six_rows_in_order() -> None:
    assert [row for row, _, _ in rows()] == [f"R{number:02d}" for number in range(1, 27)]


def test_every_row_that_templates_prove_has_a_test_that_names_it() -> None:
    assert {row for row, _, part in rows() if part in WHOLE} <= named()


def test_no_test_names_a_row_that_is_none() -> None:
    assert named() <= {row for row, _, _ in rows()}


def test_a_row_is_proven_only_by_tests_that_passed() -> None:
    plugin = Rows(by_test={"a": ["R03"], "b": ["R03"], "c": ["R09"]}, passed={"a", "c"}, failed=set())
    assert state("R03", "templates", plugin) == "proven"
    assert state("R09", "tomorrow", plugin) == "in the templates; live by tomorrow"
    assert state("R26", "reach", plugin) == "not yet: reach"
    plugin.failed.add("b")
    assert state("R03", "templates", plugin) == "broken"
