"""Nested stacks as stacks of their own: the same engine as their root, one attempt inside another.

Models the CloudFormation user guide's "Embed stacks within other stacks using nested stacks" and, for the states that
children wait in, "Troubleshooting CloudFormation": a child that is done stays in UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
until its siblings are done too, since the whole may still roll back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from .attempts import STACK, Attempt, OperationFailed, enter, snapshot
from .emulator import Record, Stack, account, cloudformation, engine, handlers, helpers, provisioners, region, responses, stack_by_id

_NOT_DONE = "Embedded stack {stack_id} was not successfully {verb}d: {reason}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a parent asks of a child: template as text and parsed, parameters' values, tags."""

    body: str
    template: dict[str, Any]
    values: dict[str, Any]
    tags: list[dict[str, str]]


def prepare_create(parent: Attempt, logical_id: str, wanted: Wanted) -> Attempt:
    """An attempt on a new child; a change set may have announced it."""
    announced = stack_by_id(parent.stack.get("_reserved", {}).get(logical_id))
    if announced is None or announced["StackStatus"] != "REVIEW_IN_PROGRESS":
        announced = new_stack(parent.stack, logical_id, "CREATE_IN_PROGRESS")
    return _attempt(parent, announced, wanted, None)


def prepare_update(parent: Attempt, old: Record, wanted: Wanted) -> Attempt:
    child = _existing(old)
    previous = snapshot(child)
    child["LastUpdatedTime"] = responses.now_iso()
    return _attempt(parent, child, wanted, previous)


def differs(old: Record, wanted: Wanted) -> bool:
    """False where template, parameters and tags are what the child has."""
    child = _existing(old)
    has = (child.get("_template"), plain(child.get("_resolved_params", {})), child.get("Tags"))
    return has != (wanted.template, plain(wanted.values), wanted.tags)


def _existing(old: Record) -> Stack:
    child = stack_by_id(old["PhysicalResourceId"])
    if child is None:
        raise ValueError(f"Stack [{old['PhysicalResourceId']}] does not exist")
    return child


def _attempt(parent: Attempt, child: Stack, wanted: Wanted, previous: Stack | None) -> Attempt:
    child.update(
        {
            "Description": wanted.template.get("Description", ""),
            "Parameters": [{"ParameterKey": n, "ParameterValue": v["Value"], "NoEcho": v["NoEcho"]} for n, v in wanted.values.items()],
            "Tags": wanted.tags,
            "Capabilities": provisioners._inherited_capabilities(child["_parent_stack_name"]),
            "_template": wanted.template,
            "_template_body": wanted.body,
            "_resolved_params": wanted.values,
            "_conditions": engine._evaluate_conditions(wanted.template, wanted.values),
        }
    )
    return Attempt(
        stack=child,
        template=wanted.template,
        values=wanted.values,
        previous=previous,
        parent=parent,
        retain_except_on_create=parent.retain_except_on_create,
    )


async def run(child: Attempt, forward: Callable[[Attempt], Awaitable[None]]) -> dict[str, str]:
    """Run a child's way forward; its outputs, as ``Fn::GetAtt`` reads them.

    Raises:
        ValueError: in the words that the parent's event has.
    """
    enter(child.stack, f"{child.verb.upper()}_IN_PROGRESS")
    try:
        await forward(child)
        take_outputs(child)
    except OperationFailed as failure:
        enter(child.stack, f"{child.verb.upper()}_FAILED", failure.summary)
        raise ValueError(_NOT_DONE.format(stack_id=child.stack_id, verb=child.verb, reason=failure.summary)) from failure
    except asyncio.CancelledError:
        enter(child.stack, f"{child.verb.upper()}_FAILED", child.cancelled)
        raise
    enter(child.stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" if child.is_update else "CREATE_COMPLETE")
    return {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in child.stack["Outputs"]}


def take_outputs(attempt: Attempt) -> None:
    """Publish what the way forward resolved: outputs, exports, the template as the stack's own."""
    outputs, exports = attempt.stack.pop("_new_outputs")
    for name in exports:
        owner = cloudformation._exports.get(name)
        if owner and owner["StackId"] != attempt.stack_id:
            raise OperationFailed(
                f"Export with name {name} is already exported by stack {owner['StackId'].split('/')[1]}", verb=attempt.verb
            )
    attempt.stack["Outputs"] = outputs
    publish_exports(attempt.stack)


def publish_exports(stack: Stack) -> None:
    """Make the account's exports say what the stack's outputs say."""
    for name, export in list(cloudformation._exports.items()):
        if export["StackId"] == stack["StackId"]:
            cloudformation._exports.pop(name)
    for output in stack.get("Outputs", []):
        if name := output.get("ExportName"):
            cloudformation._exports[name] = {"StackId": stack["StackId"], "Name": name, "Value": output["OutputValue"]}


def read(parent_name: str, properties: dict[str, Any], *, acknowledged: list[str] | None = None) -> Wanted:
    """What the properties of a nested stack ask for. ``acknowledged``: capabilities, where the parent's own are not those that count.

    Raises:
        ValueError: in AWS's words where the template or a parameter is not there or not good.
    """
    body, problem = helpers._resolve_template({"TemplateURL": [properties.get("TemplateURL", "")]})
    if problem or not body:
        raise ValueError(f"TemplateURL must reference a valid S3 object to which you have access: {properties.get('TemplateURL')}")
    template = engine._parse_template(body)
    _check_capabilities(parent_name, template, acknowledged)
    given = [{"Key": name, "Value": str(value)} for name, value in (properties.get("Parameters") or {}).items()]
    return Wanted(body=body, template=template, values=engine._resolve_parameters(template, given), tags=_tags(properties))


def _check_capabilities(parent_name: str, template: dict[str, Any], acknowledged: list[str] | None) -> None:
    if acknowledged is None:
        provisioners._check_nested_stack_capabilities(parent_name, template)
    elif handlers._capabilities_enforced() and (
        missing := handlers._missing_capabilities(set(acknowledged), handlers._required_iam_capabilities(template))
    ):
        raise ValueError(handlers._insufficient_capabilities_message(missing))


def plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.get("Value") for name, value in values.items()}


def new_stack(parent: Stack, logical_id: str, status: str) -> Stack:
    """The record of a child, named as AWS names it: parent, logical id, a suffix."""
    name = f"{parent['StackName'][:90]}-{logical_id}-{responses.new_uuid().replace('-', '')[:12].upper()}"
    child = {
        "StackName": name,
        "StackId": f"arn:aws:cloudformation:{region()}:{account()}:stack/{name}/{responses.new_uuid()}",
        "StackStatus": status,
        "StackStatusReason": "",
        "CreationTime": responses.now_iso(),
        "LastUpdatedTime": "",
        "Description": "",
        "Parameters": [],
        "Tags": [],
        "Outputs": [],
        "DisableRollback": bool(parent.get("DisableRollback")),
        "ParentId": parent["StackId"],
        "RootId": parent.get("RootId") or parent["StackId"],
        "_parent_stack_name": parent["StackName"],
        "_region": region(),
        "_resources": {},
        "_template": {},
        "_template_body": "",
        "_resolved_params": {},
        "_conditions": {},
    }
    cloudformation._stacks[name] = child
    cloudformation._stack_events.setdefault(child["StackId"], [])
    return child


def _tags(properties: dict[str, Any]) -> list[dict[str, str]]:
    tags = provisioners._tag_map(properties.get("Tags"))
    return [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")]


def is_nested(stack: Stack) -> bool:
    return bool(stack.get("ParentId"))


def children_of(stack: Stack) -> dict[str, Stack]:
    """Logical id -> nested stack, of those that exist."""
    found = {
        logical_id: stack_by_id(record.get("PhysicalResourceId"))
        for logical_id, record in stack.get("_resources", {}).items()
        if record["ResourceType"] == STACK
    }
    return {logical_id: child for logical_id, child in found.items() if child and child["StackStatus"] != "DELETE_COMPLETE"}
