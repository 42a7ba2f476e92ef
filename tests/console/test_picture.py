"""The picture of an operation fits its screen, whatever happens in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.console import words
from deploy.console.picture import Line, painted, picture
from deploy.progress import Progress, begin
from deploy.report.ink import Ink, cells
from deploy.status import Status
from tests.console.streams import ALL, EXPECTED, FUNCTION, NESTED_CREATE_FAILS, START, TOKEN, events


def drawn(progress: Progress, *, width: int = 80, height: int = 24, seconds: float = 9.3, ascii: bool = False) -> list[str]:
    ink = Ink(width=width, ascii=ascii)
    return [painted(line, ink) for line in lines(progress, ink, height, seconds)]


def lines(progress: Progress, ink: Ink, height: int, seconds: float = 9.3) -> list[Line]:
    return picture(progress, START + timedelta(seconds=seconds), ink, height)


@pytest.mark.parametrize("name", ALL)
@given(width=st.integers(60, 200), height=st.integers(4, 60), seen=st.integers(0, 30), ascii=st.booleans())
def test_it_fits_and_its_first_line_names_the_stack(name: str, width: int, height: int, seen: int, ascii: bool) -> None:
    shown = drawn(begin("tap-dev-app", EXPECTED, token=TOKEN).add(ALL[name][:seen]), width=width, height=height, ascii=ascii)
    assert shown[0].startswith("tap-dev-app  ")
    assert len(shown) <= height
    assert max(cells(line) for line in shown) <= width
    assert not ascii or all(line.isascii() for line in shown)


def test_what_is_in_flight_stands_in_the_tree_and_what_is_finished_in_one_line() -> None:
    shown = drawn(begin("tap-dev-app", EXPECTED, token=TOKEN).add(NESTED_CREATE_FAILS[:7]), seconds=8)
    assert shown == [
        "tap-dev-app  creating  0 of 8  ────────────────────────────────────────  8 s",
        "├─ · Api        0 of 4    waiting",
        "├─ ● Compute    0 of 3    creating  7 s",
        "│  ├─ ● Jobs    creating  5 s  AWS::Batch::JobQueue",
        "│  └─ ● Server  creating  5 s  AWS::EC2::Instance",
        "└─ ● Data       0 of 1    creating  7 s",
        "   └─ ● Items  creating  6 s  AWS::DynamoDB::Table",
    ]


def test_failures_are_pinned_with_awss_reason_and_cancellations_are_not() -> None:
    shown = drawn(begin("tap-dev-app", EXPECTED, token=TOKEN).add(NESTED_CREATE_FAILS), seconds=14)
    assert shown[:5] == [
        "tap-dev-app  put back  14 s",
        "├─ ✓ Compute    2 of 3    deleted  11 s",
        "│  └─ ✗ Server  not created  6 s  AWS::EC2::Instance",
        "└─ ✓ Data       1 of 1    deleted  12 s",
        "✗ Compute/Server  AWS::EC2::Instance  CREATE_FAILED",
    ]
    assert shown[5].startswith("    You have requested more vCPU capacity")


def test_the_bar_turns_yellow_when_it_goes_back() -> None:
    ink = Ink(width=80)
    before, after = (begin("app", EXPECTED, token=TOKEN).add(NESTED_CREATE_FAILS[:seen]) for seen in (8, 10))
    assert ("cyan", "━" * 5) in lines(before, ink, 20)[0]
    assert {style for style, text in lines(after, ink, 20)[0] if "─" in text} == {"yellow"}


def test_many_resources_in_flight_are_counted_where_they_do_not_fit() -> None:
    many = [(1.0, f"Compute/F{index:03}", FUNCTION, "CREATE_IN_PROGRESS", "") for index in range(100)]
    failed = (2.0, "Compute/F050", FUNCTION, "CREATE_FAILED", "no")
    progress = begin("app", token=TOKEN).add(events((0, "", "", "CREATE_IN_PROGRESS", ""), *many, failed))
    shown = drawn(progress, height=12)
    assert len(shown) == 12
    assert any("F050" in line and "not created" in line for line in shown)
    assert any(line.startswith("… and ") and line.endswith(" more") for line in shown)


def test_a_clock_that_is_behind_awss_shows_no_negative_times() -> None:
    assert drawn(begin("app", token=TOKEN).add(NESTED_CREATE_FAILS[:3]), seconds=-30)[0].endswith("  0 s")


def test_before_the_first_event_there_is_a_picture_too() -> None:
    assert drawn(begin("app"))[0].startswith("app  waiting  0 of 0")


@pytest.mark.parametrize("status", [*Status, "DELETE_SKIPPED", "EXPORT_COMPLETE", ""])
def test_every_status_has_words_a_style_and_a_symbol(status: str) -> None:
    assert words.said(status)
    assert "_" not in words.said(status)
    assert Ink(ascii=True).symbol(words.symbol(status)).isascii()
    assert words.style(status)
