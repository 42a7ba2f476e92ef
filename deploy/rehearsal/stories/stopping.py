"""People who stop a deployment: the update goes back, the create goes away, and AWS goes on where only the deployer stops."""

from __future__ import annotations

import signal

from deploy.rehearsal import variant
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import story

WATCHED = variant.monitoring(60)


@story("cancelled", "an update that is cancelled in the middle goes back; the one who follows it hears of it")
def cancelled(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(WATCHED, variant.harmless(51))
    process = stage.applying(stage.plan())
    stage.kept(stage.run("cancel", "--yes"), 7, "put back")
    stage.kept(process.wait(), 7)
    stage.ended("UPDATE_ROLLBACK_COMPLETE")
    stage.expect(stage.setting() == "50", f"the setting is {stage.setting()}, not what it was")
    operations = {(record.operation, record.outcome) for record in stage.ledger.newest(2)}
    stage.expect(operations == {("deploy", "rolled back"), ("cancel", "rolled back")}, f"the ledger says {sorted(operations)}")
    stage.answers()


@story("create-cancelled", "a first create that is cancelled is undone through the gate, and the next one finds nothing in its way")
def create_cancelled(stage: Stage) -> None:
    stage.ready(WATCHED)
    process = stage.applying(stage.plan())
    stage.kept(stage.run("cancel", "--yes"), 7)
    stage.kept(process.wait(), 7)
    stage.ended("ROLLBACK_COMPLETE")
    stage.kept(stage.apply(stage.plan()), 0)
    stage.ended("CREATE_COMPLETE")
    stage.answers()


@story("interrupted", "the first Ctrl-C says how to come back, the second leaves; AWS goes on, and the same command attaches")
def interrupted(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.monitoring(6), variant.harmless(51))
    plan = stage.plan()
    process = stage.applying(plan)
    process.signal(signal.SIGINT)
    said = process.read_until("AWS goes on")
    stage.expect("AWS goes on" in said, f"the first interrupt is not answered: {said}")
    process.signal(signal.SIGINT)
    stage.kept(process.wait(), 130)
    stage.kept(stage.apply(plan), 0, "attaching")
    stage.expect(stage.setting() == "51", f"the setting is {stage.setting()}, not the new one")
    stage.answers()
