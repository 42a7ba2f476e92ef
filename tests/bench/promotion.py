"""What it costs to look before a release is carried on: parity over more environments, all gates, and drift of every stack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from deploy.local.server import LocalAws, Options
from templates.generation import Request, generate
from tests.bench import copies
from tests.bench.clock import Case, rounds
from tests.conftest import ROOT

SIZES = (3, 30)


def text(folder: Path, runs: int) -> str:
    """The figures as Markdown."""
    rows = ["| what | seconds | beside | calls |", "|---|---:|---|---:|"]
    parity = _parity(folder, runs)
    rows += [
        f"| `parity` over {size} environments | {took:.2f} | {took / parity[SIZES[0]]:.1f} x {SIZES[0]} | 0 |"
        for size, took in parity.items()
    ]
    server = LocalAws(folder=folder / "local")
    url = server.start(Options(minute_seconds=0.02)).url
    try:
        rows += _live(folder, url, runs)
    finally:
        server.stop()
    return "\n".join(rows)


def _parity(folder: Path, runs: int) -> dict[int, float]:
    """Median seconds of the whole command, by how many environments are built."""
    place = copies.copy(folder / "parity")
    cases = {}
    for size in SIZES:
        source = copies.environments(place / f"env-{size}", size)
        # All but the first are off the pipeline's way, which is a difference to find.
        # Made by the copy's own sources, whose proof it is; without the checkers, which are measured elsewhere.
        make = f"from pathlib import Path; from templates.generation import Request, generate; generate(Request(env_dir=Path({source.name!r}), out=Path('out-{size}'), validate=False), tell=print)"
        subprocess.run([sys.executable, "-c", make], cwd=place, check=True, capture_output=True)
        argv = (sys.executable, "-m", "deploy", "parity", "--build", str(place / f"out-{size}"))
        cases[size] = Case(name=f"parity {size}", argv=argv, cwd=ROOT, codes=(0, 3))
    usages = rounds(list(cases.values()), runs)
    return {size: usages[case.name].wall for size, case in cases.items()}


def _live(folder: Path, url: str, runs: int) -> list[str]:
    build = folder / "promotion"
    generate(Request(env_dir=ROOT / "env", out=build, validate=False), tell=lambda text: None)
    for account, arguments in (
        ("444444444444", ("bootstrap", "tools", "--yes")),
        ("222222222222", ("bootstrap", "staging", "--yes")),
        ("111111111111", ("bootstrap", "dev", "--yes")),
        ("111111111111", ("up", "dev", "--yes")),
    ):
        _run(url, build, account, *arguments)
    gates = _seconds(url, build, runs, "promote", "dev", "staging", "--gates-only", "--override", "bake", "--reason", "bench")
    plan = _seconds(url, build, runs, "plan", "staging", "--out", str(folder / "plan.json"))
    drift = _seconds(url, build, runs, "drift", "dev")
    calls = {name: _calls(url, build) for name in ("drift",)}
    return [
        f"| all gates of dev to staging, its plan among them | {gates:.2f} | {gates / plan:.1f} x `plan staging` | |",
        f"| `drift dev`: a root and {calls['drift'][1] - 1} nested stacks | {drift:.2f} | {drift / plan:.2f} x `plan staging` | {calls['drift'][0]} |",
    ]


def _seconds(url: str, build: Path, runs: int, *arguments: str) -> float:
    taken = []
    for _ in range(runs):
        began = perf_counter()
        _run(url, build, "111111111111", *arguments)
        taken.append(perf_counter() - began)
    return median(taken)


def _calls(url: str, build: Path) -> tuple[int, int]:
    """Requests of one look, and stacks that it looked at."""
    from deploy import drift
    from deploy.account import Account
    from deploy.aws.sessions import Sessions
    from deploy.manifest import decode

    data = (build / "dev" / "manifest.json").read_bytes()
    manifest = decode(data)
    sessions = Sessions(endpoint=url, keys=(manifest.account, "local"))
    (report,) = drift.look(Account(manifest=manifest, data=data, folder=build / "dev", sessions=sessions))
    return sessions.calls.total, report.stacks


def _run(url: str, build: Path, account: str, *arguments: str) -> None:
    """As a person does; 3 of `drift` and 4 of a gate are answers, too."""
    keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "deploy", *arguments, "--endpoint-url", url, "--build", str(build)]
    done = subprocess.run(command, cwd=ROOT, env=keys, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3, 4):
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
