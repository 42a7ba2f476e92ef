"""What a person says yes to: a yes to a plan is no yes to a loss, and no yes to another plan."""

from __future__ import annotations

from deploy import plan as plans
from deploy.rehearsal import variant
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.stories.others import withdraw
from deploy.rehearsal.story import story


@story("loss-by-digest", "a change that loses data is refused although its digest was approved: only the path of what is lost accepts it")
def loss_by_digest(stage: Stage) -> None:
    stage.deployed()
    before, table = stage.begun(), stage.thing("AWS::DynamoDB::Table")
    path = stage.name("AWS::DynamoDB::Table")
    stage.release(variant.renamed_table)
    plan = stage.plan()
    digest = plans.load(plan).short
    stage.kept(stage.commands.run("apply", str(plan), "--approve", digest), 4, f"--allow-loss {path}")
    stage.kept(stage.apply(plan), 4, f"--allow-loss {path}")
    stage.expect(stage.begun() == before, "something was started")
    stage.expect(stage.ask("dynamodb")("describe_table", TableName=table)["Table"]["TableStatus"] == "ACTIVE", "the table is gone")
    withdraw(stage)
    stage.release()
    stage.answers()


@story("plan-tampered", "a plan that was changed by hand after it was sealed is refused")
def plan_tampered(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    plan = stage.plan()
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('"modify": 1', '"modify": 0').replace('"51"', '"52"'), encoding="utf-8")
    stage.kept(stage.apply(plan), 6, "changed after it was sealed")
    plan.write_text(text, encoding="utf-8")
    stage.kept(stage.apply(plan), 0)
    stage.expect(stage.setting() == "51", f"the setting is {stage.setting()}, not what was reviewed")
    stage.answers()


@story("another-digest", "another digest than the plan's is refused: the approval was for something else")
def another_digest(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    plan = stage.plan()
    stage.kept(stage.commands.run("apply", str(plan), "--approve", "0" * 12), 4, "was approved, and this is another plan")
    stage.expect(stage.setting() == "50", "something was changed")
    stage.kept(stage.commands.run("apply", str(plan), "--approve", plans.load(plan).short), 0)
    stage.answers()
