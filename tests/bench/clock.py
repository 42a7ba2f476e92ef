"""Whole processes, measured: wall time, CPU and peak memory as the kernel counts them for the process and its children."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

_UNWANTED = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH", "PYTHONPROFILEIMPORTTIME")


class BenchError(Exception):
    """A process that should have succeeded and did not: its figures would mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one process cost: seconds of wall time, seconds of CPU, MiB at the peak of its largest process."""

    wall: float
    cpu: float
    mib: float


def nothing() -> None:
    """The preparation of a case that needs none."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A process to measure.

    ``prepare`` runs before each time, unmeasured; ``codes``: exit codes that are no mistake; ``times``: runs in a round.
    """

    name: str
    argv: Sequence[str]
    cwd: Path
    prepare: Callable[[], None] = nothing
    codes: tuple[int, ...] = (0,)
    times: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)


def once(case: Case) -> Usage:
    """Run a case one time.

    Raises:
        BenchError: with the end of what the process said.
    """
    case.prepare()
    # No AWS settings of the caller's: a case that needs some brings its own.
    kept = {name: value for name, value in os.environ.items() if name not in _UNWANTED and not name.startswith("AWS_")}
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            case.argv, cwd=case.cwd, env={**kept, **case.variables}, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in case.codes:
            said.seek(0)
            end = said.read().decode(errors="replace")[-2000:]
            raise BenchError(f"{case.name}: {' '.join(case.argv)} ended with {process.returncode}, so there is nothing to measure\n{end}")
    return Usage(wall=wall, cpu=usage.ru_utime + usage.ru_stime, mib=usage.ru_maxrss / 1024)


def rounds(cases: Sequence[Case], runs: int) -> dict[str, Usage]:
    """Name -> medians. The cases take turns, so that what else the machine does falls on all of them alike."""
    for case in cases:
        once(case)  # bytecode and file cache are warm from here on
    measured: dict[str, list[Usage]] = {case.name: [] for case in cases}
    for _ in range(runs):
        for case in cases:
            measured[case.name] += [once(case) for _ in range(case.times)]
    return {name: middle(found) for name, found in measured.items()}


def middle(found: Sequence[Usage]) -> Usage:
    return Usage(
        wall=median(usage.wall for usage in found),
        cpu=median(usage.cpu for usage in found),
        mib=median(usage.mib for usage in found),
    )
