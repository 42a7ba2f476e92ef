"""Pipelines and identity providers as resource types: recorded, not run.

Models the user guide's AWS::CodePipeline::Pipeline and AWS::IAM::OIDCProvider. There is no CodePipeline service behind it: what a
pipeline does is tested through the commands that its build steps call. A role's trust of a provider is MiniStack's own: it reads the token's
claims and asks no provider, so any token that says the right thing is taken.
"""

from __future__ import annotations

from typing import Any

from .emulator import provisioners, responses

Made = tuple[str, dict[str, Any]]

_pipelines = responses.AccountRegionScopedDict()
_providers = responses.AccountScopedDict()


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


def _create_provider(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    """Named by its host; one an account (CreateOpenIDConnectProvider, EntityAlreadyExists)."""
    arn = f"arn:aws:iam::{responses.get_account_id()}:oidc-provider/{properties['Url'].removeprefix('https://')}"
    if arn in _providers:
        raise ValueError(f"Provider with url {properties['Url']} already exists.")
    _providers[arn] = properties
    return arn, {"Arn": arn}


def _update_provider(physical_id: str, former: dict[str, Any], properties: dict[str, Any], stack_name: str) -> Made:
    _providers[physical_id] = properties
    return physical_id, {"Arn": physical_id}


def _delete_provider(physical_id: str, properties: dict[str, Any]) -> None:
    _providers.pop(physical_id, None)


def forget_all() -> None:
    _pipelines.clear()
    _providers.clear()


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::CodePipeline::Pipeline"] = {"create": _create, "update": _update, "delete": _delete}
    provider = {"create": _create_provider, "update": _update_provider, "delete": _delete_provider}
    provisioners._RESOURCE_HANDLERS["AWS::IAM::OIDCProvider"] = provider
    provisioners._STACK_TAG_PROPERTY["AWS::IAM::OIDCProvider"] = ("Tags", "list")
    provisioners._STACK_TAG_PROPERTY["AWS::CodePipeline::Pipeline"] = ("Tags", "list")
