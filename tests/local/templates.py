"""Small templates for tests: queues, parameters, and stacks that nest them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Template = dict[str, Any]


def template(resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None, *parameters: str) -> Template:
    made: Template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": dict(resources)}
    if outputs:
        made["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
    if parameters:
        made["Parameters"] = {name: {"Type": "String"} for name in parameters}
    return made


def queue(visibility: int | str = 30, **properties: Any) -> dict[str, Any]:
    """A queue; 999999 seconds of visibility are more than SQS takes, so that one fails."""
    return {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": visibility, **properties}}


IMPOSSIBLE = 999999


def parameter(value: Any = "one", **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **properties}}


def stack(url: str, **parameters: Any) -> dict[str, Any]:
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, **({"Parameters": parameters} if parameters else {})}}


def get_att(logical_id: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, attribute]}


def one(kind: str, **properties: Any) -> Template:
    """A template with one resource, `It`."""
    return template({"It": {"Type": kind, "Properties": properties}})
