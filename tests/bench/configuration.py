"""What the runtime configuration costs an invocation: values that are kept, and one reading of all of them over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import boto3
from shared.configuration import Configuration, in_force, parameters_under
from shared.logs import Log
from shared.setting import Setting

from deploy.local.server import LocalAws

PATH = "/bench/dev/config"
SIZES = (3, 8, 40)
"""Settings: what this repository has, one page of defaults with values set, several pages."""


def text(folder: Path, runs: int) -> str:
    """The figures as Markdown."""
    server = LocalAws(folder=folder / "local")
    connect: Any = boto3.client
    keys = {"aws_access_key_id": "111111111111", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    ssm = connect("ssm", endpoint_url=server.start().url, **keys)
    rows = ["| settings | kept: each value, µs | read: requests | read: all values, ms |", "|---:|---:|---:|---:|"]
    try:
        made = 0
        for size in SIZES:
            for number in range(made, size):
                ssm.put_parameter(Name=f"{PATH}/limit-{number}", Value=str(number), Type="String")
            made = size
            kept, read = _kept(ssm, size, runs), _read(ssm, size, runs)
            rows.append(f"| {size} | {kept * 1e6:.1f} | {-(-size // 10)} | {read * 1e3:.1f} |")
    finally:
        server.stop()
    return "\n".join([*rows, "", f"A cold start pays {_import_seconds(runs) * 1e3:.1f} ms for the module of the rule."])


def _configuration(ssm: Any, size: int, *, cache_seconds: float) -> Configuration:
    settings = {f"limit-{number}": Setting(type="number", default="1", minimum=0, maximum=1000) for number in range(size)}
    log = Log(environment="dev")
    return Configuration(
        settings, lambda: in_force(parameters_under(ssm, PATH)), log, namespace="bench", cache_seconds=cache_seconds, clock=perf_counter
    )


def _kept(ssm: Any, size: int, runs: int) -> float:
    """Seconds for one value while the cache time lasts."""
    configuration, times = _configuration(ssm, size, cache_seconds=3600), 1000
    configuration.number("limit-0")

    def ask() -> None:
        for _ in range(times):
            configuration.number("limit-0")

    return _seconds(ask, runs) / times


def _read(ssm: Any, size: int, runs: int) -> float:
    """Seconds for the first value after the cache time, connection open."""
    configuration = _configuration(ssm, size, cache_seconds=0)
    configuration.number("limit-0")
    return _seconds(lambda: configuration.number("limit-0"), 5 * runs)


def _import_seconds(runs: int) -> float:
    """What the module adds to a process that has the rest of Python's library that handlers use."""
    code = "import json, re, dataclasses, time, sys; t = time.perf_counter(); import shared.setting; print(time.perf_counter() - t)"
    root = Path(__file__).parents[2] / "resources" / "handlers"
    command = [sys.executable, "-c", code]
    return median(float(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout) for _ in range(runs))


def _seconds(work: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        began = perf_counter()
        work()
        taken.append(perf_counter() - began)
    return median(taken)
