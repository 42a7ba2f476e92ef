"""Operations that fail in AWS: what is put back by itself, and what a person has to put back."""

from __future__ import annotations

from deploy.rehearsal import variant
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import FAULTS, story


@story("first-create-fails", "a first create that fails leaves nothing behind, and the next one works")
def first_create_fails(stage: Stage) -> None:
    stage.ready(variant.broken_queue)
    stage.kept(stage.up(), 7, stage.path(variant.QUEUE))
    stage.recorded("rolled back")
    stage.ended("ROLLBACK_COMPLETE", "DELETE_COMPLETE", "")
    found = stage.find()
    held = [one.logical_id for one in stage.stacks.resources(found.id) if one.status != "DELETE_COMPLETE"] if found else []
    stage.expect(not held, f"the stack still holds {held}")
    stage.release()
    stage.kept(stage.up(), 0)
    forget_announced(stage)
    stage.answers()


@story("nested-update-fails", "a nested update that fails half way is put back whole, and the first real cause is named")
def nested_update_fails(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    before = stage.queue()
    stage.release(variant.harmless(51), variant.broken_queue)
    stage.kept(stage.up(), 7, stage.path(variant.QUEUE), str(variant.TOO_LONG))
    stage.recorded("rolled back")
    stage.ended("UPDATE_ROLLBACK_COMPLETE")
    stage.expect(stage.setting() == "50", f"the setting is {stage.setting()}, not what it was")
    stage.expect(stage.queue()["VisibilityTimeout"] == before["VisibilityTimeout"], "the queue is not what it was")
    cause = stage.record().causes[0]
    stage.expect("/".join(cause.path) == stage.path(variant.QUEUE), f"the cause is told as {'/'.join(cause.path)}")
    stage.answers()


@story("rollback-fails-and-continues", "a rollback that fails waits for a person; recover --continue ends it", in_account=FAULTS)
def rollback_fails_and_continues(stage: Stage) -> None:
    stuck(stage)
    stage.kept(stage.run("recover"), 8, "--continue", stage.path(variant.QUEUE))
    stage.mended()
    stage.kept(stage.run("recover", "--continue", "--yes"), 0)
    restored(stage)


@story("rollback-fails-for-good", "a resource that cannot be put back is left as it is only where a person names it", in_account=FAULTS)
def rollback_fails_for_good(stage: Stage) -> None:
    stuck(stage)
    stage.kept(stage.run("recover", "--continue", "--yes"), 8, stage.path(variant.QUEUE))
    stage.kept(stage.run("recover", "--skip", "No/Such", "--yes"), 2, stage.path(variant.QUEUE))
    stage.kept(stage.run("recover", "--skip", stage.path(variant.QUEUE), "--yes"), 0)
    stage.mended()
    restored(stage)
    stage.notes.append("what is skipped stays as the failed update left it")


def forget_announced(stage: Stage) -> None:
    """Nested stacks that the failed create announced and never began stay in REVIEW_IN_PROGRESS: somebody deletes them."""
    for one in stage.ask("cloudformation").pages("list_stacks", "StackSummaries"):
        if one["StackStatus"] == "REVIEW_IN_PROGRESS" and one["StackName"].startswith(f"{stage.stack}-"):
            stage.stacks.delete(one["StackId"], "rehearsal")
            stage.notes.append(f"{one['StackName']} was announced, never begun, and stayed in REVIEW_IN_PROGRESS")


def stuck(stage: Stage) -> None:
    """An update that fails, and a queue that does not go back."""
    stage.deployed(variant.harmless(50))
    stage.fault(logical_id=stage.logical_id(variant.QUEUE), verb="revert", message="somebody holds it")
    stage.fault(logical_id=stage.logical_id(variant.PARAMETER), verb="update", message="no more of them", times=1)
    stage.release(variant.harmless(51), variant.longer_queue)
    stage.kept(stage.up(), 8, "python -m deploy recover", "somebody holds it")
    stage.ended("UPDATE_ROLLBACK_FAILED")
    stage.recorded("stuck")
    stage.kept(stage.run("plan"), 8, "recover")


def restored(stage: Stage) -> None:
    stage.ended("UPDATE_ROLLBACK_COMPLETE")
    stage.expect(stage.setting() == "50", f"the setting is {stage.setting()}, not what it was")
    stage.release(variant.harmless(52))
    stage.kept(stage.up(), 0)
    stage.answers()
