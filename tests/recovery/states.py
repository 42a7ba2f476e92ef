"""The states that a stack gets stuck in, each made as it comes about: by resources that fail, on the way there or back."""

from __future__ import annotations

import signal
from typing import Any

from tests.deploy.world import STACK, World, parameter
from tests.local.conftest import Faults, wait

LIMIT = "/tap/dev/limit"


def limit(world: World) -> str:
    return str(world.aws.client("ssm").get_parameter(Name=LIMIT)["Parameter"]["Value"])


def change(world: World, value: str = "20", **more: Any) -> World:
    """Another release: the parameter has another value; ``more``: resources that come after it."""
    resources = world.services["compute"]["Resources"]
    resources["Limit"] = parameter(value, LIMIT)
    for name, resource in more.items():
        resources[name] = {**resource, "DependsOn": "Limit"}
    return world.build()


def broken(world: World, faults: Faults) -> World:
    """A release whose last resource cannot be made, once the parameter has changed."""
    faults.add(logical_id="Last", verb="create", message="no more of these")
    return change(world, Last=parameter("x"))


def stuck(world: World, faults: Faults, times: int | None = None) -> World:
    """UPDATE_ROLLBACK_FAILED in a nested stack: the parameter cannot be put back, ``times`` times or ever."""
    world.deployed()
    faults.add(logical_id="Limit", verb="revert", message="cannot be put back", **({"times": times} if times else {}))
    answer = broken(world, faults).up()
    assert answer.code == 8, answer.out + answer.err
    assert world.aws.status(STACK) == "UPDATE_ROLLBACK_FAILED"
    return world


def failed_create(world: World, faults: Faults) -> World:
    """ROLLBACK_FAILED: the first create failed, and what it made cannot be deleted, once."""
    world.ready()
    faults.add(logical_id="Limit", verb="delete", message="somebody uses it", times=1)
    answer = broken(world, faults).up()
    assert answer.code == 8, answer.out + answer.err
    assert world.aws.status(STACK) == "ROLLBACK_FAILED"
    return world


def in_steps(world: World) -> World:
    """Deployed, with a parameter in front of the queue."""
    resources = world.services["messaging"]["Resources"]
    resources["Before"] = parameter("1", "/tap/dev/before")
    resources["Jobs"]["DependsOn"] = "Before"
    return world.deployed()


def another(world: World) -> World:
    """A release in which the parameter, then the queue, then another nested stack change."""
    resources = world.services["messaging"]["Resources"]
    resources["Before"] = parameter("2", "/tap/dev/before")
    resources["Jobs"]["Properties"]["VisibilityTimeout"] = 60
    return change(world)


def slow(faults: Faults, verb: str = "update") -> None:
    """The queue takes its time, so that an operation is caught in the middle."""
    faults.add(logical_id="Jobs", verb=verb, latency=8)


def at_the_queue(world: World) -> None:
    wait_event(world, world.aws.child(STACK, "Messaging"), "Jobs", "UPDATE_IN_PROGRESS")


def by_hand(world: World, *, create: bool = False) -> None:
    """What is built is published, and somebody updates or creates the stack with it in the console."""
    assert world.run("publish", "dev").code == 0
    root = (world.folder / "dev" / "root.json").read_text()
    request = world.aws.cloudformation.create_stack if create else world.aws.cloudformation.update_stack
    request(
        StackName=STACK,
        TemplateBody=root,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        ClientRequestToken=f"Console-{'CreateStack' if create else 'UpdateStack'}-1",
    )


def last_plan(world: World) -> str:
    """The file of the plan that was made last."""
    return str(max((world.folder / "plans").glob("*.json"), key=lambda path: path.stat().st_mtime))


def killed(world: World, script: str, *arguments: str) -> None:
    process = world.process(*arguments, script=script)
    out, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, out + err


def records(world: World) -> list[dict[str, Any]]:
    """Newest first."""
    found: list[dict[str, Any]] = world.run("history", "dev", "--format", "json").json["records"]
    return found


def unlocked(world: World) -> bool:
    return world.run("status", "dev", "--format", "json").json["running"] is None


def wait_event(world: World, stack: str, logical_id: str, status: str) -> None:
    wait(lambda: status in world.aws.statuses(stack, logical_id), f"{logical_id} to be {status}")
