"""Who may touch a change set that is named by its ARN alone is asked of its stack.

Models the service authorization reference: the resource of DescribeChangeSet, ExecuteChangeSet, DeleteChangeSet and GetTemplate is the stack. Of one that is not there, it is what was named.
"""

from __future__ import annotations

from typing import Any

from .emulator import actions, cloudformation

_extract = actions.extract_resource_arn


def extract_resource_arn(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, parameters: dict[str, Any], *where: str
) -> str:
    """``parameters``: those of the request, however it carries them."""
    found = str(_extract(service, method, path, headers, body, parameters, *where))
    if service != "cloudformation" or found != "*":
        return found
    named = actions._query_param(parameters, "ChangeSetName")
    change_set = cloudformation._change_sets.get(named)
    return change_set["StackId"] if change_set else named or found


def install() -> None:
    actions.extract_resource_arn = extract_resource_arn
