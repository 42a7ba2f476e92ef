"""How a defect is seeded into the real templates: a change to one resource, and the rule that must catch it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from templates import root
from templates.build import Built, Flat, encode
from templates.flat import flatten

Resource = dict[str, Any]


@dataclass(frozen=True)
class Defect:
    """``change`` takes the properties of ``logical_id`` in the template of ``service``; ``rule`` is who must find it."""

    name: str
    environment: str
    service: str
    logical_id: str
    change: Callable[[Resource], object]
    rule: str


def seed(built: Built, defect: Defect) -> Built:
    """The build with the defect in it, in the nested template and in the flat copy."""
    templates = copy.deepcopy(built.templates)
    resources = templates[defect.service]["Resources"]
    if defect.logical_id in resources:
        defect.change(resources[defect.logical_id])
    else:
        resources[defect.logical_id] = {}
        defect.change(resources[defect.logical_id])
    encoded = {**built.encoded, defect.service: encode(templates[defect.service])}
    (part,) = built.parts
    if defect.service == part.root:
        # A root that feeds its children wrongly cannot be merged; cfn-lint reads the nested one.
        return replace(built, templates=templates, encoded=encoded)
    children = {root.title(service): templates[service] for service in built.services}
    flat, names = flatten(templates[part.root], children)
    titles = {root.title(service): service for service in built.services}
    known = {flat_id: (titles[title], logical_id) for flat_id, (title, logical_id) in names.items()}
    return replace(built, templates=templates, encoded=encoded, flats={part.root: Flat(document=flat, names=known)})


def put(path: str, value: Any) -> Callable[[Resource], None]:
    """Set a property by its dotted path; in lists a number is a position, a word the Sid of a statement."""

    def change(resource: Resource) -> None:
        place, last = _find(resource["Properties"], path)
        place[last] = value

    return change


def drop(path: str) -> Callable[[Resource], None]:
    def change(resource: Resource) -> None:
        place, last = _find(resource["Properties"], path)
        del place[last]

    return change


def _find(properties: Resource, path: str) -> tuple[Any, Any]:
    """The dictionary or list that the path leads to, and the last key in it."""
    place: Any = properties
    *parents, last = path.split(".")
    for part in parents:
        place = place[_key(place, part)]
    return place, _key(place, last)


def _key(place: Any, part: str) -> Any:
    if not isinstance(place, list):
        return part
    return int(part) if part.isdigit() else next(index for index, item in enumerate(place) if item.get("Sid") == part)


def attribute(name: str, value: Any = None) -> Callable[[Resource], object]:
    return lambda resource: resource.pop(name) if value is None else resource.__setitem__(name, value)


def add(resource_type: str, **properties: Any) -> Callable[[Resource], None]:
    return lambda resource: resource.update({"Type": resource_type, "Properties": properties})


def statement(document: str, **parts: Any) -> Callable[[Resource], None]:
    """One more statement in a policy document."""
    return lambda resource: resource["Properties"][document]["Statement"].append({"Effect": "Allow", **parts})


STATEMENT = "PolicyDocument.Statement"
SERVICE = {"Service": "events.amazonaws.com"}
STRANGER = {"AWS": "arn:aws:iam::999999999999:root"}
TRUST = "AssumeRolePolicyDocument"


def own(*rows: tuple[str, str, str, str, Callable[[Resource], object], str]) -> list[Defect]:
    return [Defect(*row) for row in rows]
