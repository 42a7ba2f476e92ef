"""What templates say of tables reaches DynamoDB: recovery points, encryption, protection, time to live, stream, tags.

Models the user guide's AWS::DynamoDB::Table and AWS::DynamoDB::GlobalTable, whose settings of one region stand in its entry
of Replicas. A table that is protected cannot be deleted, nor is one made over another.
"""

from __future__ import annotations

from typing import Any

from .emulator import dynamodb, region
from .extension import before_delete, extend, tag_map, true


def _here(properties: dict[str, Any]) -> dict[str, Any]:
    """The settings of this region's replica, in the places where AWS::DynamoDB::Table has them."""
    replica: dict[str, Any] = next((entry for entry in properties.get("Replicas") or [] if entry["Region"] == region()), {})
    key = (replica.get("SSESpecification") or {}).get("KMSMasterKeyId")
    sse = properties.get("SSESpecification") or {}
    return {
        **properties,
        **{name: replica[name] for name in ("PointInTimeRecoverySpecification", "DeletionProtectionEnabled", "Tags") if name in replica},
        "SSESpecification": {**sse, **({"KMSMasterKeyId": key} if key else {})},
    }


def apply(name: str, given: dict[str, Any], former: dict[str, Any]) -> dict[str, Any]:
    properties, table = _here(given), dynamodb._tables[name]
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    dynamodb._pitr_settings[name] = true(recovery.get("PointInTimeRecoveryEnabled"))
    table["DeletionProtectionEnabled"] = true(properties.get("DeletionProtectionEnabled"))
    _encrypt(table, properties["SSESpecification"])
    _expire(name, properties.get("TimeToLiveSpecification"))
    if tags := tag_map(properties):
        own: dict[str, str] = {tag["Key"]: tag["Value"] for tag in dynamodb._tags.get(table["TableArn"], [])}
        dynamodb._tags[table["TableArn"]] = [{"Key": key, "Value": value} for key, value in {**own, **tags}.items()]
    return {"TableId": table["TableId"]}


def _encrypt(table: dict[str, Any], sse: dict[str, Any]) -> None:
    enabled = true(sse.get("SSEEnabled"))
    spec: dict[str, Any] = {"Enabled": True, **{key: sse[key] for key in ("SSEType", "KMSMasterKeyId") if key in sse}}
    table["SSEDescription"] = dynamodb._sse_description_from_spec(spec) if enabled else None


def _expire(name: str, given: dict[str, Any] | None) -> None:
    if given and given.get("AttributeName"):
        dynamodb._ttl_settings[name] = {
            "TimeToLiveStatus": "ENABLED" if true(given.get("Enabled")) else "DISABLED",
            "AttributeName": given["AttributeName"],
        }
    else:
        dynamodb._ttl_settings.pop(name, None)


def refuse_protected(name: str, properties: dict[str, Any]) -> None:
    table = dynamodb._tables.get(name)
    if table and table.get("DeletionProtectionEnabled"):
        raise ValueError(
            f"Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first. (Table: {name})"
        )


def install() -> None:
    extend("AWS::DynamoDB::Table", apply)
    before_delete("AWS::DynamoDB::Table", refuse_protected)
