"""What templates say of buckets reaches S3: encryption, lifecycle, replication, logging, ownership, versioning, tags.

Models the user guide's AWS::S3::Bucket and the S3 API reference's Put... of each configuration, whose XML is built here. A
bucket that still holds something cannot be deleted, and a PUT with `aws:kms` and no key takes the account's `aws/s3`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

from .emulator import Answer, account, provisioners, region, s3
from .extension import before_delete, extend, tag_map, true

_resolve_sse = s3._resolve_sse_write_headers


def _xml(name: str, value: Any) -> str:
    """Nested elements; a list repeats its element, None leaves it out."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(_xml(name, item) for item in value)
    inner = "".join(_xml(key, item) for key, item in value.items()) if isinstance(value, dict) else escape(str(value))
    return f"<{name}>{inner}</{name}>"


def _good(answer: Answer) -> None:
    """
    Raises:
        ValueError: with S3's own message.
    """
    if answer[0] >= 400:
        found = re.search(r"<Message>(.*?)</Message>", bytes(answer[2]).decode())
        raise ValueError(f"{found.group(1) if found else answer[2]!r} (Service: S3, Status Code: {answer[0]})")


def _encryption(given: dict[str, Any]) -> str:
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault"),
            "BucketKeyEnabled": str(true(rule.get("BucketKeyEnabled"))).lower(),
        }
        for rule in given["ServerSideEncryptionConfiguration"]
    ]
    return _xml("ServerSideEncryptionConfiguration", {"Rule": rules})


def _lifecycle(given: dict[str, Any]) -> str:
    return _xml("LifecycleConfiguration", {"Rule": [_lifecycle_rule(rule) for rule in given["Rules"]]})


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    days = rule.get("NoncurrentVersionExpirationInDays") or noncurrent.get("NoncurrentDays")
    abort = rule.get("AbortIncompleteMultipartUpload")
    expiry = rule.get("ExpirationInDays")
    marker = rule.get("ExpiredObjectDeleteMarker")
    return {
        "ID": rule.get("Id"),
        "Filter": {"Prefix": rule.get("Prefix", "")},
        "Status": rule["Status"],
        "Transition": [_transition(step, "Days", "TransitionInDays") for step in _several(rule, "Transition")],
        "NoncurrentVersionTransition": [
            _transition(step, "NoncurrentDays", "TransitionInDays") for step in _several(rule, "NoncurrentVersionTransition")
        ],
        "Expiration": {"Days": expiry} if expiry else {"ExpiredObjectDeleteMarker": str(marker).lower()} if marker else None,
        "NoncurrentVersionExpiration": {"NoncurrentDays": days} if days else None,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": abort["DaysAfterInitiation"]} if abort else None,
    }


def _several(rule: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A template may have one ``name`` or a list under its plural."""
    return list(rule.get(f"{name}s") or ([rule[name]] if rule.get(name) else []))


def _transition(step: dict[str, Any], days: str, given: str) -> dict[str, Any]:
    return {days: step[given], "StorageClass": step["StorageClass"]}


def _replication(given: dict[str, Any]) -> str:
    rules = [
        {
            "ID": rule.get("Id"),
            "Priority": rule.get("Priority", 0),
            "Status": rule["Status"],
            "Filter": {"Prefix": (rule.get("Filter") or {}).get("Prefix", rule.get("Prefix", ""))},
            "SourceSelectionCriteria": rule.get("SourceSelectionCriteria"),
            "DeleteMarkerReplication": rule.get("DeleteMarkerReplication") or {"Status": "Disabled"},
            "Destination": rule["Destination"],
        }
        for rule in given["Rules"]
    ]
    return _xml("ReplicationConfiguration", {"Role": given["Role"], "Rule": rules})


def _logging(given: dict[str, Any]) -> str:
    enabled = {"TargetBucket": given.get("DestinationBucketName"), "TargetPrefix": given.get("LogFilePrefix", "")}
    return _xml("BucketLoggingStatus", {"LoggingEnabled": enabled if enabled["TargetBucket"] else None})


def _ownership(given: dict[str, Any]) -> str:
    return _xml("OwnershipControls", {"Rule": [{"ObjectOwnership": rule["ObjectOwnership"]} for rule in given["Rules"]]})


_CONFIGURATIONS: tuple[tuple[str, Callable[[dict[str, Any]], str], str, str], ...] = (
    ("BucketEncryption", _encryption, "_put_bucket_encryption", "_bucket_encryption"),
    ("LifecycleConfiguration", _lifecycle, "_put_bucket_lifecycle", "_bucket_lifecycle"),
    ("ReplicationConfiguration", _replication, "_put_bucket_replication", "_bucket_replication"),
    ("LoggingConfiguration", _logging, "_put_bucket_logging", "_bucket_logging_config"),
    ("OwnershipControls", _ownership, "_put_bucket_ownership_controls", ""),
)
"""Property, its XML, the S3 action, and the store to clear when a template drops the property."""


def apply(name: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    """A new bucket that cannot have what it asks for goes with its resource."""
    try:
        _apply(name, properties, former)
    except ValueError:
        if not former:
            provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"](name, properties)
        raise


def _apply(name: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    if (properties.get("VersioningConfiguration") or {}).get("Status") == "Suspended":
        s3._bucket_versioning[name] = "Suspended"
    for key, xml, put, store in _CONFIGURATIONS:
        if properties.get(key):
            _good(getattr(s3, put)(name, xml(properties[key]).encode()))
        elif former.get(key) and store:
            getattr(s3, store).pop(name, None)
    s3._bucket_tags[name] = tag_map(properties)


def refuse_full(name: str, properties: dict[str, Any]) -> None:
    bucket = s3._buckets.get(name)
    if bucket and bucket.get("objects"):
        raise ValueError("The bucket you tried to delete is not empty (Service: S3, Status Code: 409)")


def resolve_sse(headers: dict[str, str], *more: Any) -> Any:
    """MiniStack's own, with the key that S3 takes where a request names none."""
    if headers.get("x-amz-server-side-encryption") == "aws:kms":
        default = f"arn:aws:kms:{region()}:{account()}:alias/aws/s3"
        headers = {"x-amz-server-side-encryption-aws-kms-key-id": default, **headers}
    return _resolve_sse(headers, *more)


def install() -> None:
    extend("AWS::S3::Bucket", apply)
    before_delete("AWS::S3::Bucket", refuse_full)
    s3._resolve_sse_write_headers = resolve_sse
