"""The platform that every tool deploys: a root and nine nested services, as deep as this project's own and made of cheap types.

How long CloudFormation needs for a stack is decided by the longest chain of resources that wait for each other. This project's own
dev environment has 21 of them, spread over its services as in ``CHAINS``; so has this platform.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Services = dict[str, Document]

CHAINS = {"keys": 2, "network": 4, "storage": 4, "messaging": 3, "data": 1, "compute": 6, "api": 6, "monitoring": 2, "parameters": 1}
"""Service -> how many of its resources wait for each other, one after the other."""

DEPTH = 21
"""Resources one after the other in the whole: keys, network, compute, api, monitoring, parameters."""

NEEDS = {
    "keys": (),
    "network": ("keys",),
    "storage": ("keys",),
    "messaging": ("keys",),
    "data": ("keys",),
    "compute": ("network", "storage", "messaging", "data"),
    "api": ("compute",),
    "monitoring": ("messaging", "api"),
    "parameters": ("monitoring", "network"),
}
"""Service -> those whose output it takes as a parameter; the order is one in which they can be made."""

EACH = 8
"""Resources of a service."""

CHANGED = ("messaging", "Resource5")
"""The one resource that the change touches: a parameter that nothing waits for."""

STARTED, CHANGED_TO = "as it was made", "changed"


def services() -> Services:
    """Service -> template; the same at every call."""
    return {name: _service(name) for name in CHAINS}


def changed() -> Services:
    """The same with another value in one parameter of one service."""
    made = copy.deepcopy(services())
    service, logical_id = CHANGED
    made[service]["Resources"][logical_id]["Properties"]["Value"] = CHANGED_TO
    return made


def resources() -> int:
    """Of all services; the nested stacks themselves are not counted."""
    return sum(len(document["Resources"]) for document in services().values())


def root(of: Mapping[str, Document], url: Callable[[str], str]) -> Document:
    """The root; ``url``: service -> what TemplateURL says."""
    return {"Resources": {name.capitalize(): _nested(name, of[name], url(name)) for name in of}}


def write(folder: Path, of: Services, url: Callable[[str], str] = lambda name: f"{name}.json") -> Path:
    """All templates as files; the root's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in of.items():
        (folder / f"{name}.json").write_text(encoded(document), encoding="utf-8")
    path = folder / "root.json"
    path.write_text(encoded(root(of, url)), encoding="utf-8")
    return path


def encoded(document: Document) -> str:
    return json.dumps(document, indent=1, sort_keys=True)


def _nested(name: str, document: Document, url: str) -> Document:
    # What a service gives is called after it: KeysName comes from Keys.
    given = {
        parameter: {"Fn::GetAtt": [parameter.removesuffix("Name"), f"Outputs.{parameter}"]} for parameter in document.get("Parameters", {})
    }
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, **({"Parameters": given} if given else {})}}


def _service(name: str) -> Document:
    """Eight resources, the first of them a chain, and what the services after it take."""
    needs = [f"{need.capitalize()}Name" for need in NEEDS[name]]
    built: Document = {}
    for number in range(EACH):
        resource = _KINDS[number](f"bench-{name}-{number}", needs)
        if 0 < number < CHAINS[name]:
            resource["DependsOn"] = f"Resource{number - 1}"
        built[f"Resource{number}"] = resource
    last = f"Resource{CHAINS[name] - 1}"
    return {
        "Description": f"Service {name} of the bench",
        **({"Parameters": {need: {"Type": "String"} for need in needs}} if needs else {}),
        "Resources": built,
        "Outputs": {f"{name.capitalize()}Name": {"Value": {"Ref": last}}},
    }


def _log_group(name: str, needs: list[str]) -> Document:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/bench/{name}", "RetentionInDays": 30}}


def _queue(name: str, needs: list[str]) -> Document:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, "VisibilityTimeout": 30, "SqsManagedSseEnabled": True}}


def _topic(name: str, needs: list[str]) -> Document:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name, "DisplayName": name}}


def _role(name: str, needs: list[str]) -> Document:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    may = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": f"arn:aws:sqs:*:*:{name}"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [may]}}],
        },
    }


def _alarm(name: str, needs: list[str]) -> Document:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": name,
            "Namespace": "bench",
            "MetricName": name,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    }


def _parameter(name: str, needs: list[str]) -> Document:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"/bench/{name}", "Type": "String", "Value": STARTED}}


def _taking(name: str, needs: list[str]) -> Document:
    """What the service took from others, so that no parameter is there for nothing."""
    value = {"Fn::Join": [",", [name, *({"Ref": need} for need in needs)]]}
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"/bench/{name}", "Type": "String", "Value": value}}


_KINDS = (_log_group, _queue, _topic, _role, _alarm, _parameter, _queue, _taking)
