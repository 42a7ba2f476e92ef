"""Rollback triggers that cannot watch: nothing is started without them."""

from __future__ import annotations

from deploy import gate
from deploy.rehearsal import variant
from deploy.rehearsal.build import Build
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import story


@story("alarm-already-rings", "an alarm that is in ALARM already is refused before anything starts, with its own reason")
def alarm_already_rings(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    cloudwatch = stage.ask("cloudwatch")
    cloudwatch("set_alarm_state", AlarmName=stage.gate(), StateValue="ALARM", StateReason="somebody said so")
    before = stage.begun()
    stage.kept(stage.up(), 4, stage.gate(), "somebody said so")
    stage.expect(stage.begun() == before, "something was started")
    cloudwatch("set_alarm_state", AlarmName=stage.gate(), StateValue="OK", StateReason="the rehearsal goes on")
    stage.kept(stage.up(), 0)
    stage.answers()


@story("trigger-missing", "an alarm that is not there is refused before anything starts: CloudFormation would fail the whole operation")
def trigger_missing(stage: Stage) -> None:
    def another(build: Build) -> None:
        for stack in build.manifest["stacks"]:
            stack["guard"]["triggers"].append({"alarm": "nobody-made-this", "type": "AWS::CloudWatch::Alarm", "since": "create"})

    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(variant.harmless(51), another)
    stage.kept(stage.up(), 4, "nobody-made-this", "there is no such alarm")
    stage.expect(stage.begun() == before, "something was started")
    stage.release(variant.harmless(50))
    stage.answers()


@story("gate-left-closed", "a gate that a killed run has left closed is opened by the next run, which says whose it was")
def gate_left_closed(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    reason = f"{gate.MARK} for plan 123 by ann: check http GET /health failed"
    stage.ask("cloudwatch")("set_alarm_state", AlarmName=stage.gate(), StateValue="ALARM", StateReason=reason)
    stage.release(variant.harmless(51))
    stage.kept(stage.up(), 0, "plan 123 by ann")
    stage.answers()
