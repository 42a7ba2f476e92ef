"""kill -9 of the deployer, at every point after which something is left behind: the same command again ends with the same result."""

from __future__ import annotations

from deploy.rehearsal import variant
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import FAULTS, story

WATCHED = variant.monitoring(2)


@story("killed-before-execute", "killed before AWS was asked: the same command begins, once")
def killed_before_execute(stage: Stage) -> None:
    goes_on(stage, "began")


@story("killed-in-execute", "killed as soon as AWS has answered: the same command attaches, and asks nothing twice")
def killed_in_execute(stage: Stage) -> None:
    goes_on(stage, "executed")


@story("killed-after-execute", "killed while it follows: the same command attaches, and follows to the end")
def killed_after_execute(stage: Stage) -> None:
    goes_on(stage, "following")


@story("killed-in-monitoring", "killed while its checks run: the same command attaches, and verifies again")
def killed_in_monitoring(stage: Stage) -> None:
    goes_on(stage, "monitoring")


@story("killed-at-the-end", "killed between AWS's end and its own: the same command records how it ended")
def killed_at_the_end(stage: Stage) -> None:
    goes_on(stage, "ending")


@story("killed-with-the-gate-closed", "killed after a check has failed: CloudFormation rolls back by itself, and the gate is opened again")
def killed_with_the_gate_closed(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.monitoring(60), variant.harmless(51))
    plan = stage.plan()
    stage.killed(plan, "closed")
    stage.wait(lambda: stage.status() == "UPDATE_ROLLBACK_COMPLETE", "CloudFormation to roll back by itself")
    stage.kept(stage.apply(plan), 7)
    gone_back(stage)


@story("killed-in-rollback", "killed while CloudFormation rolls back: the same command attaches, and tells the failure", in_account=FAULTS)
def killed_in_rollback(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.fault(logical_id=stage.logical_id(variant.QUEUE), verb="revert", latency=1.5)
    stage.fault(logical_id=stage.logical_id(variant.PARAMETER), verb="update", message="no more of them")
    stage.release(variant.harmless(51), variant.longer_queue)
    plan = stage.plan()
    stage.killed(plan, "going-back")
    stage.kept(stage.apply(plan), 7, "no more of them")
    stage.mended()
    gone_back(stage)


@story("killed-while-planning", "a plan that is killed leaves a change set, which the next plan clears away", in_account=FAULTS)
def killed_while_planning(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    stage.fault(service="cloudformation", action="DescribeChangeSet", latency=3)
    process = stage.commands.start("plan", stage.environment)
    stage.wait(lambda: proposed(stage), "the change set")
    process.kill()
    stage.mended()
    (left,) = proposed(stage)
    stage.kept(stage.up(), 0, left)
    stage.answers()


def proposed(stage: Stage) -> list[str]:
    """The names of the change sets that wait to be executed."""
    return [one["name"] for one in stage.stacks.proposals(stage.stack) if not one["execution"].startswith("EXECUTE_")]


def goes_on(stage: Stage, point: str) -> None:
    """Killed there, and the same command again."""
    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(WATCHED, variant.harmless(51))
    plan = stage.plan()
    stage.killed(plan, point)
    stage.kept(stage.apply(plan), 0)
    stage.expect(stage.begun() == before + 1, f"AWS was asked {stage.begun() - before} times")
    stage.recorded("succeeded")
    stage.expect(stage.setting() == "51", f"the setting is {stage.setting()}, not the new one")
    stage.answers()


def gone_back(stage: Stage) -> None:
    stage.ended("UPDATE_ROLLBACK_COMPLETE")
    stage.recorded("rolled back")
    stage.expect(stage.setting() == "50", f"the setting is {stage.setting()}, not what it was")
    stage.answers()
