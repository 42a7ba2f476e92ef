"""Elastic addresses, NAT gateways and flow logs as resource types.

Models the user guide's AWS::EC2::EIP, AWS::EC2::NatGateway and AWS::EC2::FlowLog; the resources themselves are MiniStack's.
"""

from __future__ import annotations

import re
from typing import Any

from .emulator import Answer, ec2, provisioners

Made = tuple[str, dict[str, Any]]


def _value(answer: Answer, name: str) -> str:
    """One element of an EC2 answer.

    Raises:
        ValueError: with EC2's own answer, where it refuses.
    """
    if answer[0] >= 400:
        raise ValueError(answer[2].decode())
    found = re.search(rf"<{name}>([^<]*)</{name}>", answer[2].decode())
    return found.group(1) if found else ""


def _tag(resource_id: str, properties: dict[str, Any]) -> None:
    ec2._tags[resource_id] = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in properties.get("Tags") or []]


def _create_address(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    answer = ec2._allocate_address({"Domain": [properties.get("Domain", "vpc")]})
    allocation = _value(answer, "allocationId")
    address = _value(answer, "publicIp")
    _tag(allocation, properties)
    return address, {"AllocationId": allocation, "PublicIp": address}


def _update_address(physical_id: str, former: dict[str, Any], properties: dict[str, Any], stack_name: str) -> Made:
    allocation = _allocation(physical_id)
    _tag(allocation, properties)
    return physical_id, {"AllocationId": allocation, "PublicIp": physical_id}


def _delete_address(physical_id: str, properties: dict[str, Any]) -> None:
    if allocation := _allocation(physical_id):
        ec2._release_address({"AllocationId": [allocation]})


def _allocation(address: str) -> str:
    return next((key for key, record in ec2._addresses.items() if record["PublicIp"] == address), "")


def _create_nat_gateway(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    request = {key: [properties[key]] for key in ("SubnetId", "AllocationId", "ConnectivityType") if properties.get(key)}
    gateway = _value(ec2._create_nat_gateway(request), "natGatewayId")
    _tag(gateway, properties)
    return gateway, {"NatGatewayId": gateway}


def _update_nat_gateway(physical_id: str, former: dict[str, Any], properties: dict[str, Any], stack_name: str) -> Made:
    _tag(physical_id, properties)
    return physical_id, {"NatGatewayId": physical_id}


def _delete_nat_gateway(physical_id: str, properties: dict[str, Any]) -> None:
    ec2._nat_gateways.pop(physical_id, None)
    ec2._tags.pop(physical_id, None)


def _create_flow_log(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    named = ("ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName")
    request = {key: [properties[key]] for key in named if properties.get(key)}
    flow_log = _value(ec2._create_flow_logs({**request, "ResourceId.1": [properties["ResourceId"]]}), "item")
    ec2._flow_logs[flow_log]["DeliverLogsPermissionArn"] = properties.get("DeliverLogsPermissionArn")
    _tag(flow_log, properties)
    return flow_log, {"Id": flow_log}


def _update_flow_log(physical_id: str, former: dict[str, Any], properties: dict[str, Any], stack_name: str) -> Made:
    _tag(physical_id, properties)
    return physical_id, {"Id": physical_id}


def _delete_flow_log(physical_id: str, properties: dict[str, Any]) -> None:
    ec2._delete_flow_logs({"FlowLogId.1": [physical_id]})


def install() -> None:
    for resource_type, create, update, delete in (
        ("AWS::EC2::EIP", _create_address, _update_address, _delete_address),
        ("AWS::EC2::NatGateway", _create_nat_gateway, _update_nat_gateway, _delete_nat_gateway),
        ("AWS::EC2::FlowLog", _create_flow_log, _update_flow_log, _delete_flow_log),
    ):
        provisioners._RESOURCE_HANDLERS[resource_type] = {"create": create, "update": update, "delete": delete}
        provisioners._STACK_TAG_PROPERTY[resource_type] = ("Tags", "list")
