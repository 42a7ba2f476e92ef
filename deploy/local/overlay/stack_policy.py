"""Stack policies are enforced on updates: a protected resource fails, and with it the update.

Models the CloudFormation user guide's "Prevent updates to stack resources": once a policy is set everything is denied
that it does not allow, a denial overrides, resources are named by logical id with wildcards, and `ResourceType` is the one
condition.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from .emulator import Stack

_CONDITIONS: dict[str, Callable[[str, str], bool]] = {"StringEquals": str.__eq__, "StringLike": fnmatchcase}


def refusal(stack: Stack, action: str, logical_id: str, resource_type: str) -> str | None:
    """Why the stack's policy refuses ``action`` (Update:Modify, Update:Replace, Update:Delete) on a resource, or None."""
    body = stack.get("_stack_policy")
    if not body:
        return None
    statements = json.loads(body).get("Statement", [])
    numbered = list(enumerate(statements if isinstance(statements, list) else [statements], 1))
    speaking = [(number, said) for number, said in numbered if _speaks_of(said, action, logical_id, resource_type)]
    for number, statement in speaking:
        if statement.get("Effect") == "Deny":
            return _denied(number, action, logical_id)
    return None if speaking else f"Action not allowed by stack policy: [{action}] for resource [LogicalResourceId/{logical_id}];"


def _denied(number: int, action: str, logical_id: str) -> str:
    return f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource [LogicalResourceId/{logical_id}];"


def _speaks_of(statement: dict[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    resource = f"LogicalResourceId/{logical_id}"
    actions = _matches(statement, "Action", action)
    resources = _matches(statement, "Resource", resource)
    return actions and resources and _condition_holds(statement.get("Condition") or {}, resource_type)


def _matches(statement: dict[str, Any], key: str, value: str) -> bool:
    if f"Not{key}" in statement:
        return not _any(statement[f"Not{key}"], value)
    return _any(statement.get(key, []), value)


def _condition_holds(condition: dict[str, Any], resource_type: str) -> bool:
    for operator, wanted in condition.items():
        test = _CONDITIONS.get(operator)
        if test is None or not any(test(resource_type, pattern) for pattern in _list(wanted.get("ResourceType", []))):
            return False
    return True


def _any(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value.lower(), pattern.lower()) for pattern in _list(patterns))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
