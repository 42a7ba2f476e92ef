"""Trouble between the deployer and AWS: a storm of throttling, a network that goes, credentials that end, a ledger out of reach."""

from __future__ import annotations

from deploy.rehearsal import variant
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import FAULTS, story


@story("throttling-storm", "a storm of throttling fails nothing", in_account=FAULTS)
def throttling_storm(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51))
    stage.fault(service="cloudformation", error="Throttling", message="Rate exceeded", status=400, probability=0.1)
    stage.kept(stage.up(), 0)
    stage.mended()
    stage.recorded("succeeded")
    stage.answers()


@story("network-lost", "connections that close, before or after AWS has acted, fail nothing, and nothing is done twice", in_account=FAULTS)
def network_lost(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(variant.harmless(51))
    stage.fault(service="cloudformation", drop="answer", probability=0.1)
    stage.fault(service="s3", drop="request", probability=0.1)
    stage.kept(stage.up(), 0)
    stage.mended()
    stage.expect(stage.begun() == before + 1, f"AWS was asked {stage.begun() - before} times")
    stage.recorded("succeeded")
    stage.answers()


@story("answer-lost", "the one answer that says that it began is lost: the deployment is followed, not begun again", in_account=FAULTS)
def answer_lost(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(variant.harmless(51))
    stage.fault(service="cloudformation", action="ExecuteChangeSet", drop="answer", times=1)
    stage.kept(stage.up(), 0)
    stage.expect(stage.begun() == before + 1, f"AWS was asked {stage.begun() - before} times")
    stage.answers()


@story("credentials-expire", "credentials that end while it is followed are no failure: the same command attaches", in_account=FAULTS)
def credentials_expire(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.monitoring(6), variant.harmless(51))
    plan = stage.plan()
    process = stage.applying(plan)
    stage.fault(service="cloudformation", error="ExpiredToken", message="The security token included in the request is expired", status=400)
    stage.kept(process.wait(), 75, "credentials")
    stage.mended()
    stage.kept(stage.apply(plan), 0, "attaching")
    stage.recorded("succeeded")
    stage.answers()


@story("ledger-out-of-reach", "a ledger that cannot be written stops a deployment before anything is executed", in_account=FAULTS)
def ledger_out_of_reach(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(variant.harmless(51))
    stage.fault(action="PUT /*/ledger/*", error="AccessDenied", message="no", status=403)
    stage.kept(stage.up(), 5, "ledger")
    stage.expect(stage.begun() == before, "something was executed that nobody can find")
    stage.mended()
    stage.kept(stage.up(), 0)
    stage.answers()


@story("ledger-lost-at-the-end", "a ledger that cannot be written at the end loses nothing: the same command records it", in_account=FAULTS)
def ledger_lost_at_the_end(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    before = stage.begun()
    stage.release(variant.harmless(51))
    plan = stage.plan()
    stage.fault(action="PUT /*/ledger/*-e*.json", error="AccessDenied", message="no", status=403)
    answer = stage.apply(plan)
    stage.expect(answer.code in (5, 75), f"exit {answer.code} where 5 or 75 is documented: {answer.tail}")
    stage.mended()
    stage.kept(stage.apply(plan), 0)
    stage.expect(stage.begun() == before + 1, "AWS was asked twice")
    stage.recorded("succeeded")
    stage.answers()


@story("publishing-cut-off", "publishing that was cut off is completed by the next run", in_account=FAULTS)
def publishing_cut_off(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(variant.harmless(51), variant.longer_queue)
    stage.fault(action="PUT /*/templates/*", error="AccessDenied", message="no", status=403, probability=0.5)
    stage.run("publish")
    stage.mended()
    stage.kept(stage.up(), 0)
    stage.expect(stage.setting() == "51", f"the setting is {stage.setting()}, not the new one")
    stage.answers()
