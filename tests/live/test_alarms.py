"""Every alarm of an environment rings on what it is for, is quiet on a quiet platform, and falls silent again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.gate import MARK
from deploy.local.server import LocalAws, Options, Running
from resources.functions import ALIAS
from templates.build import Built
from tests.live.conftest import Deployed, eventually
from tests.live.load import MINUTE, Watched, alarms, calling, deploy

pytestmark = [pytest.mark.row("R24"), pytest.mark.rehearsal]

STOPPED = "DriftStoppedAlarm"
"""Rings by the detector's silence, which goes on while other things are tried."""

GATE = "GateAlarm"
"""Has no metric, and so no state until it is set for the first time."""

Cause = Callable[[Watched], AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Story:
    """``rings``: all alarms that the cause must ring; ``may``: those that it may ring besides; no other one is allowed to."""

    cause: Cause
    rings: frozenset[str]
    may: frozenset[str] = frozenset()


STORIES: dict[str, list[Story]] = {}
"""Stories of one name play at the same time, to save it: they touch nothing in common, and ring nothing in common."""


def story(at: str, *rings: str, may: tuple[str, ...] = ()) -> Callable[[Callable[[Watched], Iterator[None]]], None]:
    def tell(cause: Callable[[Watched], Iterator[None]]) -> None:
        told = Story(cause=contextmanager(cause), rings=frozenset(rings), may=frozenset(may))
        STORIES.setdefault(at, []).append(told)

    return tell


@story("changed-by-hand and gate", "DriftAlarm")
def a_queue_was_changed_by_hand(watched: Watched) -> Iterator[None]:
    """Found by the detector's own run; said until a later run finds nothing."""
    with watched.setting("JobsDeadLetterQueueUrl", MessageRetentionPeriod="600"):
        assert watched.detect_drift()["Drifted"] == 1
        yield
    assert watched.detect_drift()["Drifted"] == 0


@story(
    "api-raises and worker-slow",
    "ApiErrorsAlarm",
    "ApiErrorRateAlarm",
    "ApiServerErrorsAlarm",
    may=("ApiLatencyAlarm", "ApiAnswersLatencyAlarm"),
)
def the_api_raises(watched: Watched) -> Iterator[None]:
    """A release whose handler raises is called over HTTP: many errors, all of the calls, and API Gateway answers 502.

    Each error ends a process of the local AWS; where the machine is busy, the start of the next one is slow.
    """
    with watched.released("Api", "raises"), calling(lambda: watched.deployed.call("GET", "/health"), pause=0.01, callers=3):
        yield


@story("api-raises-seldom and worker-throttled", "ApiErrorRateAlarm")
def the_api_raises_and_few_call_it(watched: Watched) -> Iterator[None]:
    """One call a period is too few for the number of errors to say anything: their rate does."""
    with watched.released("Api", "raises"), calling(lambda: watched.invoke("Api"), pause=0.4):
        yield


@story("api-misdirected and jobs-waiting and given-up", "ApiServerErrorsAlarm")
def the_api_calls_a_function_that_is_not_there(watched: Watched) -> Iterator[None]:
    """The integration is broken and deployed so: no function runs, so that only API Gateway's own metric can know."""
    gateway, api = watched.client("apigateway"), watched.outputs["ApiId"]
    resource = next(one["id"] for one in gateway.get_resources(restApiId=api)["items"] if one["path"] == "/health")
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    stage = {"restApiId": api, "stageName": "live"}
    uri, before = gateway.get_integration(**method)["uri"], gateway.get_stage(**stage)["deploymentId"]

    def point(there: str) -> None:
        gateway.update_integration(**method, patchOperations=[{"op": "replace", "path": "/uri", "value": there}])

    point(uri.replace(f":{ALIAS}/", ":no-such-alias/"))
    made = gateway.create_deployment(restApiId=api)["id"]
    try:
        gateway.update_stage(**stage, patchOperations=[{"op": "replace", "path": "/deploymentId", "value": made}])
        with calling(lambda: watched.deployed.call("GET", "/health"), pause=0.01, callers=2):
            yield
    finally:
        point(uri)
        gateway.update_stage(**stage, patchOperations=[{"op": "replace", "path": "/deploymentId", "value": before}])


@story("api-slow and worker-raises", "ApiLatencyAlarm", "ApiAnswersLatencyAlarm")
def the_api_is_slow(watched: Watched) -> Iterator[None]:
    """A release that answers late: Lambda's time and API Gateway's."""
    with watched.released("Api", "slow"), calling(lambda: watched.deployed.call("GET", "/health"), pause=0, callers=4):
        yield


def throttled(watched: Watched, title: str) -> Iterator[None]:
    """The reserved concurrency is one, and a call of a slow release uses it up; it is slow once, which rings nothing."""
    client, function = watched.client("lambda"), watched.function(title)
    before = client.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    try:
        with watched.released(title, "slow"), calling(lambda: watched.invoke(title), pause=60):
            # The one call is in before the others begin.
            time.sleep(0.2)
            with calling(lambda: watched.invoke(title), pause=0.02):
                yield
    finally:
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=before)


@story("api-throttled and poison", "ApiThrottlesAlarm")
def the_api_is_throttled(watched: Watched) -> Iterator[None]:
    yield from throttled(watched, "Api")


@story("api-raises-seldom and worker-throttled", "WorkerThrottlesAlarm")
def the_worker_is_throttled(watched: Watched) -> Iterator[None]:
    """Called by its alias and not by the queue: the local AWS's mapping never asks for more than the reserved concurrency."""
    yield from throttled(watched, "Worker")


@story("api-slow and worker-raises", "WorkerErrorsAlarm", "WorkerErrorRateAlarm", may=("WorkerLatencyAlarm",))
def the_worker_raises(watched: Watched) -> Iterator[None]:
    """A release whose handler raises is called by its alias, and not by the queue.

    The local AWS's mapping rests a second after a batch that failed, which is two of the periods here. That jobs are
    measured by the alias too is seen where the worker is slow.
    """
    with watched.released("Worker", "raises"), calling(lambda: watched.invoke("Worker"), pause=0.01, callers=3):
        yield


@story("api-misdirected and jobs-waiting and given-up", "FailuresAlarm", may=("WorkerErrorRateAlarm",))
def lambda_gives_up_on_an_event(watched: Watched) -> Iterator[None]:
    """An asynchronous event fails, and so do its retries: three errors, at most one a period, and the event in the failures queue."""
    with watched.released("Worker", "raises"):
        watched.invoke("Worker", InvocationType="Event")
    try:
        yield
    finally:
        watched.client("sqs").purge_queue(QueueUrl=watched.outputs["FailuresQueueUrl"])


# A minute is so short here that a job is old while a slow worker has it.
@story("api-raises and worker-slow", "WorkerLatencyAlarm", may=("QueueAgeAlarm",))
def the_worker_is_slow(watched: Watched) -> Iterator[None]:
    """A release that takes long over each of the jobs that the queue brings it."""
    sqs, url = watched.client("sqs"), watched.outputs["JobsQueueUrl"]
    job = json.dumps({"verification": "slow"})
    with watched.released("Worker", "slow"):
        with calling(lambda: sqs.send_message(QueueUrl=url, MessageBody=job), pause=0.3):
            yield
        assert eventually(lambda: not waiting(watched, "JobsQueueUrl"))


@story("api-throttled and poison", "DeadLettersAlarm", may=("WorkerLatencyAlarm",))
def a_job_is_poison(watched: Watched) -> Iterator[None]:
    """The worker of the release refuses it each time. It comes back at once, not after its three minutes: those are real here.

    So its tries begin together, each in a new process, which takes its time where the machine is busy.
    """
    sqs = watched.client("sqs")
    with watched.setting("JobsQueueUrl", VisibilityTimeout="0"):
        sqs.send_message(QueueUrl=watched.outputs["JobsQueueUrl"], MessageBody="not a job")
        assert eventually(lambda: waiting(watched, "JobsDeadLetterQueueUrl"))
        assert not waiting(watched, "JobsQueueUrl")
    try:
        yield
    finally:
        sqs.purge_queue(QueueUrl=watched.outputs["JobsDeadLetterQueueUrl"])


@story("api-misdirected and jobs-waiting and given-up", "QueueAgeAlarm")
def nobody_takes_the_jobs(watched: Watched) -> Iterator[None]:
    """The consumer is switched off; what the API promised waits, and is done when it is on again."""
    client = watched.client("lambda")
    (source,) = client.list_event_source_mappings(FunctionName=f"{watched.function('Worker')}:{ALIAS}")["EventSourceMappings"]
    client.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    try:
        made = watched.deployed.call("POST", "/items", {"name": "a chair", "quantity": 4})
        assert made.status == 201, made.body
        yield
    finally:
        client.update_event_source_mapping(UUID=source["UUID"], Enabled=True)
    assert eventually(lambda: watched.deployed.call("GET", f"/items/{made.body['id']}").body.get("status") == "done")


@story("changed-by-hand and gate", GATE)
def a_check_failed(watched: Watched) -> Iterator[None]:
    """The one alarm without a metric: the deployer sets it, as here, and opens it again (the rehearsals show it doing so)."""
    cloudwatch, name = watched.client("cloudwatch"), watched.settings[GATE]["AlarmName"]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=f"{MARK} for a test")
    yield
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="opened by a test")


def waiting(watched: Watched, queue: str) -> int:
    """Messages in a queue, in work or not."""
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = watched.outputs[queue]
    found = watched.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
    return sum(int(found[count]) for count in counts)


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    server = LocalAws(folder=Path(tmp_path_factory.mktemp("local-aws")))
    yield server.start(Options(minute_seconds=MINUTE))
    server.stop()


@pytest.fixture(scope="module")
def deployed(local_aws: Running, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deploy(local_aws.url, tmp_path_factory.mktemp("alarms"))


@pytest.fixture(scope="module")
def watched(deployed: Deployed, builds: dict[str, Built]) -> Watched:
    """With its bad releases published, behind no alias yet, and one run of the detector behind it."""
    rule = builds["dev"].templates["monitoring"]["Resources"]["ReleaseAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"]
    found = alarms(builds["dev"])
    made = Watched(
        deployed=deployed,
        names={name: logical_id for logical_id, name in found.items()},
        members=frozenset(logical_id for logical_id in found if f'ALARM("${{{logical_id}}}")' in rule),
    )
    for title in ("Api", "Worker"):
        for kind in ("raises", "slow"):
            made.publish(title, kind)
    made.detect_drift()
    return made


def test_every_alarm_that_the_templates_make_has_a_story(builds: dict[str, Built]) -> None:
    """A new alarm needs one: what rings it, and what ends it. The release alarm is in all of them."""
    told = {alarm for stories in STORIES.values() for one in stories for alarm in one.rings} | {STOPPED, "ReleaseAlarm"}
    assert told == set(alarms(builds["dev"]))


def test_a_quiet_platform_rings_nothing(watched: Watched) -> None:
    """Used, but well: since it was deployed nothing has rung."""
    made = watched.deployed.call("POST", "/items", {"name": "a table", "quantity": 1})
    assert made.status == 201, made.body
    assert eventually(lambda: watched.deployed.call("GET", f"/items/{made.body['id']}").body.get("status") == "done")
    time.sleep(watched.window("ApiErrorsAlarm"))
    others = {alarm: state for alarm, state in watched.states().items() if state != "OK"}
    assert {alarm: state for alarm, state in others.items() if alarm not in (GATE, STOPPED)} == {}
    assert set(others.values()) <= {"INSUFFICIENT_DATA"}
    assert not watched.rung()


@pytest.mark.parametrize("at", STORIES)
def test_alarms_ring_on_what_they_are_for_and_are_quiet_again_when_that_is_over(watched: Watched, at: str) -> None:
    """Those alarms and no others, the release alarm where one of them is its member, and none on its first bad datapoint where it wants more.

    Afterwards nothing calls: that data is missing must count as each alarm declares.
    """
    rings, may = (frozenset[str]().union(*found) for found in zip(*((told.rings, told.may) for told in STORIES[at]), strict=True))
    watched.until("OK", set(watched.settings) - {STOPPED, GATE})
    before, began = watched.rung(), time.monotonic()
    with ExitStack() as causes:
        for told in STORIES[at]:
            causes.enter_context(told.cause(watched))
        rang = watched.until_each_rang(rings)
        assert {alarm: at for alarm, at in rang.items() if at - began < watched.soonest(alarm)} == {}
        lasting = {alarm for alarm in rings if watched.settings[alarm]["TreatMissingData"] == "ignore"}
        if lasting:
            # Nothing is said any more, and that is no news.
            time.sleep(max(watched.window(alarm) for alarm in lasting))
            assert lasting <= watched.ringing()
    # A datapoint moves from period to period as it grows old: what it rings is over when none is left.
    time.sleep(max(watched.window(alarm) for alarm in rings))
    watched.until("OK", [*rings, *may, "ReleaseAlarm"])
    ringing = set(watched.rung() - before) - {STOPPED}
    members = {"ReleaseAlarm"} if rings & watched.members else set()
    assert rings | members <= ringing <= rings | members | may


def test_one_bad_minute_alone_rings_nothing(watched: Watched) -> None:
    """As many errors as the alarms ask for, but in one period: one datapoint of the two that they want."""
    watched.until("OK", set(watched.settings) - {STOPPED, GATE})
    before, threshold = watched.rung(), int(watched.settings["ApiErrorsAlarm"]["Threshold"])

    def burst() -> bool:
        """True where all errors came within a period; a busy machine may be too slow, and then no period had enough."""
        with ThreadPoolExecutor(threshold) as callers:
            answers = list(callers.map(lambda _: (watched.deployed.call("GET", "/health").status, time.monotonic()), range(threshold)))
        time.sleep(watched.window("ApiErrorsAlarm"))
        assert {status for status, _ in answers} == {502}
        ended = [at for _, at in answers]
        return max(ended) - min(ended) < watched.seconds("ApiErrorsAlarm", 1)

    with watched.released("Api", "raises"):
        assert eventually(burst)
    # The rate knows no number of calls: it may see them on both sides of where a period ends.
    assert set(watched.rung() - before) - {STOPPED} <= {"ApiErrorRateAlarm", "ReleaseAlarm"}


def test_what_is_called_past_the_alias_is_not_measured(watched: Watched) -> None:
    """The same bad version that rings behind the alias, called by its number while the alias speaks of the good one."""
    before = watched.rung()
    with calling(lambda: watched.invoke("Api", watched.versions["Api", "raises"]), pause=0.02):
        time.sleep(watched.window("ApiErrorsAlarm"))
    assert not set(watched.rung() - before) - {STOPPED}
    name = watched.function("Api")
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
    seen = [{one["Value"] for one in made["Dimensions"]} for made in watched.client("cloudwatch").list_metrics(**metric)["Metrics"]]
    assert {name, f"{name}:{watched.versions['Api', 'raises']}"} in seen


def test_alarms_that_are_deployed_are_as_the_templates_declare_them(watched: Watched, builds: dict[str, Built]) -> None:
    """How many datapoints of how many, and what missing data is, which the other tests go by."""
    declared = {
        logical_id: resource["Properties"]
        for document in builds["dev"].whole.templates.values()
        for logical_id, resource in document.get("Resources", {}).items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    for alarm, properties in declared.items():
        # How many hours the detector may be silent is this environment's own.
        for name in ("TreatMissingData", "ComparisonOperator", *(("DatapointsToAlarm", "EvaluationPeriods") if alarm != STOPPED else ())):
            assert watched.settings[alarm][name] == properties[name], (alarm, name)
    treatments = {alarm: properties["TreatMissingData"] for alarm, properties in declared.items()}
    others = {"DriftAlarm": "ignore", GATE: "ignore", STOPPED: "missing"}
    assert treatments == {alarm: others.get(alarm, "notBreaching") for alarm in treatments}


def test_a_detector_that_does_not_run_rings(watched: Watched) -> None:
    """Silence is what this alarm is for: it has no data any more when all of its hours have passed without a run, and not before."""
    watched.detect_drift()
    watched.until("OK", [STOPPED])
    ran = watched.detected[-1]
    watched.until("INSUFFICIENT_DATA", [STOPPED], seconds=30)
    rang = time.monotonic()
    made = watched.settings[STOPPED]
    assert made["EvaluationPeriods"] == made["DatapointsToAlarm"]
    assert made["InsufficientDataActions"] == made["AlarmActions"]
    assert rang - ran >= watched.soonest(STOPPED)
    before = watched.rung()
    watched.detect_drift()
    watched.until("OK", [STOPPED])
    assert "ReleaseAlarm" not in watched.rung() - before
