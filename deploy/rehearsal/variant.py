"""What can be wrong with a release, each as a change of a build: of any build that has a resource of the kind."""

from __future__ import annotations

from typing import Any

from deploy.rehearsal.build import Build, Change, Unfit

TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
QUEUE = "AWS::SQS::Queue"
PARAMETER = "AWS::SSM::Parameter"
TOO_LONG = 999_999
"""Seconds of visibility that no queue takes."""


def setting(build: Build) -> tuple[str, str, dict[str, Any]]:
    """The value that a harmless change changes: a parameter with a number in it, read by nothing while it deploys.

    Raises:
        Unfit: there is none.
    """
    for service, logical_id, resource in build.resources(PARAMETER):
        value = resource["Properties"].get("Value")
        if isinstance(value, str) and value.isdecimal() and isinstance(resource["Properties"].get("Name"), str):
            return service, logical_id, resource
    raise Unfit(f"no {PARAMETER} with a number in {build.folder.name}")


def harmless(value: int) -> Change:
    """One value is another one."""

    def change(build: Build) -> None:
        setting(build)[2]["Properties"]["Value"] = str(value)

    return change


def broken_queue(build: Build) -> None:
    """A queue in a nested service that AWS cannot make so; what stands beside it changes first."""
    _, broken, resource = build.find(QUEUE, having="VisibilityTimeout")
    resource["Properties"]["VisibilityTimeout"] = TOO_LONG
    for _, logical_id, other in build.resources(QUEUE):
        if logical_id != broken:
            other["Properties"]["ReceiveMessageWaitTimeSeconds"] = 7


def longer_queue(build: Build) -> None:
    """A queue that can be changed, so that there is something to put back."""
    build.find(QUEUE, having="VisibilityTimeout")[2]["Properties"]["VisibilityTimeout"] = 240


def renamed_table(build: Build) -> None:
    """Another name: the table that holds the data would be replaced by an empty one."""
    properties = build.find(*TABLES, having="TableName")[2]["Properties"]
    name, dash, environment = properties["TableName"].rpartition("-")
    properties["TableName"] = f"{name}{dash}renamed-{environment}"


def failing(asset: str) -> Change:
    """A handler that raises, whatever it is asked."""
    return lambda build: build.recode(asset, lambda code: code + _FAILING)


def failing_users(asset: str) -> Change:
    """A handler that raises where a request has a query string, which no check of its health has."""
    return lambda build: build.recode(asset, lambda code: code + _FAILING_USERS)


def slow(asset: str, seconds: float) -> Change:
    """A handler that answers, late."""
    return lambda build: build.recode(asset, lambda code: code + _SLOW.format(seconds=seconds))


def refusing_jobs(asset: str) -> Change:
    """A worker that hands every message back, in the way in which nothing is an error."""
    return lambda build: build.recode(asset, lambda code: code + _REFUSING)


def monitoring(minutes: int) -> Change:
    def change(build: Build) -> None:
        for stack in build.manifest["stacks"]:
            stack["guard"]["monitoring_minutes"] = minutes

    return change


def checks(**settings: Any) -> Change:
    """Every check with other settings: attempts, wait_seconds, timeout_seconds."""

    def change(build: Build) -> None:
        for check in build.manifest["checks"]:
            check.update(settings)

    return change


def gate_alone(build: Build) -> None:
    """No alarm but the gate watches: none of the environment's own can be what rings."""
    for stack in build.manifest["stacks"]:
        stack["guard"]["triggers"] = [trigger for trigger in stack["guard"]["triggers"] if trigger["since"] == "create"]


def missing_parameter(build: Build) -> None:
    """A check of a parameter that no release makes."""
    build.manifest["checks"] = [*build.manifest["checks"], {"check": "parameter", "path": "no-such-parameter", "attempts": 1}]


def latency_alarms(milliseconds: int) -> Change:
    """An environment that takes less for slow."""

    def change(build: Build) -> None:
        for _, _, resource in build.resources("AWS::CloudWatch::Alarm"):
            if resource["Properties"].get("MetricName") in ("Duration", "Latency"):
                resource["Properties"]["Threshold"] = milliseconds

    return change


def impatient_queue(build: Build) -> None:
    """A queue that gives up on a message after one try and a few seconds: seconds do not shrink on the local AWS as minutes do."""
    properties = build.find(QUEUE, having="RedrivePolicy")[2]["Properties"]
    properties["VisibilityTimeout"] = 4
    properties["RedrivePolicy"]["maxReceiveCount"] = 1


_FAILING = """

def handler(event, context):
    raise RuntimeError("rehearsal: this release is broken")
"""
_FAILING_USERS = """

_answer = handler


def handler(event, context):
    if event.get("queryStringParameters"):
        raise RuntimeError("rehearsal: this release breaks what users ask")
    return _answer(event, context)
"""
_SLOW = """

_answer = handler


def handler(event, context):
    time.sleep({seconds})
    return _answer(event, context)
"""
_REFUSING = """

def handler(event, context):
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
"""
