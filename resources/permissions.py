"""What CloudFormation calls to make, read, change and delete each resource type, by the registry schemas' handlers.

The table `permissions.json` is made from the schemas that cfn-lint bundles. ``python -m resources.permissions`` writes it
anew; with types as arguments it learns them as well. A test fails when it is stale, lacks a type or has one too many.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

TABLE = Path(__file__).with_name("permissions.json")

Handlers = dict[str, dict[str, tuple[str, ...]]]

# The handler ``list`` serves searches of resources (ListResources), never a stack's operation: it is left out.
HANDLERS = ("create", "delete", "read", "update")


# Types whose schema names no permissions: what the calls of their API reference are. Tags go with the calls.
_UNSAID = {
    "AWS::CodeBuild::Project": {
        "create": ("codebuild:BatchGetProjects", "codebuild:CreateProject", "iam:PassRole"),
        "delete": ("codebuild:BatchGetProjects", "codebuild:DeleteProject"),
        "read": ("codebuild:BatchGetProjects",),
        "update": ("codebuild:BatchGetProjects", "codebuild:UpdateProject", "iam:PassRole"),
    },
}


class UnknownTypesError(ValueError):
    """Types that are not in the table, with the command that adds them."""


@cache
def handlers() -> Handlers:
    """Resource type -> handler -> actions, as the schemas write them: one has a wildcard (`resources/scopes.py`)."""
    return msgspec.json.decode(TABLE.read_bytes(), type=Handlers)


def actions(types: Iterable[str], only: Sequence[str] = HANDLERS) -> dict[str, set[str]]:
    """Resource type -> everything that its handlers call.

    Raises:
        UnknownTypesError: the table does not know one of them.
    """
    table, wanted = handlers(), set(types)
    unknown = sorted(wanted - table.keys())
    if unknown:
        names = " ".join(unknown)
        raise UnknownTypesError(f"the execution role knows nothing of {names}: run `python -m resources.permissions {names}`")
    return {name: {action for handler in only for action in table[name].get(handler, ())} for name in sorted(wanted)}


def derive(types: Iterable[str]) -> Handlers:
    """Read the table from cfn-lint's schemas: the types of us-east-1, CloudFormation's largest set. Raises KeyError."""
    import cfnlint

    schemas = Path(cfnlint.__file__).parent / "data" / "schemas"
    digests: dict[str, str] = json.loads((schemas / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    table: Handlers = {}
    for name in sorted(types):
        schema = json.loads((schemas / "resources" / f"{digests[name]}.json").read_text(encoding="utf-8"))
        found = schema.get("handlers", {})
        table[name] = {handler: tuple(sorted(set(found[handler].get("permissions", [])))) for handler in HANDLERS if handler in found}
        table[name] = table[name] or _UNSAID.get(name, {})
    return table


def encode(table: Handlers) -> bytes:
    return msgspec.json.format(msgspec.json.encode(table, order="sorted"), indent=1) + b"\n"


if __name__ == "__main__":
    known = handlers().keys() if TABLE.exists() else set()
    TABLE.write_bytes(encode(derive({*known, *sys.argv[1:]})))
