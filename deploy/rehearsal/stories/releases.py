"""Releases that are bad: the product undoes each while CloudFormation still watches, and no user is left without an answer for long."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from deploy.rehearsal import variant
from deploy.rehearsal.probe import Probe
from deploy.rehearsal.stage import Stage
from deploy.rehearsal.story import FUNCTIONS, story

WATCHED = variant.monitoring(60)
WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
LIMIT_MS, LATE_SECONDS = 1500, 2.0


@story("broken-by-alarm", "a release that breaks what users ask, and no check sees, is rolled back by its alarm", in_account=FUNCTIONS)
def broken_by_alarm(stage: Stage) -> None:
    stage.deployed()
    with stage.users("?verbose=1") as users:
        stage.release(WATCHED, variant.failing_users("api"))
        undone(stage, users)
    why(stage, "alarm")


@story("broken-by-traffic", "in an environment without users, --traffic makes the alarm on a broken release ring", in_account=FUNCTIONS)
def broken_by_traffic(stage: Stage) -> None:
    stage.deployed()
    # Checks so patient that neither they nor their own calls make it known.
    stage.release(WATCHED, variant.failing("api"), variant.checks(attempts=5, wait_seconds=60))
    with stage.alarms() as alarms:
        undone(stage, alarms, "--traffic", "20")
    why(stage, "alarm")


@story("broken-by-check", "a release whose check fails is rolled back by the gate", in_account=FUNCTIONS)
def broken_by_check(stage: Stage) -> None:
    stage.deployed()
    with stage.users() as users:
        stage.release(WATCHED, variant.gate_alone, variant.failing("api"))
        undone(stage, users)
    record = stage.record()
    bad = [result for result in record.checks if result.ok is False]
    stage.expect(bad, f"the record does not say which check failed: {record.checks}")
    # Alarms still see the minutes of the bad release.
    proof = [result for result in record.proof if result.check != "alarms"]
    stage.expect(proof and all(result.ok for result in proof), f"the release before it is not proven: {proof}")


@story("broken-by-a-missing-value", "a release that lacks a value which a check looks for is rolled back by the gate")
def broken_by_a_missing_value(stage: Stage) -> None:
    stage.deployed(variant.harmless(50))
    stage.release(WATCHED, variant.harmless(51), variant.missing_parameter)
    answer = stage.kept(stage.up(), 7, "no-such-parameter")
    stage.measure(answer)
    stage.ended("UPDATE_ROLLBACK_COMPLETE")
    stage.recorded("rolled back")
    stage.expect(stage.setting() == "50", f"the setting is {stage.setting()}, not what it was")
    stage.release(variant.harmless(50))
    stage.answers()


@story("slow", "a release that answers late is rolled back by its latency alarm", in_account=FUNCTIONS)
def slow(stage: Stage) -> None:
    limit = variant.latency_alarms(LIMIT_MS)
    stage.deployed(limit)
    users = stage.users()
    users.ask, users.users, users.spread = in_time(users.ask), 4, LATE_SECONDS
    with users:
        stage.wait(lambda: len(users.asked) > 4 * users.users, "users to be answered")
        stage.answers()
        users.asked.clear()
        stage.release(limit, WATCHED, variant.slow("api", LATE_SECONDS))
        undone(stage, users)
    why(stage, "alarm")


@story("dead-letters", "a release whose worker hands every message back is rolled back once letters are dead", in_account=FUNCTIONS)
def dead_letters(stage: Stage) -> None:
    stage.deployed(variant.impatient_queue)
    stage.release(variant.impatient_queue, WATCHED, variant.refusing_jobs("worker"))
    sqs = stage.ask("sqs")
    url = sqs("get_queue_url", QueueName=stage.thing(variant.QUEUE))["QueueUrl"]
    dead = sqs("get_queue_url", QueueName=json.loads(stage.queue()["RedrivePolicy"])["deadLetterTargetArn"].split(":")[-1])["QueueUrl"]

    def send() -> bool:
        sqs("send_message", QueueUrl=url, MessageBody='{"verification": "rehearsal"}')
        return bool(letters() == 0)

    def letters(of: str = dead) -> int:
        said = sqs("get_queue_attributes", QueueUrl=of, AttributeNames=list(WAITING))["Attributes"]
        return sum(int(said[count]) for count in WAITING)

    with Probe(ask=send, users=1, pause=0.3) as jobs:
        answer = stage.kept(stage.up(), 7)
        stage.ended("UPDATE_ROLLBACK_COMPLETE")
        stage.measure(answer, jobs)
    why(stage, "alarm")
    stage.release(variant.impatient_queue, variant.harmless(51))
    stage.wait(lambda: not letters(url), "the last job to be done, or given up")
    # Somebody has to look at them: until then their alarm rings, and nothing more is deployed.
    stage.expect(letters(), "no letter is dead")
    stage.kept(stage.run("plan"), 4, "in ALARM")
    sqs("purge_queue", QueueUrl=dead)
    stage.release(variant.impatient_queue)
    stage.answers()


def in_time(ask: Callable[[], bool]) -> Callable[[], bool]:
    def asked() -> bool:
        began = time.monotonic()
        return ask() and (time.monotonic() - began) * 1000 < LIMIT_MS

    return asked


def undone(stage: Stage, users: Probe, *more: str) -> None:
    """The deployment ends with 7, and what users see is as before."""
    answer = stage.kept(stage.up(*more), 7)
    stage.ended("UPDATE_ROLLBACK_COMPLETE")
    stage.recorded("rolled back")
    stage.expect(users.wait_restored(), "users are not answered as before")
    stage.measure(answer, users)
    stage.expect(stage.to_rollback is not None, "the rollback's begin was not seen")
    stage.release()
    stage.answers()


def why(stage: Stage, kind: str) -> None:
    causes = stage.record().causes
    stage.expect(causes and causes[0].kind == kind, f"the record does not name the {kind} as the cause: {causes}")
