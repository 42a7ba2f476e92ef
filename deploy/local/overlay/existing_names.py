"""A resource is not made over another of its name: what was kept from an earlier stack is still there, and still somebody's.

Models the user guide's "DeletionPolicy attribute" and the registry's handler contract (a create of what exists fails with
AlreadyExists). MiniStack's handlers put the new one in the old one's place, its data gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .emulator import account, cloudwatch, dynamodb, functions, iam, logs, provisioners, region, sns, sqs

_STORES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "AWS::CloudWatch::Alarm": ("AlarmName", lambda name: name in cloudwatch._alarms),
    "AWS::DynamoDB::GlobalTable": ("TableName", lambda name: name in dynamodb._tables),
    "AWS::DynamoDB::Table": ("TableName", lambda name: name in dynamodb._tables),
    "AWS::IAM::Role": ("RoleName", lambda name: name in iam._roles),
    "AWS::Lambda::Function": ("FunctionName", lambda name: name in functions._functions),
    "AWS::Logs::LogGroup": ("LogGroupName", lambda name: name in logs._log_groups),
    "AWS::SNS::Topic": ("TopicName", lambda name: f"arn:aws:sns:{region()}:{account()}:{name}" in sns._topics),
    "AWS::SQS::Queue": ("QueueName", lambda name: name in sqs._queue_name_to_url),
}
"""Type -> the property that names it, and whether a name is taken."""


def _guarded(resource_type: str, theirs: Callable[..., Any]) -> Callable[..., Any]:
    key, taken = _STORES[resource_type]

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name = properties.get(key)
        if name and taken(name):
            raise ValueError(f"Resource of type '{resource_type}' with identifier '{name}' already exists.")
        return theirs(logical_id, properties, stack_name)

    return create


def install() -> None:
    for resource_type in _STORES:
        handler = provisioners._RESOURCE_HANDLERS[resource_type]
        provisioners._RESOURCE_HANDLERS[resource_type] = {**handler, "create": _guarded(resource_type, handler["create"])}
