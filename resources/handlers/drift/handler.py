"""The drift detector: looks for drift on a schedule, measures it, reports it, and tells people once per change.

The order is what matters when a step fails: metrics first, so that the alarm on drift does not depend on the rest; the
last report last but one, so that a notice that could not be sent is sent by the next run; and DetectorRuns at the very
end, so that its alarm fires when runs do not come through.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from shared import clients, configuration, drift_acceptance, drift_detection, drift_readers, drift_report
from shared.drift_acceptance import Acceptance
from shared.drift_report import Report
from shared.logs import Invocation, Log

LATEST = "drift/latest.json"
RESERVE_SECONDS = 30  # of the function's time, for reading results and reporting them


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the detector works with. ``client`` gives the boto3 client of a service, made at first use; ``accepted``: the path of
    what was accepted, in Parameter Store.
    """

    environment: str
    stack: str
    namespace: str
    topic_arn: str
    bucket: str
    accepted: str
    client: Callable[[str], Any]
    settings: configuration.Configuration
    log: Log
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def handler(event: dict[str, Any], context: Invocation) -> dict[str, Any]:
    return run(context, surroundings())


@cache
def surroundings() -> Surroundings:
    return from_environment(os.environ)


def from_environment(variables: Mapping[str, str]) -> Surroundings:
    log = Log(environment=variables["ENVIRONMENT"], level=variables["LOG_LEVEL"])
    return Surroundings(
        environment=variables["ENVIRONMENT"],
        stack=variables["STACK_NAME"],
        namespace=variables["METRIC_NAMESPACE"],
        topic_arn=variables["TOPIC_ARN"],
        bucket=variables["REPORT_BUCKET"],
        accepted=variables["ACCEPTED_PATH"],
        client=clients.client,
        settings=configuration.from_environment(variables, clients.client, log),
        log=log,
    )


def run(context: Invocation, around: Surroundings) -> dict[str, Any]:
    """One run; returns what stands in the metrics, and where the report is."""
    log = around.settings.begin(around.log.of(context))
    try:
        detection = drift_detection.detect(
            around.client("cloudformation"), around.stack, _patience(context, around), reads=drift_readers.Readers(client=around.client)
        )
        previous, at = _latest(around, log), around.now()
        report = drift_report.report(
            detection, previous, at, environment=around.environment, stack=around.stack, acceptances=_accepted(around)
        )
        found = _measures(report)
        _measure(around, found)
        key = f"drift/{at.strftime('%Y%m%dT%H%M%SZ')}.json"
        _put(around, key, report)
        if drift_report.changed(report, previous):
            _tell(around, report, previous, key)
        _put(around, LATEST, report)
        # A run in which no stack could be checked has detected nothing: the alarm on a detector that stopped is right.
        ran = int(len(detection.unchecked) < len(detection.stacks))
        _measure(around, {"DetectorRuns": ran})
    except Exception as error:
        log.error("drift detection failed", error=error, stack_name=around.stack)
        raise
    log.info("drift detected" if report["drifted"] else "no drift found", clean=report["clean"], report=key, **found)
    return {**found, "DetectorRuns": ran, "Report": key}


def _patience(context: Invocation, around: Surroundings) -> drift_detection.Patience:
    seconds = max(0.0, context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS)
    return drift_detection.Patience(seconds=seconds, clock=around.clock, sleep=around.sleep)


def _measures(report: Report) -> dict[str, int]:
    """A stack that could not be checked in full counts as uncovered itself: its list of resources may be unknown."""
    uncovered = len(report["uncovered"]) + len(report["unchecked_stacks"])
    return {
        "Drifted": len(report["drifted"]),
        "Accepted": len(report["accepted"]),
        "Uncovered": uncovered,
        "Stacks": report["stacks"],
        "Age": drift_report.age(report),
    }


def _measure(around: Surroundings, values: Mapping[str, int]) -> None:
    dimensions = [{"Name": "Environment", "Value": around.environment}]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": "Seconds" if name == "Age" else "Count"}
        for name, value in values.items()
    ]
    around.client("cloudwatch").put_metric_data(Namespace=around.namespace, MetricData=data)


def _accepted(around: Surroundings) -> list[Acceptance]:
    """What cannot be read as an acceptance accepts nothing."""
    texts = configuration.parameters_under(around.client("ssm"), around.accepted).values()
    return [one for one in map(drift_acceptance.read, texts) if one]


def _latest(around: Surroundings, log: Log) -> Report | None:
    try:
        found = around.client("s3").get_object(Bucket=around.bucket, Key=LATEST)
    except clients.service_errors() as error:
        if clients.error_code(error) == "NoSuchKey":
            return None
        raise
    report = drift_report.read(found["Body"].read())
    if report is None:
        log.warn("the last report is damaged or of another version: this run counts as the first", key=LATEST)
    return report


def _put(around: Surroundings, key: str, report: Report) -> None:
    body = json.dumps(report, indent=1).encode()
    around.client("s3").put_object(Bucket=around.bucket, Key=key, Body=body, ContentType="application/json")


def _tell(around: Surroundings, report: Report, previous: Report | None, key: str) -> None:
    message = drift_report.notice(report, previous, f"s3://{around.bucket}/{key}")
    around.client("sns").publish(TopicArn=around.topic_arn, Subject=drift_report.subject(report), Message=message)
