"""What joins a web ACL to what it guards and to its logs, as resource types.

Models the user guide's AWS::WAFv2::WebACLAssociation and AWS::WAFv2::LoggingConfiguration.
"""

from __future__ import annotations

import json
from typing import Any

from .emulator import Answer, provisioners, waf

Made = tuple[str, dict[str, Any]]


def _good(answer: Answer) -> None:
    """
    Raises:
        ValueError: with WAF's own words.
    """
    if answer[0] >= 400:
        raise ValueError(json.loads(answer[2]).get("message", answer[2].decode()))


def _create_association(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    _good(waf._associate_web_acl({"WebACLArn": properties["WebACLArn"], "ResourceArn": properties["ResourceArn"]}))
    return f"{properties['WebACLArn']}|{properties['ResourceArn']}", {}


def _delete_association(physical_id: str, properties: dict[str, Any]) -> None:
    waf._disassociate_web_acl({"ResourceArn": properties["ResourceArn"]})


def _put_logging(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    """MiniStack has no store for it: what counts here is that the ACL exists and the destination is well named."""
    _good(waf._resolve_local_web_acl(properties["ResourceArn"])[1] or (200, {}, b""))
    for destination in properties["LogDestinationConfigs"]:
        if ":log-group:" in destination and ":log-group:aws-waf-logs-" not in destination:
            raise ValueError(f"The ARN isn't valid. A valid ARN begins with arn: ... LOG_DESTINATION, parameter: {destination}")
    return properties["ResourceArn"], {"ManagedByFirewallManager": "false"}


def _update_logging(physical_id: str, former: dict[str, Any], properties: dict[str, Any], stack_name: str) -> Made:
    return _put_logging("", properties, stack_name)


def _delete_logging(physical_id: str, properties: dict[str, Any]) -> None:
    """Nothing is stored, so nothing is left."""


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::WebACLAssociation"] = {"create": _create_association, "delete": _delete_association}
    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::LoggingConfiguration"] = {
        "create": _put_logging,
        "update": _update_logging,
        "delete": _delete_logging,
    }
