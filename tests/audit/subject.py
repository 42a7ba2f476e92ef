"""One environment of the build folder, as the checkers read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from templates.root import title

Document = dict[str, Any]

_NO_TEMPLATES = ("manifest.json", "sources.json")
ROOT = "root"
FLAT = "flat"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """``templates``: name of the file -> template, the root among them, the flat copy not."""

    name: str
    account: str
    region: str
    templates: dict[str, Document]
    flat: Document

    @property
    def places(self) -> dict[str, tuple[str, str]]:
        """Logical id in the flat copy -> service, and the logical id in its template."""
        return {
            f"{title(service)}{logical_id}": (service, logical_id)
            for service, template in self.templates.items()
            for logical_id in template["Resources"]
            if f"{title(service)}{logical_id}" in self.flat["Resources"]
        }

    @property
    def unmerged(self) -> dict[str, Document]:
        """Templates that have no part in the flat copy, such as another stack's; the root's place is taken by the copy."""
        merged = {service for service, _ in self.places.values()}
        return {name: template for name, template in self.templates.items() if name not in merged and name != ROOT}

    @property
    def resources(self) -> int:
        return sum(len(template["Resources"]) for template in self.templates.values())

    def type(self, service: str, logical_id: str) -> str:
        return str(self.templates[service]["Resources"][logical_id]["Type"])

    def find(self, file: str, logical_id: str) -> tuple[str, str]:
        """``file`` is a template's name or ``flat``. Gives service/LogicalId and type, the same for both files."""
        service, own = self.places[logical_id] if file == FLAT else (file, logical_id)
        return f"{service}/{own}", self.type(service, own)


def read(build: Path) -> tuple[Subject, ...]:
    """Every environment of a build folder that generate filled."""
    return tuple(_subject(manifest.parent) for manifest in sorted(build.glob("*/manifest.json")))


def _subject(folder: Path) -> Subject:
    documents = {path.stem: _load(path) for path in sorted(folder.glob("*.json")) if path.name not in _NO_TEMPLATES}
    manifest = _load(folder / "manifest.json")
    flat = documents.pop(FLAT)
    templates = {name: document for name, document in documents.items() if "Resources" in document}
    return Subject(name=folder.name, account=manifest["account"], region=manifest["region"], templates=templates, flat=flat)


def _load(path: Path) -> Document:
    document: Document = json.loads(path.read_text(encoding="utf-8"))
    return document
