"""What templates say of functions reaches Lambda: reserved concurrency, dead letters, key, network, and code from another account's bucket.

Models the user guide's AWS::Lambda::Function; its Code, S3Bucket: in the function's region, and perhaps in another account. A function whose
code cannot be read is not made.
"""

from __future__ import annotations

from typing import Any

from .emulator import account, functions, region, responses
from .extension import extend, require
from .foreign_objects import owner, reader


def apply(name: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
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


def _require_code(properties: dict[str, Any]) -> None:
    code = properties.get("Code") or {}
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if not bucket or not key:
        return
    if owner(bucket) not in (account(), reader(bucket, key)):
        raise ValueError(
            f"Your access has been denied by S3, please make sure your request credentials have permission to GetObject for {bucket}/{key}. "
            "S3 Error Code: AccessDenied. S3 Error Message: Access Denied (Service: Lambda, Status Code: 403)"
        )
    if functions._fetch_code_from_s3(bucket, key) is None:
        raise ValueError(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist. (Service: Lambda, Status Code: 400)"
        )


def install() -> None:
    theirs, told = functions._fetch_code_from_s3, functions.s3_code_region_message

    def fetch_code(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        with responses.request_scope(reader(bucket, key), region()):
            found: bytes | None = theirs(bucket, key, version_id=version_id)
        return found

    def region_message(bucket: str, layer: bool = False) -> str | None:
        with responses.request_scope(owner(bucket), region()):
            found: str | None = told(bucket, layer)
        return found

    functions._fetch_code_from_s3, functions.s3_code_region_message = fetch_code, region_message
    extend("AWS::Lambda::Function", apply)
    require("AWS::Lambda::Function", _require_code)
