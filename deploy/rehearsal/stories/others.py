"""Others at work on the same environment: one goes, the other learns who it is, and nothing is done that nobody reviewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from deploy import lock
from deploy.lock import Holder
from deploy.rehearsal import variant
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import story


@story("two-deployers", "of two who apply at once one goes, and the other learns who it is")
def two_deployers(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(variant.monitoring(2), variant.harmless(51))
    first = stage.plan()
    second = stage.commands.build / "second.plan.json"
    stage.kept(stage.run("plan", "--out", str(second)), 0)
    processes = [stage.commands.start("apply", str(path), "--yes") for path in (first, second)]
    ended = sorted((process.wait() for process in processes), key=lambda answer: answer.code)
    stage.kept(ended[0], 0)
    stage.kept(ended[1], 6)
    stage.expect(stage.begun() == before + 1, "AWS was asked twice")
    withdraw(stage)
    stage.answers()


@story("locked", "a lock that somebody holds is respected, and its holder named; one that has expired is taken")
def locked(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    take(stage, minutes=5)
    stage.kept(stage.up(), 6, "ann on workbench")
    stage.expect(stage.setting() == "50", "something was changed")
    take(stage, minutes=-1)
    stage.kept(stage.up(), 0)
    stage.answers()


@story("lock-stolen", "a deployer that was cut off, and lost its lock, notices before it executes anything")
def lock_stolen(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(variant.harmless(51))
    stage.plan()
    refused = stage.rollout(lambda point: take(stage, minutes=5) if point == "began" else None)
    stage.expect(refused == 6, f"exit {refused} where 6 is documented")
    stage.expect(stage.begun() == before, "something was started")
    stage.recorded("refused")
    stage.kept(stage.run("plan"), 6, "ann on workbench")
    take(stage, minutes=-1)
    stage.kept(stage.up(), 0)
    withdraw(stage)
    stage.answers()


@story("stale-plan", "a plan is refused once another one was applied: what was reviewed is no longer what would happen")
def stale_plan(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    plan = stage.plan()
    stage.release(variant.harmless(52))
    stage.kept(stage.up(), 0)
    stage.kept(stage.apply(plan), 6, "plan again")
    stage.expect(stage.setting() == "52", f"the setting is {stage.setting()}, not that of the newer plan")
    withdraw(stage)
    stage.answers()


@story("stack-moved", "a plan is refused where somebody has moved the stack with another tool since")
def stack_moved(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    plan = stage.plan()
    elsewhere(stage)
    stage.wait(lambda: stage.status() == "UPDATE_COMPLETE", "the other tool's update")
    stage.kept(stage.apply(plan), 6, "moved")
    stage.expect(stage.setting() == "50", "something was changed")
    withdraw(stage)
    stage.kept(stage.up(), 0)
    stage.answers()


@story("drift", "what was changed behind CloudFormation's back: a release that changes it wins, one that does not leaves it")
def drift(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    ssm = stage.ask("ssm")
    ssm("put_parameter", Name=stage.thing(variant.PARAMETER), Value="7", Overwrite=True)
    stage.release(variant.harmless(50), variant.longer_queue)
    stage.kept(stage.up(), 0)
    stage.expect(stage.setting() == "7", f"the setting is {stage.setting()}, and nobody was to touch it")
    stage.release(variant.harmless(51), variant.longer_queue)
    stage.kept(stage.up(), 0)
    stage.expect(stage.setting() == "51", f"the setting is {stage.setting()}, not what was released")
    stage.notes.append("a plan compares templates, so it does not say that a resource was changed by hand")
    stage.answers()


def take(stage: Stage, *, minutes: int) -> None:
    """Somebody else takes the lock, or had it until ``minutes`` ago."""
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    store = stage.account.store("deploy", stage.account.manifest.region)
    held = lock.current(store)
    fence = held.holder.fence + 1 if held else 1
    since = until - timedelta(minutes=15)
    other = Holder(operation="f" * 64, verb="apply", by="ann", host="workbench", fence=fence, since=since, until=until)
    store.swap(lock.KEY, msgspec.json.encode(other), held.tag if held else None)


def elsewhere(stage: Stage) -> None:
    """Another tool updates the stack: the same templates with another tag."""
    found = stage.find()
    tags = [{"Key": key, "Value": value} for key, value in {**(found.tags if found else {}), "Owner": "somebody-else"}.items()]
    parameters = {"StackName": stage.stack, "UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_NAMED_IAM"], "Tags": tags}
    stage.ask("cloudformation")("update_stack", **parameters)


def withdraw(stage: Stage) -> None:
    """Plans that were refused keep their change sets until they expire: somebody throws them away."""
    for proposal in list(stage.stacks.proposals(stage.stack)):
        if not proposal["execution"].startswith("EXECUTE_") and not proposal["root"]:
            stage.stacks.discard(proposal["id"])
