"""What templates say of topics reaches SNS: the key.

Models the user guide's AWS::SNS::Topic.
"""

from __future__ import annotations

from typing import Any

from .emulator import sns
from .extension import extend


def apply(arn: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    attributes = sns._topics[arn]["attributes"]
    if properties.get("KmsMasterKeyId"):
        attributes["KmsMasterKeyId"] = properties["KmsMasterKeyId"]
    else:
        attributes.pop("KmsMasterKeyId", None)


def install() -> None:
    extend("AWS::SNS::Topic", apply)
