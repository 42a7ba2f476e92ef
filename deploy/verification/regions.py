"""Which checks an environment's region can answer: in its own all of them, elsewhere those whose subject the stacks there make.

A check names a function, a queue, an output, not a region. Names are the same in both regions, so one list of checks speaks of each of
them; what a region does not have cannot be asked of it. A global table's replica is made by the other region: whoever needs it looks there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from deploy.account import Account
from deploy.verification.model import (
    Check,
    HttpCheck,
    InvokeCheck,
    ObjectCheck,
    OutputsCheck,
    ParameterCheck,
    PythonCheck,
    QueueCheck,
    TableCheck,
    checks,
)
from deploy.verification.object import output_of

_NAMES = ("FunctionName", "QueueName", "TableName", "Name")


def checks_in(account: Account, region: str) -> tuple[Check, ...]:
    """Raises:
    Invalid: the manifest has a check that this deployer does not know.
    """
    known = checks(account.manifest)
    if region == account.manifest.region or not known:
        return known
    names, outputs = _made(account, region)
    return tuple(kept for check in known if (kept := _kept(check, account, names, outputs)))


def _kept(check: Check, account: Account, names: frozenset[str], outputs: frozenset[str]) -> Check | None:
    """The check as a region with these names and outputs can answer it."""
    manifest = account.manifest

    def named(thing: str) -> bool:
        return f"{manifest.project}-{thing}-{manifest.environment}" in names

    match check:
        case OutputsCheck():
            there = tuple(output for output in check.outputs if output in outputs)
            return msgspec.structs.replace(check, outputs=there) if there else None
        case HttpCheck():
            holds = "ApiUrl" in outputs
        case ObjectCheck():
            holds = output_of(check.bucket) in outputs
        case InvokeCheck():
            holds = named(check.function)
        case QueueCheck():
            holds = named(check.queue)
        case TableCheck():
            holds = named(check.table)
        case ParameterCheck():
            holds = f"{manifest.parameters}/{check.path}" in names
        case PythonCheck():
            holds = False  # written for the environment's own region, whatever it asks
        case _:
            holds = True
    return check if holds else None


def _made(account: Account, region: str) -> tuple[frozenset[str], frozenset[str]]:
    """Physical names that the region's templates give, and the outputs of its roots."""
    names: set[str] = set()
    outputs: set[str] = set()
    for stack in account.manifest.stacks:
        if stack.region == region:
            for document in _documents(account, {*stack.services, stack.root}):
                names |= set(_named(document))
            outputs |= next(_documents(account, {stack.root})).get("Outputs", {}).keys()
    return frozenset(names), frozenset(outputs)


def _documents(account: Account, services: set[str]) -> Iterator[dict[str, Any]]:
    return (json.loads(account.pieces.read(template)) for template in account.manifest.templates if template.service in services)


def _named(document: dict[str, Any]) -> Iterator[str]:
    for resource in document.get("Resources", {}).values():
        for key in _NAMES:
            value = resource.get("Properties", {}).get(key)
            if isinstance(value, str):
                yield value
