"""Composite alarms as a resource type: made from a template, in ALARM when their rule says so.

Models the user guide's AWS::CloudWatch::CompositeAlarm. The states themselves are MiniStack's: a composite alarm follows its
children at once.
"""

from __future__ import annotations

from typing import Any

from .emulator import account, cloudwatch, provisioners, region

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def _put(name: str, properties: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """
    Raises:
        ValueError: in CloudWatch's words, for a rule that cannot be read or names an alarm that is not there.
    """
    enabled = str(properties.get("ActionsEnabled", True)).lower() == "true"
    request = {
        "AlarmName": name,
        "AlarmRule": properties["AlarmRule"],
        "AlarmDescription": properties.get("AlarmDescription", ""),
        "ActionsEnabled": enabled,
        **{key: properties.get(key) or [] for key in _ACTIONS},
    }
    status, _, body = cloudwatch._put_composite_alarm({}, request, False, True)
    if status >= 400:
        raise ValueError(body.decode())
    arn = f"arn:aws:cloudwatch:{region()}:{account()}:alarm:{name}"
    cloudwatch.cloudformation_set_metric_alarm_tags(name, properties.get("Tags") or [])
    return name, {"Arn": arn}


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    name = properties.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255)
    if name in cloudwatch._composite_alarms:
        raise ValueError(f"Resource of type 'AWS::CloudWatch::CompositeAlarm' with identifier '{name}' already exists.")
    return _put(name, properties)


def _update(physical_id: str, former: dict[str, Any], properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    return _put(physical_id, properties)


def _delete(physical_id: str, properties: dict[str, Any]) -> None:
    cloudwatch._composite_alarms.pop(physical_id, None)
    cloudwatch._composite_triggers.pop(physical_id, None)


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {"create": _create, "update": _update, "delete": _delete}
    provisioners._STACK_TAG_PROPERTY["AWS::CloudWatch::CompositeAlarm"] = ("Tags", "list")
    provisioners._REPLACING_PROPERTIES["AWS::CloudWatch::CompositeAlarm"] = ("AlarmName",)
