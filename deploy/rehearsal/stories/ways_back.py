"""Ways back after CloudFormation has stopped watching: to an earlier release, by a reviewed plan, with no checkout of it."""

from __future__ import annotations

from deploy.rehearsal import variant
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.stories.others import elsewhere
from deploy.rehearsal.story import story


@story("one-release-back", "rollback puts the release before it back, from what it published")
def one_release_back(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    stage.kept(stage.up(), 0)
    stage.kept(stage.run("rollback", "--yes"), 0)
    stage.expect(stage.setting() == "50", f"the setting is {stage.setting()}, not that of the release before")
    stage.expect(stage.record().operation == "rollback", f"the ledger says {stage.record().operation}")
    stage.release(variant.harmless(50))
    stage.answers()


@story("rollback-is-reviewed", "a rollback that would lose data is refused as every other change is")
def rollback_is_reviewed(stage: Stage) -> None:
    stage.deployed(variant.renamed_table)
    path = stage.name("AWS::DynamoDB::Table")
    stage.release()
    stage.kept(stage.up("--allow-loss", path), 0)
    stage.kept(stage.run("rollback", "--yes"), 4, f"--allow-loss {path}")
    stage.answers()


@story("status-follows", "what another tool began is followed and recorded by status --follow")
def status_follows(stage: Stage) -> None:
    stage.deployed(variant.monitoring(4))
    elsewhere(stage)
    stage.kept(stage.run("status", "--follow"), 0, "observed")
    stage.expect(stage.record().operation == "observed", f"the ledger says {stage.record().operation}")
    stage.answers()
