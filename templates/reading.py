"""Builds of nearly the same environment one after the other: a service is built anew only where a value that it read is another one.

Services are pure functions of the environment, so the same values give the same template. It serves the proof of parity, which walks
from one environment to another a field at a time (templates/parity.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from deploy.parity.form import MANIFEST, Document, essence
from templates import bootstrap, parameters, root
from templates import manifest as manifests
from templates.build import SERVICES, AnyService, Bootstrap, Built, build_one, document_of
from templates.service import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from env.model import Environment
    from resources.assets import Asset

Reads = dict[tuple[str, ...], Any]
_SECTION = object()


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One environment as parity compares it: service -> template, and ``manifest``. ``origins``: as those of a build."""

    documents: dict[str, Document]
    origins: Mapping[tuple[str, str], Origin]


def copy_of(built: Built, assets: Sequence[Asset]) -> Copy:
    """Of what `generate.py` writes."""
    whole = built.whole
    return Copy(documents={**whole.templates, MANIFEST: _essence(built, assets)}, origins=whole.origins)


def _essence(built: Built, assets: Sequence[Asset]) -> Document:
    return essence(msgspec.to_builtins(manifests.manifest(built, {}, assets)))


@dataclass(frozen=True, kw_only=True)
class _Quick(Built):
    """A build as far as its manifest needs it; names by content are no part of what is compared."""

    first: Bootstrap

    @property
    def bootstrap(self) -> Bootstrap:
        return self.first


def _quick(env: Environment, services: Sequence[AnyService], documents: dict[str, Document], first: _Made) -> _Quick:
    names = {f"{root.title(one.name)}{title}": (one.name, title) for one in services for title in one.template.resources}
    return _Quick(
        env=env,
        services=tuple(service.name for service in services),
        templates=documents,
        encoded=dict.fromkeys(documents, b""),
        joins=root.joins(services),
        origins={},
        flat={"Resources": {flat: documents[service]["Resources"][title] for flat, (service, title) in names.items()}},
        names=names,
        first=Bootstrap(document=first.document, encoded=b"", origins={}),
    )


class _Reader:
    """An environment that remembers what is read of it."""

    __slots__ = ("_path", "_reads", "_value")

    def __init__(self, value: Struct, path: tuple[str, ...], reads: Reads) -> None:
        self._value, self._path, self._reads = value, path, reads

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """Builders ask what kind of environment it is."""
        return type(self._value)

    def __getattr__(self, name: str) -> Any:
        value, path = getattr(self._value, name), (*self._path, name)
        section = isinstance(value, Struct)
        self._reads[path] = _SECTION if section else value
        return _Reader(value, path, self._reads) if section else value


def _still(reads: Reads, env: Environment) -> bool:
    return all(_read(env, path) == value for path, value in reads.items())


def _read(env: Environment, path: tuple[str, ...]) -> Any:
    value: Any = env
    for name in path:
        value = getattr(value, name, None)
    return _SECTION if isinstance(value, Struct) else value


@dataclass(frozen=True, kw_only=True)
class _Made:
    given: Any
    reads: Reads
    service: AnyService
    document: Document


@dataclass(kw_only=True)
class Builder:
    """``assets``: the functions' code, for the manifest."""

    assets: Sequence[Asset]
    made: dict[str, list[_Made]] = field(default_factory=dict)

    def __call__(self, env: Environment) -> Copy:
        """Raises:
        BuildError, root.WiringError: as `templates.build.build`.
        """
        parts = [self._one(name, make, env) for name, make in SERVICES.items()]
        outputs = [[(name, made.properties["Description"]) for name, made in one.service.template.outputs.items()] for one in parts]
        services = [one.service for one in parts]
        parts.append(self._one("parameters", lambda made: parameters.build(made, services), env, outputs))
        services = [one.service for one in parts]
        digests = {service.name: "0" * 64 for service in services}
        needs = [*outputs, [sorted(service.template.parameters) for service in services]]
        top = self._one("root", lambda made: root.build(made, services, digests), env, needs)
        documents = {one.service.name: one.document for one in (*parts, top)}
        types = sorted({resource["Type"] for document in documents.values() for resource in document.get("Resources", {}).values()})
        first = self._one(bootstrap.NAME, lambda made: bootstrap.build(made, types), env, types)
        origins = {(one.service.name, title): origin for one in (*parts, top, first) for title, origin in one.service.origins.items()}
        manifest = _essence(_quick(env, services, documents, first), self.assets)
        whole = {**documents, bootstrap.NAME: first.document, MANIFEST: manifest}
        return Copy(documents=whole, origins=origins)

    def _one(self, name: str, make: Callable[[Environment], AnyService], env: Environment, given: Any = None) -> _Made:
        known = self.made.setdefault(name, [])
        for one in known:
            if one.given == given and _still(one.reads, env):
                return one
        reads: Reads = {}
        service = build_one(name, make, cast("Environment", _Reader(env, (), reads)))
        made = _Made(given=given, reads=reads, service=service, document=document_of(service))
        known.append(made)
        return made
