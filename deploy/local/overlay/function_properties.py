"""What templates say of functions reaches Lambda: reserved concurrency, dead letters, key, network.

Models the user guide's AWS::Lambda::Function. A function whose code cannot be read is not made.
"""

from __future__ import annotations

from typing import Any

from .emulator import functions, s3
from .extension import extend


def apply(name: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    _require_code(properties.get("Code") or {})
    function = functions._functions[name]
    config = function["config"]
    reserved = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)
    config["VpcConfig"] = functions._vpc_config_with_id(properties.get("VpcConfig"))
    config["KMSKeyArn"] = properties.get("KmsKeyArn", "")
    if properties.get("DeadLetterConfig"):
        config["DeadLetterConfig"] = properties["DeadLetterConfig"]
    else:
        config.pop("DeadLetterConfig", None)


def _require_code(code: dict[str, Any]) -> None:
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if bucket and key and s3._get_object_data(bucket, key) is None:
        raise ValueError(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist. (Service: Lambda, Status Code: 400)"
        )


def install() -> None:
    extend("AWS::Lambda::Function", apply)
