"""Who may touch a StackSet is asked of the set.

Models the service authorization reference of CloudFormation: the resource of the actions on a StackSet is
``stackset/NAME:ID``. Of one that is not there, it is the name with any id.
"""

from __future__ import annotations

from typing import Any

from .emulator import actions
from .stack_set_records import arn_of


def install() -> None:
    theirs = actions.extract_resource_arn

    def extract_resource_arn(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, parameters: dict[str, Any], region: str, account: str
    ) -> str:
        found = str(theirs(service, method, path, headers, body, parameters, region, account))
        name = actions._query_param(parameters, "StackSetName") if service == "cloudformation" and found == "*" else ""
        return arn_of(account, region, name) if name else found

    actions.extract_resource_arn = extract_resource_arn
