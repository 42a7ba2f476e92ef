"""Texts fit, and what others wrote does nothing but stand there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.report.ink import Ink, cells, clean, cut, one_line, pad, seconds, size, wrap

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@given(st.text())
def test_cleaned_text_steers_nothing(text: str) -> None:
    assert not CONTROL.search(clean(text))
    assert "\n" not in one_line(text)
    assert "\t" not in one_line(text)
    one_line(text).encode("utf-8")


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="escape code"),
        pytest.param("\x9b31m", "\\x9b31m", id="eight-bit escape code"),
        pytest.param("user\u202egnp.exe", "user\\u202egnp.exe", id="right to left"),
        pytest.param("a\u200bb", "a\\u200bb", id="invisible"),
        pytest.param("\ud800", "\\ud800", id="half a character"),
        pytest.param("Köln 東京 ✓", "Köln 東京 ✓", id="harmless"),
    ],
)
def test_what_is_not_shown_is_written_as_an_escape(given: str, shown: str) -> None:
    assert clean(given) == shown


@given(st.text(), st.integers(4, 80))
def test_a_cut_text_fits_and_keeps_its_ends(text: str, width: int) -> None:
    short = cut(text, width)
    assert cells(short) <= width
    assert short == text or "…" in short


def test_the_middle_goes() -> None:
    assert cut("tap-dev-app-Compute-ABCDEFGH", 15) == "tap-dev…BCDEFGH"


def test_wide_characters_take_two_cells() -> None:
    assert cells("東京") == 4
    assert pad("東京", 6) == "東京  "
    assert cut("東京東京東京", 7) == "東…京"


@given(st.text(max_size=300).map(one_line), st.integers(60, 200))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width, "    ")
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("value", "said"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (59.7, "1 m 00 s"), (65, "1 m 05 s"), (7380, "2 h 03 m")]
)
def test_times_are_short(value: float, said: str) -> None:
    assert seconds(value) == said


@pytest.mark.parametrize(("value", "said"), [(0, "0 B"), (999, "999 B"), (45_275, "45 kB"), (1_300_000, "1.3 MB")])
def test_sizes_are_short(value: int, said: str) -> None:
    assert size(value) == said


def test_colour_is_there_only_where_it_is_wanted() -> None:
    assert Ink(color=True)("red", "no") == "\x1b[31mno\x1b[0m"
    assert Ink()("red", "no") == "no"
    assert Ink(color=True)("", "no") == "no"
