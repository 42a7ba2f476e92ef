"""Who may read all parameters below a path is asked of that path.

Models the service authorization reference of Systems Manager: the resource of GetParametersByPath is ``parameter`` with the path that the
request names.
"""

from __future__ import annotations

from typing import Any

from .emulator import actions


def install() -> None:
    theirs = actions.extract_resource_arn

    def extract_resource_arn(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, parameters: dict[str, Any], region: str, account: str
    ) -> str:
        found = str(theirs(service, method, path, headers, body, parameters, region, account))
        below = actions._param(body, parameters, "Path") if service == "ssm" and found == "*" else ""
        return f"arn:aws:ssm:{region}:{account}:parameter/{below.strip('/')}" if below else found

    actions.extract_resource_arn = extract_resource_arn
