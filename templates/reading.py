"""Builds of nearly the same environment one after the other: a service is built anew only where a value that it read is another one.

Services are pure functions of the environment, so the same values give the same template. It serves the proof of parity, which walks
from one environment to another a field at a time (templates/parity.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from deploy.parity.form import MANIFEST, Document, essence
from templates import manifest as manifests
from templates import parameters, root
from templates.build import SERVICES, TOOLS, AnyService, Bootstrap, Built, Flat, bootstrap_of, build_one, document_of
from templates.parts import Part, parts
from templates.service import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from env.model import AnyEnvironment, Environment
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

    firsts: dict[str, Bootstrap]

    @property
    def bootstraps(self) -> dict[str, Bootstrap]:
        return self.firsts


def _quick(env: Environment, stacks: Mapping[str, _Stack], documents: dict[str, Document], firsts: Mapping[str, _Made]) -> _Quick:
    return _Quick(
        env=env,
        parts=tuple(stack.part for stack in stacks.values()),
        templates=documents,
        encoded=dict.fromkeys(documents, b""),
        origins={},
        flats={name: _flat(stack, documents) for name, stack in stacks.items()},
        firsts={name: Bootstrap(document=made.document, encoded=b"", origins={}) for name, made in firsts.items()},
    )


def _flat(stack: _Stack, documents: Mapping[str, Document]) -> Flat:
    """As far as the stack policy needs it: which template has resources of which type."""
    names = {f"{root.title(name)}{title}": (name, title) for name in stack.made for title in documents[name].get("Resources", {})}
    resources = {flat_id: documents[name]["Resources"][title] for flat_id, (name, title) in names.items()}
    return Flat(document={"Resources": resources}, names=names)


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
        if isinstance(value, MethodType):
            # What it reads is what counts: two methods are equal only where they are of one and the same object.
            return MethodType(value.__func__, self)
        section = isinstance(value, Struct)
        self._reads[path] = _SECTION if section else value
        return _Reader(value, path, self._reads) if section else value


def _still(reads: Reads, env: AnyEnvironment) -> bool:
    return all(_read(env, path) == value for path, value in reads.items())


def _read(env: AnyEnvironment, path: tuple[str, ...]) -> Any:
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


@dataclass(frozen=True, kw_only=True)
class _Stack:
    """``made``: name of a template -> what was made of it; ``top``: the root."""

    part: Part[AnyEnvironment]
    made: dict[str, _Made]
    top: _Made

    @property
    def all(self) -> dict[str, _Made]:
        return {**self.made, self.part.root: self.top}


@dataclass(kw_only=True)
class Builder:
    """``assets``: the functions' code, for the manifest."""

    assets: Sequence[Asset]
    made: dict[str, list[_Made]] = field(default_factory=dict)

    def __call__(self, env: Environment) -> Copy:
        """Raises:
        BuildError, root.WiringError: as `templates.build.build`.
        """
        stacks = {part.root: self._stack(part) for part in parts(env, SERVICES, TOOLS)}
        made = {name: one for stack in stacks.values() for name, one in stack.all.items()}
        documents = {name: one.document for name, one in made.items()}
        firsts = {name: self._first(name, stack.part, stacks.values()) for stack in stacks.values() for name in stack.part.bootstraps}
        manifest = _essence(_quick(env, stacks, documents, firsts), self.assets)
        made |= firsts
        whole = {**documents, **{name: one.document for name, one in firsts.items()}, MANIFEST: manifest}
        return Copy(
            documents=whole, origins={(name, title): origin for name, one in made.items() for title, origin in one.service.origins.items()}
        )

    def _stack(self, part: Part[AnyEnvironment]) -> _Stack:
        made = {part.prefix + name: self._one(part.prefix + name, make, part.env) for name, make in part.services.items()}
        outputs = [[(name, own.properties["Description"]) for name, own in one.service.template.outputs.items()] for one in made.values()]
        services = [one.service for one in made.values()]
        publish = partial(parameters.build, others=services, settings=part.settings)
        made[f"{part.prefix}parameters"] = self._one(f"{part.prefix}parameters", publish, part.env, outputs)
        services = [one.service for one in made.values()]
        digests = {service.name: "0" * 64 for service in services}
        needs = [*outputs, [sorted(service.template.parameters) for service in services]]
        top = self._one(part.root, lambda env: root.build(env, services, digests, part.parameters, part.prefix), part.env, needs)
        return _Stack(part=part, made=made, top=top)

    def _first(self, name: str, part: Part[AnyEnvironment], stacks: Iterable[_Stack]) -> _Made:
        there = [one.document for stack in stacks if stack.part.env.region == part.env.region for one in stack.all.values()]
        types = sorted({resource["Type"] for document in there for resource in document.get("Resources", {}).values()})
        return self._one(name, lambda env: bootstrap_of(name, part)(env, types), part.env, types)

    def _one(self, name: str, make: Callable[[Any], AnyService], env: AnyEnvironment, given: Any = None) -> _Made:
        known = self.made.setdefault(name, [])
        for one in known:
            if one.given == given and _still(one.reads, env):
                return one
        reads: Reads = {}
        service = build_one(name, make, cast("Environment", _Reader(env, (), reads)))
        made = _Made(given=given, reads=reads, service=service, document=document_of(service))
        known.append(made)
        return made
