"""Deployments of one platform by every tool in turn, on a local AWS of their own: a create, a no-op, a change of one resource."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from botocore.exceptions import ClientError

from deploy.local.server import LocalAws, Options, Running
from tests.bench import deployers, platform
from tests.bench.clock import BenchError, Usage, middle, once, rounds
from tests.bench.deployers import OURS, Deployer, Site
from tests.bench.platform import Services
from tests.bench.relay import Relay
from tests.deploy.world import ENVIRONMENT, World
from tests.local.conftest import Aws

RESOURCE_SECONDS = 0.25
CREATE, NOTHING, CHANGE = "create", "nothing changed", "one resource changed"
OPERATIONS: dict[str, Callable[[], Services]] = {CREATE: platform.services, NOTHING: platform.services, CHANGE: platform.changed}

Cell = TypeVar("Cell")

_TIMES = {NOTHING: 3}
"""How often a round measures an operation; the short one oftener."""

_FIRST_ACCOUNT = 300_000_000_000
_ALONE = "alone"
_LOOK_SECONDS = 0.05
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command: what it cost, and how many requests it made where they were counted."""

    operation: str
    tool: str
    usage: Usage
    requests: int


@dataclass(frozen=True, kw_only=True)
class Deployments:
    """Medians. ``usages`` and ``requests``: operation -> tool; ``work``: operation -> seconds that the local AWS itself needs;
    ``recorded``: operation -> requests that this project's ledger tells; ``starts``: command -> what it costs to start it;
    ``missing``: why others are not compared.
    """

    usages: dict[str, dict[str, Usage]]
    requests: dict[str, dict[str, int]]
    work: dict[str, float]
    recorded: dict[str, int]
    starts: dict[str, Usage]
    versions: dict[str, str]
    missing: list[str]
    runs: int


def measure(folder: Path, runs: int, tell: Callable[[str], None]) -> Deployments:
    """Raises:
    BenchError: a tool failed that had deployed before, or this project.
    LocalAwsError: the local AWS does not start.
    """
    server = LocalAws(folder=folder / "local-aws")
    running = server.start(Options(resource_seconds=RESOURCE_SECONDS))
    try:
        tell("deployments: the peers are installed")
        peers, missing = deployers.peers(folder)
        tell("deployments, the round that counts requests")
        tools, counted, failed = _first_round([deployers.Own(), *peers], running, folder / "first")
        recorded = _recorded(_site(running, folder / "first", 0))
        found: list[Run] = []
        work: list[dict[str, float]] = []
        for number in range(1, runs + 1):
            tell(f"deployments, round {number} of {runs}")
            server.reset()
            place = folder / f"round-{number}"
            work.append(_alone(_site(running, place, len(tools))))
            found += [run for at, tool in enumerate(tools) for run in _three(tool, _site(running, place, at))]
    finally:
        server.stop()
    return Deployments(
        usages=_table(tools, lambda *where: middle([run.usage for run in found if (run.operation, run.tool) == where])),
        requests=_table(tools, lambda *where: next(run.requests for run in counted if (run.operation, run.tool) == where)),
        work={operation: median(one[operation] for one in work) for operation in work[0]},
        recorded=recorded,
        starts=rounds([tool.start for tool in tools], runs),
        versions={tool.name: tool.version for tool in tools if tool.version},
        missing=[*missing, *failed],
        runs=runs,
    )


def _table(tools: Sequence[Deployer], cell: Callable[[str, str], Cell]) -> dict[str, dict[str, Cell]]:
    return {operation: {tool.name: cell(operation, tool.name) for tool in tools} for operation in OPERATIONS}


def _site(running: Running, folder: Path, number: int, endpoint: str = "") -> Site:
    aws = Aws(url=running.url, account=str(_FIRST_ACCOUNT + number))
    return Site(aws=aws, endpoint=endpoint or running.url, folder=folder / str(number))


def _first_round(tools: Sequence[Deployer], running: Running, folder: Path) -> tuple[list[Deployer], list[Run], list[str]]:
    """Its seconds do not count: requests do, and a peer that cannot deploy here is left out, with its words."""
    able: list[Deployer] = []
    counted: list[Run] = []
    failed: list[str] = []
    for number, tool in enumerate(tools):
        try:
            with Relay(running.port) as relay:
                counted += _three(tool, _site(running, folder, number, relay.url), lambda: relay.requests)
        except BenchError as error:
            if tool.name == OURS:
                raise
            failed.append(f"{tool.name} is not compared, it cannot deploy to the local AWS: {' '.join(str(error).split())[-300:]}")
        else:
            able.append(tool)
    return able, counted, failed


def _three(tool: Deployer, site: Site, requests: Callable[[], int] = lambda: 0) -> list[Run]:
    """The three operations after each other, in an account that nobody has used; each is checked.

    Raises:
        BenchError: the tool failed, or did something else.
    """
    tool.ready(site)
    made = []
    for operation, services in OPERATIONS.items():
        wanted = services()
        tool.lay(site, wanted)
        for _ in range(_TIMES.get(operation, 1)):
            before = requests()
            usage = once(tool.case(site))
            made.append(Run(operation=operation, tool=tool.name, usage=usage, requests=requests() - before))
        _check(site, tool.stack, wanted, f"{tool.name}, {operation}")
    return made


def _check(site: Site, stack: str, wanted: Services, what: str) -> None:
    """Raises:
    BenchError: what stands in the account is not what was to be deployed.
    """
    service, logical_id = platform.CHANGED
    properties = wanted[service]["Resources"][logical_id]["Properties"]
    try:
        status = site.aws.status(stack)
        value = site.aws.client("ssm").get_parameter(Name=properties["Name"])["Parameter"]["Value"]
        nested = [one["PhysicalResourceId"] for one in _resources(site, stack) if one["ResourceType"] == "AWS::CloudFormation::Stack"]
        count = sum(len(_resources(site, one)) for one in nested)
    except ClientError as error:
        raise BenchError(f"{what}: the tool says that all is well, and {error}") from error
    if status not in _GOOD or value != properties["Value"] or count != platform.resources():
        raise BenchError(f"{what}: stack {stack} is {status} with {count} resources, and the value that changes is '{value}'")


def _resources(site: Site, stack: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = site.aws.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return found


def _alone(site: Site) -> dict[str, float]:
    """Operation -> seconds from the root's first event to its last, where nothing but CreateStack or UpdateStack is asked."""
    seconds: dict[str, float] = {}
    known = 0
    for operation in (CREATE, CHANGE):
        services = OPERATIONS[operation]()
        urls = {name: site.aws.publish(document) for name, document in services.items()}
        ask = site.aws.cloudformation.create_stack if operation == CREATE else site.aws.cloudformation.update_stack
        body = json.dumps(platform.root(services, urls.__getitem__))
        ask(StackName=_ALONE, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
        while (status := site.aws.status(_ALONE)).endswith("IN_PROGRESS"):
            time.sleep(_LOOK_SECONDS)
        if status not in _GOOD:
            raise BenchError(f"the local AWS alone, {operation}: stack {_ALONE} is {status}")
        events = site.aws.events(_ALONE)[known:]
        known += len(events)
        seconds[operation] = (events[-1]["Timestamp"] - events[0]["Timestamp"]).total_seconds()
    return seconds


def _recorded(site: Site) -> dict[str, int]:
    """What the ledger says of the two operations that have a record."""
    records = World(aws=site.aws, folder=site.folder).run("history", ENVIRONMENT, "--format", "json").json["records"]
    newest, oldest = records
    return {CREATE: oldest["api_calls"], CHANGE: newest["api_calls"]}
