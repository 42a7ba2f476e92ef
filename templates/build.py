"""From an environment to all of its templates, in memory: build each service, nest them, merge them flat."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import msgspec

from templates import api, bootstrap, compute, data, drift, keys, messaging, monitoring, network, parameters, pipeline, root, storage
from templates.bootstrap_failover import build as build_beyond
from templates.flat import flatten
from templates.parts import ROOT, Part, parts
from templates.service import Env, Origin, Service

if TYPE_CHECKING:
    from env.model import AnyEnvironment, Environment, ToolsEnvironment

AnyBuilt: TypeAlias = "Built[AnyEnvironment]"
AnyService: TypeAlias = "Service[AnyEnvironment]"
Own = TypeVar("Own", bound="AnyEnvironment")

# Every service, in the order that people read them. To add one: write its module, add its line (docs/extending.md).
SERVICES: dict[str, Callable[[Environment], Service]] = {
    "keys": keys.build,
    "network": network.build,
    "storage": storage.build,
    "data": data.build,
    "messaging": messaging.build,
    "compute": compute.build,
    "api": api.build,
    "monitoring": monitoring.build,
    "drift": drift.build,
}
# The same for the tools account.
TOOLS: dict[str, Callable[[ToolsEnvironment], Service[ToolsEnvironment]]] = {"pipeline": pipeline.build}


class BuildError(Exception):
    """A service that could not be built, with its name and the environment's."""


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """The one template that is nested in nothing: ``encoded`` is the text that CloudFormation gets in the call."""

    document: dict[str, Any]
    encoded: bytes
    origins: dict[str, Origin]


@dataclass(frozen=True, kw_only=True)
class Flat:
    """A root and its children merged into one document. ``names``: logical id there -> (name of a template, logical id)."""

    document: dict[str, Any]
    names: dict[str, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Built(Generic[Env]):
    """All templates of one environment.

    ``parts``: its stacks, in the order of their deployment; ``templates``: name -> document, that of a stack's root under ``part.root``;
    ``encoded``: the same as published bytes; ``origins``: (name, logical id) -> the line that made it; ``flats``: ``part.root`` -> that stack
    as one document.
    """

    env: Env
    parts: tuple[Part[AnyEnvironment], ...]
    templates: dict[str, dict[str, Any]]
    encoded: dict[str, bytes]
    origins: dict[tuple[str, str], Origin]
    flats: dict[str, Flat]

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the nested templates, a stack after the other."""
        return tuple(name for part in self.parts for name in part.registered)

    @property
    def flat(self) -> dict[str, Any]:
        """The resources of all stacks in one document, and what else the last one has."""
        documents = [flat.document for flat in self.flats.values()]
        return {**documents[-1], "Resources": {name: made for document in documents for name, made in document["Resources"].items()}}

    @property
    def names(self) -> dict[str, tuple[str, str]]:
        """Of :attr:`flat`."""
        return {name: place for flat in self.flats.values() for name, place in flat.names.items()}

    @cached_property
    def bootstraps(self) -> dict[str, Bootstrap]:
        """Name -> what must stand in the account, in one region, before the stacks there are deployed. Raises BuildError."""
        return {name: self._bootstrap(name, part) for part in self.parts for name in part.bootstraps}

    @property
    def bootstrap(self) -> Bootstrap:
        """That of the environment's own region. Raises BuildError."""
        return self.bootstraps[bootstrap.NAME]

    def types_in(self, region: str) -> set[str]:
        """The resource types of the stacks there."""
        names = [name for part in self.parts if part.env.region == region for name in (*part.registered, part.root)]
        return {resource["Type"] for name in names for resource in self.templates[name].get("Resources", {}).values()}

    def _bootstrap(self, name: str, part: Part[AnyEnvironment]) -> Bootstrap:
        env, types = part.env, self.types_in(part.env.region)
        service = build_one(name, lambda made: bootstrap_of(name, part)(made, types), env)
        document = document_of(service)
        encoded = encode_compact(document)
        if len(encoded) > bootstrap.MOST_BYTES:
            size = f"{len(encoded):,} bytes; CloudFormation takes {bootstrap.MOST_BYTES:,} in the call that creates it, before there is a bucket"
            where = f"service {name}, environment {self.env.name}"
            raise BuildError(f"{where}: {size}: withhold what no template needs (resources/scopes.py)")
        return Bootstrap(document=document, encoded=encoded, origins=service.origins)

    @cached_property
    def whole(self) -> Built[Env]:
        """The same with the bootstrap templates beside the others, in the flat copies as well: what is judged and shown."""
        made = self.bootstraps
        return replace(
            self,
            templates={**self.templates, **{name: one.document for name, one in made.items()}},
            encoded={**self.encoded, **{name: one.encoded for name, one in made.items()}},
            origins={**self.origins, **{(name, title): origin for name, one in made.items() for title, origin in one.origins.items()}},
            flats={part.root: self._with_bootstrap(part) for part in self.parts},
        )

    def _with_bootstrap(self, part: Part[AnyEnvironment]) -> Flat:
        flat, titles = self.flats[part.root], {root.title(name): name for name in part.bootstraps}
        own, names = flatten({}, {title: self.bootstraps[name].document for title, name in titles.items()})
        return Flat(
            document={**flat.document, "Resources": {**flat.document["Resources"], **own["Resources"]}},
            names={**flat.names, **{flat_id: (titles[title], logical_id) for flat_id, (title, logical_id) in names.items()}},
        )

    def of(self, part: Part[AnyEnvironment]) -> AnyBuilt:
        """One of its stacks, as if there were no other."""
        if len(self.parts) == 1:
            return self
        return Built(
            env=part.env,
            parts=(part,),
            templates={name: one for name, one in self.templates.items() if name in part.templates},
            encoded={name: one for name, one in self.encoded.items() if name in part.templates},
            origins={place: origin for place, origin in self.origins.items() if place[0] in part.templates},
            flats={part.root: self.flats[part.root]},
        )


def bootstrap_of(name: str, part: Part[AnyEnvironment]) -> Callable[[AnyEnvironment, Iterable[str]], AnyService]:
    """What builds one of a stack's bootstrap templates."""
    return bootstrap.build if name == part.bootstrap else build_beyond


def build(env: Own) -> Built[Own]:
    """Build everything.

    Raises:
        BuildError: when a service's module fails.
        root.WiringError: when a parameter has no producer or two.
    """
    known = parts(env, SERVICES, TOOLS)
    made = [_stack(part) for part in known]
    return Built(
        env=env,
        parts=known,
        templates={name: document for one in made for name, document in one.templates.items()},
        encoded={name: data for one in made for name, data in one.encoded.items()},
        origins={place: origin for one in made for place, origin in one.origins.items()},
        flats={name: flat for one in made for name, flat in one.flats.items()},
    )


def _stack(part: Part[AnyEnvironment]) -> AnyBuilt:
    services = [build_one(name, make, part.env) for name, make in part.services.items()]
    services.append(build_one("parameters", lambda made: parameters.build(made, services, settings=part.settings), part.env))
    templates = {part.prefix + service.name: document_of(service) for service in services}
    encoded = {name: encode(document) for name, document in templates.items()}
    digests = {service.name: digest(encoded[part.prefix + service.name]) for service in services}
    top = build_one(ROOT, lambda made: root.build(made, services, digests, part.parameters, part.prefix), part.env)
    titles = {root.title(name): name for name in templates}
    document = document_of(top)
    flat, names = flatten(document, {title: templates[name] for title, name in titles.items()})
    return Built(
        env=part.env,
        parts=(part,),
        templates={**templates, part.root: document},
        encoded={**encoded, part.root: encode(document)},
        origins={(part.prefix + service.name, title): origin for service in (*services, top) for title, origin in service.origins.items()},
        flats={
            part.root: Flat(document=flat, names={flat_id: (titles[title], logical_id) for flat_id, (title, logical_id) in names.items()})
        },
    )


def encode(document: dict[str, Any]) -> bytes:
    """Indented JSON with sorted keys, so that a diff reads well and the same template has the same bytes anywhere."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1) + b"\n"


def encode_compact(document: dict[str, Any]) -> bytes:
    """Sorted JSON with a line for each resource and output: as short as a limit wants it, and still told apart in a diff."""
    sections = [
        _line(name, b"{\n" + b",\n".join(_line(key, _compact(value)) for key, value in sorted(content.items())) + b"\n}")
        if isinstance(content, dict)
        else _line(name, _compact(content))
        for name, content in sorted(document.items())
    ]
    return b"{\n" + b",\n".join(sections) + b"\n}\n"


def _line(name: str, value: bytes) -> bytes:
    return _compact(name) + b":" + value


def _compact(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def build_one(name: str, make: Callable[[Own], AnyService], env: Own) -> AnyService:
    """troposphere says what is wrong with a resource, but not in which template of which environment it stands."""
    try:
        return make(env)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BuildError(f"service {name}, environment {env.name}: {error}") from error


def document_of(service: AnyService) -> dict[str, Any]:
    try:
        return service.to_dict()
    except (AttributeError, TypeError, ValueError) as error:
        raise BuildError(f"service {service.name}, environment {service.env.name}: {error}") from error
