"""What the bench of reach rests on: growth is between rows, sets add up, and a process's memory is its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench import reach
from tests.bench.clock import BenchError, Case, Usage


def step(instances: int, requests: int, verb: str = reach.PLAN) -> reach.Step:
    return reach.Step(verb=verb, instances=instances, usage=Usage(wall=1.0, cpu=0.5, mib=50.0), requests=requests)


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_growth_is_what_each_instance_more_asks() -> None:
    first, second, third = rows(reach._sizes_table([step(25, 100), step(50, 150), step(100, 150)]))
    assert (first[-1], second[-1], third[-1]) == ("", "2.00", "0.00")


def test_sets_of_one_organization_add_up_and_the_largest_process_counts() -> None:
    found = reach._sum([step(40, 100), reach.Step(verb=reach.PLAN, instances=40, usage=Usage(wall=2.0, cpu=1.0, mib=70.0), requests=50)])
    assert (found.instances, found.requests, found.usage) == (80, 150, Usage(wall=3.0, cpu=1.5, mib=70.0))


def test_every_size_is_whole_accounts_in_every_region() -> None:
    assert all(size % len(reach.REGIONS) == 0 and size // len(reach.REGIONS) >= 3 for size in reach.SIZES)


def test_a_process_has_the_memory_that_it_took_and_not_that_of_who_started_it(tmp_path: Path) -> None:
    held = bytearray(200 << 20)
    small = reach._measured(Case(name="small", argv=[sys.executable, "-c", "pass"], cwd=tmp_path))
    large = reach._measured(Case(name="large", argv=[sys.executable, "-c", "bytearray(100 << 20)"], cwd=tmp_path))
    assert len(held) > 0
    assert small.mib < 40 < 100 < large.mib < 160


def test_a_process_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="ended with 4"):
        reach._measured(Case(name="broken", argv=[sys.executable, "-c", "raise SystemExit(4)"], cwd=tmp_path))
