"""What templates say of roles reaches IAM: the permissions boundary.

Models the user guide's AWS::IAM::Role.
"""

from __future__ import annotations

from typing import Any

from .emulator import iam
from .extension import extend


def apply(name: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")


def install() -> None:
    extend("AWS::IAM::Role", apply)
