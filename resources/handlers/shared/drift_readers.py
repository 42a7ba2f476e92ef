"""Types that CloudFormation cannot check, compared with their templates by reading them.

The registry schemas of a queue's and of a topic's policy have no handler that reads, so no drift detection knows them: both
say who may use what is theirs. A reader asks for settings alone, and where it cannot be sure it says so: the resource stays
uncovered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .clients import error_code
from .drift_detection import IN_SYNC, Difference, Resource
from .drift_expected import NotKnownError, Place, canonical

Members = tuple[Mapping[str, Any], ...]
Client = Callable[[str], Any]

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """``of``: the property that names what the policy is on; ``read``: its policy as JSON, empty where it has none."""

    of: str
    read: Callable[[Client, str], str]


def _queue(client: Client, url: str) -> str:
    answer = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return str(answer.get("Attributes", {}).get("Policy", ""))


def _topic(client: Client, arn: str) -> str:
    return str(client("sns").get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy", ""))


READERS: dict[str, Reader] = {
    "AWS::SNS::TopicPolicy": Reader(of="Topics", read=_topic),
    "AWS::SQS::QueuePolicy": Reader(of="Queues", read=_queue),
}


@dataclass(frozen=True, kw_only=True)
class Readers:
    """``client``: boto3's client of a service; ``code``: as `drift_detection.detect` has it."""

    client: Client
    code: Callable[[Exception], str] = error_code
    _stacks: dict[str, tuple[Mapping[str, Any], Mapping[str, str]]] = field(default_factory=dict)

    def look(self, stack_id: str, members: Members, resource: Resource) -> Resource:
        """The resource with a verdict, where there is a reader for its type; as it was, with the reason, where that cannot tell."""
        reader = READERS.get(resource.type)
        if reader is None:
            return resource
        try:
            return self._compared(reader, stack_id, members, resource)
        except NotKnownError as error:
            return replace(resource, reason=f"its template says what only CloudFormation knows: {error}")
        except Exception as error:
            if not self.code(error):
                raise
            return replace(resource, reason=f"it could not be read: {error}")

    def _compared(self, reader: Reader, stack_id: str, members: Members, resource: Resource) -> Resource:
        template, parameters = self._stack(stack_id)
        place = Place(
            id=stack_id,
            parameters=parameters,
            names={member["LogicalResourceId"]: member.get("PhysicalResourceId", "") for member in members},
            types={member["LogicalResourceId"]: member["ResourceType"] for member in members},
        )
        properties = template["Resources"][resource.path.rsplit("/", 1)[-1]]["Properties"]
        expected = canonical(place.value(properties["PolicyDocument"]))
        found = [self._policy(reader, target) for target in place.value(properties[reader.of])]
        if all(policy is None for policy in found):
            return replace(resource, status="DELETED", read=True)
        actual = sorted({canonical(policy) if policy else "" for policy in found} - {expected})
        differences = tuple(
            Difference(property="/PolicyDocument", kind="NOT_EQUAL" if one else "REMOVE", expected=expected, actual=one or "null")
            for one in actual
        )
        return replace(resource, status="MODIFIED" if differences else IN_SYNC, differences=differences, read=True)

    def _policy(self, reader: Reader, target: str) -> str | None:
        """None where what it is on is gone."""
        try:
            return reader.read(self.client, target)
        except Exception as error:
            if self.code(error) in GONE:
                return None
            raise

    def _stack(self, stack_id: str) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """Its template, and its parameters; read once a stack."""
        if stack_id not in self._stacks:
            cloudformation = self.client("cloudformation")
            template = cloudformation.get_template(StackName=stack_id, TemplateStage="Original")["TemplateBody"]
            said = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0].get("Parameters", [])
            parameters = {one["ParameterKey"]: one.get("ResolvedValue") or one.get("ParameterValue", "") for one in said}
            if not isinstance(template, dict):
                raise NotKnownError("a template that is not JSON")
            self._stacks[stack_id] = template, parameters
        return self._stacks[stack_id]
