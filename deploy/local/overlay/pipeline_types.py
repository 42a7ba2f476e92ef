"""Pipelines as a resource type: recorded with their version, not run.

Models the user guide's AWS::CodePipeline::Pipeline. There is no CodePipeline service behind it: what a pipeline does is
tested through the commands that its build steps call.
"""

from __future__ import annotations

from typing import Any

from .emulator import provisioners, responses

Made = tuple[str, dict[str, Any]]

_pipelines = responses.AccountRegionScopedDict()


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    name = properties.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=100)
    if name in _pipelines:
        raise ValueError(f"A pipeline with the name '{name}' already exists.")
    return _put(name, properties)


def _update(physical_id: str, former: dict[str, Any], properties: dict[str, Any], stack_name: str) -> Made:
    return _put(physical_id, properties)


def _put(name: str, properties: dict[str, Any]) -> Made:
    version = _pipelines.get(name, {}).get("version", 0) + 1
    _pipelines[name] = {"version": version, "properties": properties}
    return name, {"Version": str(version)}


def _delete(physical_id: str, properties: dict[str, Any]) -> None:
    _pipelines.pop(physical_id, None)


def forget_all() -> None:
    _pipelines.clear()


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::CodePipeline::Pipeline"] = {"create": _create, "update": _update, "delete": _delete}
    provisioners._STACK_TAG_PROPERTY["AWS::CodePipeline::Pipeline"] = ("Tags", "list")
