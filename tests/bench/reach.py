"""What it costs to reach far: many services in many environments, and StackSets over more and more accounts and regions.

The organization is the local AWS's, and its stacks are made in milliseconds: what is measured is what this project does itself, in whole
processes whose requests a relay counts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from deploy.local.server import LocalAws, Options, Running
from deploy.rehearsal.faults import Faults
from tests.bench import copies
from tests.bench.clock import BenchError, Case, Usage, middle, once
from tests.bench.figures import table
from tests.bench.own import generate
from tests.bench.relay import Relay
from tests.local.conftest import Aws
from tests.stacksets.world import NAME, Organization, wave

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-southeast-2")
SIZES = (25, 50, 100, 200)
"""Instances of one set, in all of `REGIONS`."""

SETS, ACCOUNTS, PLACES = 5, 10, 4
"""The organization of several sets: each in so many accounts and regions."""

RATE = 5
_NO_SERVICES = ("root.json", "bootstrap.json")
GENERATED = ((10, 3), (40, 10), (100, 30))
"""Services and environments."""

_FIRST_ACCOUNT = 400_000_000_000
_WATCHED = """
import os, sys
child = os.fork()
if not child:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as said:
    said.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command, and says how much memory it took: the kernel counts that of whoever started it as well, and this bench is larger than
what it measures."""

PLAN, CREATE, STATUS, DRIFT, CHANGE, NOTHING = "plan", "apply, a create", "status", "drift", "apply, a change", "plan, nothing changed"
VERBS = (PLAN, CREATE, STATUS, DRIFT, CHANGE, NOTHING)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command over so many instances: what it cost, and how many requests it made."""

    verb: str
    instances: int
    usage: Usage
    requests: int


@dataclass(frozen=True, kw_only=True)
class Generated:
    services: int
    environments: int
    templates: int
    usage: Usage


def text(folder: Path, runs: int, tell: Callable[[str], None]) -> str:
    """The figures as Markdown.

    Raises:
        BenchError: a command failed.
    """
    tell("reach: generation")
    generated = [_generated(folder / f"generate-{services}", services, environments, runs) for services, environments in GENERATED]
    server = LocalAws(folder=folder / "local-aws")
    running = server.start(Options(minute_seconds=0.05))
    try:
        tell("reach: StackSets by size")
        sizes = _sizes(folder, running, runs)
        tell("reach: several sets")
        several = _several(folder / "several", running)
        tell("reach: throttled")
        throttled = _throttled(folder, running)
    finally:
        server.stop()
    where = f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; medians of {runs} runs."
    parts = (
        where,
        "### Generation, without validation",
        _generation_table(generated),
        "### StackSets, one set over more and more instances",
        _sizes_table(sizes),
        f"### {SETS} sets in {ACCOUNTS} accounts and {PLACES} regions: {SETS * ACCOUNTS * PLACES} instances",
        _steps_table(several),
        f"### {throttled[0].instances} instances, with CloudFormation throttled at {RATE} requests a second",
        _steps_table(throttled, [one for one in sizes if one.instances == throttled[0].instances]),
    )
    return "\n\n".join(parts)


def _measured(case: Case) -> Usage:
    """As `once`, with the process's own memory."""
    memory = case.cwd / "memory"
    usage = once(replace(case, argv=[sys.executable, "-S", "-E", "-c", _WATCHED, str(memory), *case.argv]))
    return replace(usage, mib=int(memory.read_text()) / 1024)


# Generation


def _generated(folder: Path, services: int, environments: int, runs: int) -> Generated:
    folder.mkdir()
    own = _own_services(folder / "own")
    place = copies.with_services(folder / "many", max(services - own, 0))
    made = copies.environments(place / "environments", environments)
    argv = generate("--no-validate", "--env-dir", made.name, "--out", "out")
    cold = Case(name="cold", argv=argv, cwd=place, prepare=lambda: copies.emptied(place / "out"))
    usage = middle([_measured(cold) for _ in range(runs + 1)][1:])
    return Generated(services=services, environments=environments, templates=len(copies.templates(place / "out")), usage=usage)


def _own_services(folder: Path) -> int:
    """How many the repository has itself."""
    place = copies.copy(folder)
    made = copies.environments(place / "environments", 1)
    once(Case(name="own", argv=generate("--no-validate", "--env-dir", made.name, "--out", "out"), cwd=place))
    return sum(path.parent.name != "tools" and path.name not in _NO_SERVICES for path in copies.templates(place / "out"))


# StackSets


def _sizes(folder: Path, running: Running, runs: int) -> list[Step]:
    steps: list[Step] = []
    for number, size in enumerate(SIZES):
        found = [_life(_organization(folder / f"set-{size}-{run}", running, 10 * number + run, size), running) for run in range(runs)]
        steps += [_middle([life[index] for life in found]) for index in range(len(VERBS))]
    return steps


def _middle(steps: Sequence[Step]) -> Step:
    requests = sorted(step.requests for step in steps)[len(steps) // 2]
    return Step(verb=steps[0].verb, instances=steps[0].instances, usage=middle([step.usage for step in steps]), requests=requests)


def _organization(folder: Path, running: Running, number: int, size: int) -> Organization:
    """A canary account, a fifth of the accounts, and the rest, each in every region."""
    first = _FIRST_ACCOUNT + number * 1_000
    members = tuple(str(first + index) for index in range(1, size // len(REGIONS) + 1))
    early = max(2, len(members) // 5 + 1)
    waves = (("canary", members[:1]), ("early", members[1:early]), ("everyone", members[early:]))
    made = Organization(
        aws=Aws(url=running.url, account=str(first)),
        folder=folder,
        members=members,
        waves=tuple(wave(name, *accounts, regions=REGIONS) for name, accounts in waves),
    )
    return made.ready().build()


def _life(organization: Organization, running: Running) -> list[Step]:
    """A set is planned, rolled out, looked at, changed and looked at again."""
    steps = [
        _step(organization, running, PLAN, "plan", NAME, "--out", "first.plan.json"),
        _step(organization, running, CREATE, "apply", "first.plan.json", "--yes"),
        _step(organization, running, STATUS, "status", NAME),
        _step(organization, running, DRIFT, "drift", NAME),
    ]
    organization.build(parameters={"Size": "large"})
    _step(organization, running, "plan of the change", "plan", NAME, "--out", "second.plan.json")
    return [
        *steps,
        _step(organization, running, CHANGE, "apply", "second.plan.json", "--yes"),
        _step(organization, running, NOTHING, "plan", NAME, "--out", "third.plan.json"),
    ]


def _step(organization: Organization, running: Running, verb: str, *arguments: str) -> Step:
    keys = {"AWS_ACCESS_KEY_ID": organization.aws.account, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    with Relay(running.port) as relay:
        argv = [sys.executable, "-m", "deploy", "stackset", *arguments, "--endpoint-url", relay.url, "--build", str(organization.folder)]
        variables = {**keys, "PYTHONPATH": str(copies.ROOT)}
        usage = _measured(Case(name=f"stackset {verb}", argv=argv, cwd=organization.folder, codes=(0, 3), variables=variables))
        requests = relay.requests
    instances = sum(len(one.accounts) * len(one.regions) for one in organization.waves)
    return Step(verb=verb, instances=instances, usage=usage, requests=requests)


def _several(folder: Path, running: Running) -> list[Step]:
    """Sets of the same accounts, each with resources of its own, one after the other; what all of them cost together."""
    first = _FIRST_ACCOUNT + 500_000
    members = tuple(str(first + index) for index in range(1, ACCOUNTS + 1))
    lives = []
    for number in range(SETS):
        waves = (wave("canary", *members[:1], regions=REGIONS[:PLACES]), wave("everyone", *members[1:], regions=REGIONS[:PLACES]))
        organization = Organization(aws=Aws(url=running.url, account=str(first)), folder=folder / str(number), members=members, waves=waves)
        said = json.dumps(organization.template).replace("tap-jobs", f"tap-jobs-{number}").replace("/tap/size", f"/tap/{number}/size")
        organization.template = json.loads(said)
        if number == 0:
            organization.ready()
        lives.append(_life(organization.build(set_name=f"tap-baseline-{number}"), running))
    return [_sum([life[index] for life in lives]) for index in range(len(VERBS))]


def _sum(steps: Sequence[Step]) -> Step:
    usage = Usage(
        wall=sum(step.usage.wall for step in steps),
        cpu=sum(step.usage.cpu for step in steps),
        mib=max(step.usage.mib for step in steps),
    )
    instances, requests = sum(step.instances for step in steps), sum(step.requests for step in steps)
    return Step(verb=steps[0].verb, instances=instances, usage=usage, requests=requests)


def _throttled(folder: Path, running: Running) -> list[Step]:
    organization = _organization(folder / "throttled", running, 900, SIZES[1])
    faults = Faults(url=running.url, account=organization.aws.account)
    faults.limit(RATE)
    try:
        steps = _life(organization, running)
    finally:
        faults.clear()
    if set(organization.instances().values()) != {"CURRENT"}:
        raise BenchError(f"not every instance is as it should be: {organization.instances()}")
    return steps


# Tables


def _generation_table(generated: Sequence[Generated]) -> str:
    rows = [
        (
            f"{one.services}",
            f"{one.environments}",
            f"{one.templates:,}",
            f"{one.usage.wall:.2f}",
            f"{1000 * one.usage.cpu / one.templates:.2f}",
            f"{one.usage.mib:.0f}",
        )
        for one in generated
    ]
    return table(("services", "environments", "templates", "wall s", "CPU ms a template", "MiB"), rows)


def _sizes_table(steps: Sequence[Step]) -> str:
    rows = []
    for verb in VERBS:
        found = [step for step in steps if step.verb == verb]
        for before, step in zip((None, *found), found, strict=False):
            more = step.instances - before.instances if before else 0
            calls = f"{(step.requests - before.requests) / more:.2f}" if before else ""
            measured = (f"{step.usage.wall:.2f}", f"{step.usage.cpu:.2f}", f"{step.usage.mib:.0f}", f"{step.requests}")
            rows.append((verb, f"{step.instances}", *measured, calls))
    heads = ("what", "instances", "wall s", "CPU s", "MiB", "requests", "requests for each instance more")
    return table(heads, rows)


def _steps_table(steps: Sequence[Step], beside: Sequence[Step] = ()) -> str:
    others = {step.verb: step for step in beside}
    rows = []
    for step in steps:
        cells = (step.verb, f"{step.usage.wall:.2f}", f"{step.usage.mib:.0f}", f"{step.requests}")
        free = others.get(step.verb)
        rows.append((*cells, f"{free.usage.wall:.2f}", f"{free.requests}") if free else cells)
    heads = ("what", "wall s", "MiB", "requests")
    return table((*heads, "wall s, not throttled", "requests, not throttled") if beside else heads, rows)
