"""Services in memory, no more than the handlers use of them.

Each call's parameters and answer are checked against botocore's model of the service, so a fake cannot invent a field.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import validate_parameters
from shared.configuration import Configuration
from shared.logs import LEVELS, Log
from shared.setting import Setting

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Context:
    """What Lambda hands to a handler."""

    aws_request_id: str = "request-1"
    function_name: str = "tap-some-dev"
    function_version: str = "7"
    remaining: int = 600_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


@dataclass
class Clock:
    """Time that passes only when told to, or when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Lines:
    """What a log wrote."""

    texts: list[str] = field(default_factory=list)

    def log(self, level: str = "INFO") -> Log:
        return Log(environment="dev", level=level, write=self.texts.append, now=lambda: NOON)

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]

    def counted(self, metric: str) -> int:
        return sum(line.get(metric, 0) for line in self.objects if "_aws" in line)


SETTINGS = {
    "accept-writes": Setting(type="switch", default="on"),
    "colour": Setting(type="text", default="red", choices=("red", "blue")),
    "key": Setting(type="secret"),
    "log-level": Setting(type="text", default="INFO", choices=LEVELS),
    "page-limit": Setting(type="number", default="50", minimum=1, maximum=1000),
    "regions": Setting(type="list", default="east, west", pattern="[a-z]+"),
}
"""What the handlers of this repository read, as `defaults.yaml` has it, and one of each other type."""


def settings(lines: Lines | None = None, **values: str) -> Configuration:
    """A configuration that holds ``values``; underscores stand for hyphens."""
    texts = {name.replace("_", "-"): value for name, value in values.items()}
    log = (lines or Lines()).log()
    return Configuration(SETTINGS, lambda: texts, log, namespace="tap/configuration", cache_seconds=30, clock=lambda: 0.0)


def ticks(start: datetime = NOON) -> Callable[[], datetime]:
    """A wall clock that goes on by a second at each look."""
    moments = (start + timedelta(seconds=count) for count in range(10_000))
    return lambda: next(moments)


def refusal(code: str, message: str = "said by the service") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SomeCall")


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


class Service:
    """A fake service. ``failing``: call -> what its next calls raise, None for nothing; ``calls``: what was called."""

    name = ""

    def __init__(self) -> None:
        self.failing: dict[str, list[Exception | None]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def called(self, call: str) -> list[dict[str, Any]]:
        return [request for name, request in self.calls if name == call]

    def __getattr__(self, call: str) -> Callable[..., Any]:
        """``put_item(...)`` runs ``do_put_item`` between two checks."""
        do: Callable[..., Any] = object.__getattribute__(self, f"do_{call}")
        operation: Any = _model(self.name).operation_model("".join(part.capitalize() for part in call.split("_")))

        def run(**request: Any) -> Any:
            validate_parameters(request, operation.input_shape)
            self.calls.append((call, request))
            error = self.failing[call].pop(0) if self.failing.get(call) else None
            if error:
                raise error
            answer = do(**request) or {}
            if operation.output_shape:
                unknown = set(answer) - set(operation.output_shape.members)
                assert not unknown, f"{self.name} answers {call} without {unknown}"
                validate_parameters(answer, operation.output_shape)
            return answer

        return run


class Table(Service):
    """DynamoDB with one table; it knows the few expressions that the handlers write, and refuses others.

    ``deliveries``: how often each put arrives, as when boto3 sends it again because its answer got lost.
    """

    name = "dynamodb"

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, dict[str, str]]] = {}
        self.deliveries = 1

    def do_put_item(self, TableName: str, Item: Any, ConditionExpression: str, ExpressionAttributeValues: Any) -> Any:
        assert ConditionExpression == "attribute_not_exists(pk) OR written_by = :token"
        for _ in range(self.deliveries):
            there = self.rows.get(Item["pk"]["S"])
            if there and there["written_by"] != ExpressionAttributeValues[":token"]:
                raise refusal("ConditionalCheckFailedException")
            self.rows[Item["pk"]["S"]] = dict(Item)

    def do_get_item(self, TableName: str, Key: Any, ConsistentRead: bool) -> Any:
        row = self.rows.get(Key["pk"]["S"])
        return {"Item": row} if row else {}

    def do_query(self, Limit: int, ExpressionAttributeValues: Any, **request: Any) -> Any:
        assert request["IndexName"] == "by-created"
        assert request["KeyConditionExpression"] == "#kind = :kind"
        assert request["ExpressionAttributeNames"] == {"#kind": "kind"}
        rows = [row for row in self.rows.values() if row["kind"] == ExpressionAttributeValues[":kind"]]
        rows.sort(key=lambda row: row["created_at"]["S"], reverse=not request["ScanIndexForward"])
        more = {"LastEvaluatedKey": {"pk": rows[Limit - 1]["pk"]}} if len(rows) > Limit else {}
        return {"Items": rows[:Limit], **more}

    def do_update_item(self, Key: Any, ExpressionAttributeValues: Any, **request: Any) -> Any:
        assert request["UpdateExpression"] == "SET #status = :done, processed_at = if_not_exists(processed_at, :now)"
        assert request["ConditionExpression"] == "attribute_exists(pk)"
        assert request["ExpressionAttributeNames"] == {"#status": "status"}
        row = self.rows.get(Key["pk"]["S"])
        if row is None:
            raise refusal("ConditionalCheckFailedException")
        row["status"] = ExpressionAttributeValues[":done"]
        row.setdefault("processed_at", ExpressionAttributeValues[":now"])


class Objects(Service):
    """S3 with one bucket."""

    name = "s3"

    def __init__(self) -> None:
        super().__init__()
        self.bodies: dict[str, bytes] = {}

    def do_put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> Any:
        self.bodies[Key] = Body

    def do_get_object(self, Bucket: str, Key: str) -> Any:
        if Key not in self.bodies:
            raise refusal("NoSuchKey")
        return {"Body": io.BytesIO(self.bodies[Key])}


class Queue(Service):
    """SQS, sending only."""

    name = "sqs"

    def do_send_message(self, QueueUrl: str, MessageBody: str) -> Any:
        return {"MessageId": str(len(self.calls))}


class Topic(Service):
    name = "sns"

    def do_publish(self, TopicArn: str, Subject: str, Message: str) -> Any:
        # SNS refuses a longer subject, and one that is not ASCII (API Publish).
        assert len(Subject) <= 100
        assert Subject.isascii()
        return {"MessageId": str(len(self.calls))}


class Metrics(Service):
    """CloudWatch, taking only; ``values``: the last of each metric of the environment dev."""

    name = "cloudwatch"

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, float] = {}

    def do_put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> Any:
        for datum in MetricData:
            assert datum["Dimensions"] == [{"Name": "Environment", "Value": "dev"}]
            self.values[datum["MetricName"]] = datum["Value"]


class Parameters(Service):
    """Parameter Store, reading only, two parameters a page."""

    name = "ssm"

    def __init__(self, **values: str) -> None:
        super().__init__()
        self.values = values

    def do_get_parameters_by_path(self, Path: str, Recursive: bool, WithDecryption: bool, NextToken: str = "0") -> Any:
        start, names = int(NextToken), sorted(self.values)
        found = [{"Name": f"{Path}/{name}", "Value": self.values[name]} for name in names[start : start + 2]]
        return {"Parameters": found, **({"NextToken": str(start + 2)} if start + 2 < len(names) else {})}


@dataclass
class FakeStack:
    """A stack of the fake CloudFormation.

    ``members``: logical id -> type, or the id of a nested stack; ``drifts``: logical id -> its record's own fields;
    ``looks``: how often the detection is still in progress; ``end``: how it ends; ``listed_at``: the records' time.
    """

    members: dict[str, str] = field(default_factory=dict)
    drifts: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: int = 0
    end: str = "DETECTION_COMPLETE"
    refused: str = ""
    listed_at: datetime = NOON
    statuses: dict[str, str] = field(default_factory=dict)


class Stacks(Service):
    """CloudFormation's drift detection, one resource a page. A nested stack's id starts with ``stack:``."""

    name = "cloudformation"

    def __init__(self, **stacks: FakeStack) -> None:
        super().__init__()
        self.stacks = {f"stack:{name}" if name != "root" else name: stack for name, stack in stacks.items()}

    def _stack(self, name: str) -> FakeStack:
        if name not in self.stacks:
            raise refusal("ValidationError", f"Stack [{name}] does not exist")
        return self.stacks[name]

    def do_list_stack_resources(self, StackName: str, NextToken: str = "0") -> Any:
        stack = self._stack(StackName)
        found = [
            {
                "LogicalResourceId": logical,
                "PhysicalResourceId": kind if kind.startswith("stack:") else f"physical-{logical}",
                "ResourceType": "AWS::CloudFormation::Stack" if kind.startswith("stack:") else kind,
                "ResourceStatus": stack.statuses.get(logical, "CREATE_COMPLETE"),
                "LastUpdatedTimestamp": NOON,
            }
            for logical, kind in stack.members.items()
        ]
        return _page("StackResourceSummaries", found, NextToken)

    def do_detect_stack_drift(self, StackName: str) -> Any:
        stack = self._stack(StackName)
        if stack.refused:
            raise refusal(stack.refused, f"Stack [{StackName}] is in UPDATE_IN_PROGRESS state")
        return {"StackDriftDetectionId": f"detection-{StackName}"}

    def do_describe_stack_drift_detection_status(self, StackDriftDetectionId: str) -> Any:
        name = StackDriftDetectionId.removeprefix("detection-")
        stack = self.stacks[name]
        stack.looks -= 1
        status = "DETECTION_IN_PROGRESS" if stack.looks >= 0 else stack.end
        return {
            "StackId": name,
            "StackDriftDetectionId": StackDriftDetectionId,
            "DetectionStatus": status,
            "Timestamp": NOON,
            **({"DetectionStatusReason": "Failed to detect drift on resources [Inner]"} if status == "DETECTION_FAILED" else {}),
        }

    def do_describe_stack_resource_drifts(self, StackName: str, NextToken: str = "0") -> Any:
        stack = self._stack(StackName)
        found = [
            {
                "StackId": StackName,
                "LogicalResourceId": logical,
                "ResourceType": "AWS::CloudFormation::Stack" if stack.members[logical].startswith("stack:") else stack.members[logical],
                "Timestamp": stack.listed_at,
                **drift,
            }
            for logical, drift in stack.drifts.items()
        ]
        return _page("StackResourceDrifts", found, NextToken)


def _page(name: str, found: list[dict[str, Any]], token: str) -> dict[str, Any]:
    start = int(token)
    return {name: found[start : start + 1], **({"NextToken": str(start + 1)} if start + 1 < len(found) else {})}


IN_SYNC = {"StackResourceDriftStatus": "IN_SYNC"}
DELETED = {"StackResourceDriftStatus": "DELETED"}


def modified(*properties: str, actual: str = "2") -> dict[str, Any]:
    differences = [
        {"PropertyPath": name, "ExpectedValue": "1", "ActualValue": actual, "DifferenceType": "NOT_EQUAL"} for name in properties
    ]
    return {"StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": differences}


def client(*services: Service) -> Callable[[str], Any]:
    """What `shared.clients.client` is in Lambda: a service by its name."""
    named = {service.name: service for service in services}
    return lambda name: named[name]


def numbered(prefix: str) -> Callable[[], str]:
    """Ids that tell which one they are."""
    counter: Iterator[int] = iter(range(1, 10_000))
    return lambda: f"{prefix}-{next(counter)}"
