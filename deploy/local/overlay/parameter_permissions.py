"""Who may read all parameters below a path is asked of that path.

Models the service authorization reference: the resource of GetParametersByPath is the parameter that the path names.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from .emulator import actions


def extract_resource_arn(
    below: Callable[..., Any],
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    parameters: dict[str, Any],
    *where: str,
) -> str:
    """``below``: what this is laid over; ``parameters``: those of the request, however it carries them; ``where``: region and account."""
    found = str(below(service, method, path, headers, body, parameters, *where))
    if service != "ssm" or found != "*":
        return found
    try:
        named = str(json.loads(body)["Path"])
    except (ValueError, KeyError, TypeError):
        return found
    region, account = where
    return f"arn:aws:ssm:{region}:{account}:parameter/{named.strip('/')}"


def install() -> None:
    actions.extract_resource_arn = partial(extract_resource_arn, actions.extract_resource_arn)
