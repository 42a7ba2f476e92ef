"""A build folder as a rehearsal changes it: JSON and zips alone, names by content kept true from the asset up to the manifest.

`generate.py` is not asked: what is rehearsed is the build as it stands, with one thing in it that is wrong.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Change = Callable[["Build"], None]


class Unfit(Exception):
    """The build has nothing that this change could be made to; the text says what was looked for."""


@dataclass(kw_only=True)
class Build:
    """One environment's folder, read into memory. ``documents``: service -> template."""

    folder: Path
    manifest: Document
    documents: dict[str, Document]

    def find(self, *types: str, having: str = "") -> tuple[str, str, Document]:
        """(service, logical id, resource) of the first resource of a type, with a property of its own.

        Raises:
            Unfit: there is none.
        """
        for service, logical_id, resource in self.resources(*types):
            if not having or having in resource.get("Properties", {}):
                return service, logical_id, resource
        raise Unfit(f"no {' or '.join(types)}{f' with {having}' if having else ''} in {self.folder.name}")

    def resources(self, *types: str) -> Iterator[tuple[str, str, Document]]:
        for service in self._main:
            for logical_id, resource in self.documents[service]["Resources"].items():
                if resource["Type"] in types:
                    yield service, logical_id, resource

    @property
    def _main(self) -> list[str]:
        """The services of the environment's own region, where it has several stacks."""
        failover = self.manifest.get("failover")
        wanted = next(
            (stack["services"] for stack in self.manifest.get("stacks", ()) if failover and stack["name"] == failover["app"]), None
        )
        return [service for service in self.documents if wanted is None or service in wanted]

    def recode(self, asset: str, change: Callable[[str], str]) -> None:
        """Give a function other code: another asset, and another version, whose logical id moves on as `generate.py` would move it.

        Raises:
            Unfit: the build has no such asset, or the asset no handler.
        """
        entry = next((one for one in self.manifest["assets"] if one["name"] == asset), None)
        if entry is None:
            raise Unfit(f"no asset {asset} in {self.folder.name}")
        data = _rezipped((self.folder / entry["path"]).read_bytes(), change)
        old, new = entry["sha256"], sha256(data).hexdigest()
        entry |= {"path": f"assets/{new}.zip", "sha256": new, "size": len(data)}
        (self.folder / entry["path"]).write_bytes(data)
        for service, document in self.documents.items():
            functions = [name for name, resource in document["Resources"].items() if old in json.dumps(resource.get("Properties", {}))]
            text = json.dumps(document).replace(old, new)
            for name in _snapshots(document, functions):
                text = text.replace(f'"{name}"', f'"{_stem(name)}{new[:8]}"')
            self.documents[service] = json.loads(text)

    def save(self) -> None:
        """Write everything, children before their roots, so that each root names its children by what they are now."""
        moved: dict[str, str] = {}
        for entry in self.manifest["templates"]:
            text = json.dumps(self.documents[entry["service"]], indent=1, sort_keys=True)
            for old, new in moved.items():
                text = text.replace(old, new)
            data = text.encode() + b"\n"
            moved[entry["sha256"]] = sha256(data).hexdigest()
            entry |= {"sha256": sha256(data).hexdigest(), "size": len(data)}
            (self.folder / entry["path"]).write_bytes(data)
        data = json.dumps(self.manifest, indent=2, sort_keys=True).encode() + b"\n"
        (self.folder / "manifest.json").write_bytes(data)
        digest = sha256(data).hexdigest()
        builds = [{"environment": self.manifest["environment"], "manifest": digest}]
        release = {"version": 1, "digest": digest, "commit": None, "builds": builds}
        (self.folder.parent / "release.json").write_text(json.dumps(release), encoding="utf-8")


def copied(source: Path, folder: Path, account: str = "") -> Build:
    """A build folder of one's own, for another account where one is given."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    if account:
        manifest = json.loads(text.replace(manifest["account"], account))
    documents = {entry["service"]: json.loads((folder / entry["path"]).read_text(encoding="utf-8")) for entry in manifest["templates"]}
    return Build(folder=folder, manifest=manifest, documents=documents)


def _snapshots(document: Document, functions: list[str]) -> list[str]:
    """The versions of these functions."""
    return [
        name
        for name, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Version" and resource["Properties"]["FunctionName"].get("Ref") in functions
    ]


def _stem(name: str) -> str:
    """A version's logical id without the short hash of what it is a snapshot of (docs/design.md)."""
    return re.sub(r"[0-9a-f]{8}$", "", name)


def _rezipped(data: bytes, change: Callable[[str], str]) -> bytes:
    """The same archive with another handler.py; stored, with the times that it has."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as after:
        if "handler.py" not in before.namelist():
            raise Unfit("the asset has no handler.py")
        for info in before.infolist():
            content = before.read(info)
            after.writestr(info, change(content.decode()).encode() if info.filename == "handler.py" else content)
    return made.getvalue()
