"""What the review says of recorded answers, trap by trap."""

from __future__ import annotations

import msgspec
import pytest

from tests.review.cases import kinds, verdicts
from tests.review.corpus import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_review_sees_through_it(case: Case) -> None:
    made = case.review()
    assert verdicts(made) == case.verdicts
    assert kinds(made) == set(case.findings), made.findings
    text = msgspec.json.encode(made).decode()
    assert [words for words in case.words if words not in text] == []


def test_every_case_says_where_it_was_met_and_has_a_name_of_its_own() -> None:
    assert all(case.source for case in CASES)
    assert len({case.id for case in CASES}) == len(CASES)
