"""The root as it is judged: with local paths in place of its templates' URLs, so that checkers look into the children."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import msgspec

from templates import root

if TYPE_CHECKING:
    from templates.build import AnyBuilt


def local_root(built: AnyBuilt) -> dict[str, Any]:
    """A copy of a stack's root whose nested stacks are ``./<service>.json``."""
    (part,) = built.parts
    document = copy.deepcopy(built.templates[part.root])
    for service in part.registered:
        document["Resources"][root.title(service)]["Properties"]["TemplateURL"] = f"./{service}.json"
    return document


def judged(built: AnyBuilt) -> bytes:
    """Everything that the root's verdict depends on: the copy, and what each child takes and gives.

    The digests in the published root are no part of it, so a change inside a service leaves the verdict standing.
    """
    sections = ("Parameters", "Outputs")
    boundaries = {service: {name: built.templates[service].get(name) for name in sections} for service in built.services}
    return msgspec.json.encode((local_root(built), boundaries), order="sorted")
