"""From an environment to all of its templates, in memory: build each service, nest them, merge them flat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import msgspec

from env.model import Environment, ToolsEnvironment
from templates import api, bootstrap, compute, data, drift, keys, messaging, monitoring, network, parameters, pipeline, root, storage
from templates.flat import flatten
from templates.service import Env, Origin, Service
from templates.stacksets import SetTemplate, WrongSetError, sides
from templates.stacksets import build as build_sets

if TYPE_CHECKING:
    from env.model import AnyEnvironment

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
class Built(Generic[Env]):
    """All templates of one environment.

    ``services`` in the order of the registry; ``templates``: service name -> document, the root under ``root``;
    ``encoded``: the same as published bytes; ``joins``: value name -> the service that gives it; ``origins``:
    (service, logical id) -> the line that made it; ``flat``: root and children merged into one document; ``names``:
    logical id there -> (service, logical id).
    """

    env: Env
    services: tuple[str, ...]
    templates: dict[str, dict[str, Any]]
    encoded: dict[str, bytes]
    joins: dict[str, str]
    origins: dict[tuple[str, str], Origin]
    flat: dict[str, Any]
    names: dict[str, tuple[str, str]]

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """What must stand in the account before these are deployed. Raises BuildError."""
        types = {resource["Type"] for document in self.templates.values() for resource in document.get("Resources", {}).values()}
        env: AnyEnvironment = self.env
        service = build_one(bootstrap.NAME, lambda made: bootstrap.build(made, types), env)
        document = document_of(service)
        encoded = encode_compact(document)
        if len(encoded) > bootstrap.MOST_BYTES:
            size = f"{len(encoded):,} bytes; CloudFormation takes {bootstrap.MOST_BYTES:,} in the call that creates it, before there is a bucket"
            raise BuildError(
                f"service {service.name}, environment {self.env.name}: {size}: withhold what no template needs (resources/scopes.py)"
            )
        return Bootstrap(document=document, encoded=encoded, origins=service.origins)

    @cached_property
    def sets(self) -> dict[str, SetTemplate]:
        """StackSet -> its template; the tools account's alone. Raises BuildError."""
        env: AnyEnvironment = self.env
        if not isinstance(env, ToolsEnvironment):
            return {}
        try:
            return build_sets(env, SERVICES)
        except (WrongSetError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise BuildError(f"stack sets, environment {env.name}: {error}") from error

    @cached_property
    def beside(self) -> dict[str, SetTemplate]:
        """Template name -> what no stack of this account has nested: what StackSets roll out, and what they need on both sides."""
        env: AnyEnvironment = self.env
        if not isinstance(env, ToolsEnvironment):
            return {}
        try:
            return {**sides(env, SERVICES), **{made.service: made for made in self.sets.values()}}
        except (WrongSetError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise BuildError(f"stack sets, environment {env.name}: {error}") from error

    @cached_property
    def whole(self) -> Built[Env]:
        """The same with the bootstrap template and those of StackSets beside the others, in the flat copy as well: what is judged and shown.

        What was copied from an environment's services was judged with that one.
        """
        made, name = self.bootstrap, bootstrap.NAME
        documents, origins = {name: made.document}, {name: made.origins}
        encoded = {name: made.encoded}
        for other in self.beside.values():
            documents[other.service], origins[other.service] = other.document, other.origins
            encoded[other.service] = encode(other.document)
        own = {service: document for service, document in documents.items() if service == name or not self.beside[service].copied}
        titles = {root.title(service): service for service in own}
        flat, names = flatten(_standing(own), {title: own[service] for title, service in titles.items()})
        return replace(
            self,
            templates={**self.templates, **documents},
            encoded={**self.encoded, **encoded},
            origins={**self.origins, **{(service, key): origin for service, found in origins.items() for key, origin in found.items()}},
            flat={**self.flat, "Resources": {**self.flat["Resources"], **flat["Resources"]}},
            names={**self.names, **{flat_id: (titles[title], logical_id) for flat_id, (title, logical_id) in names.items()}},
        )


def _standing(documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A root that nests what stands alone, each parameter at its default."""
    return {
        "Resources": {
            root.title(service): {
                "Properties": {"Parameters": {key: declared.get("Default", "") for key, declared in document.get("Parameters", {}).items()}}
            }
            for service, document in documents.items()
        }
    }


def build(env: Own) -> Built[Own]:
    """Build everything.

    Raises:
        BuildError: when a service's module fails.
        root.WiringError: when a parameter has no producer or two.
    """
    services = _services(env)
    services.append(build_one("parameters", lambda made: parameters.build(made, services), env))
    templates = {service.name: document_of(service) for service in services}
    encoded = {name: encode(document) for name, document in templates.items()}
    digests = {name: digest(data) for name, data in encoded.items()}
    top = build_one("root", lambda made: root.build(made, services, digests), env)
    titles = {root.title(service.name): service.name for service in services}
    templates["root"] = document_of(top)
    encoded["root"] = encode(templates["root"])
    flat, names = flatten(templates["root"], {title: templates[name] for title, name in titles.items()})
    return Built(
        env=env,
        services=tuple(service.name for service in services),
        templates=templates,
        encoded=encoded,
        joins=root.joins(services),
        origins={(service.name, title): origin for service in (*services, top) for title, origin in service.origins.items()},
        flat=flat,
        names={flat_id: (titles[title], logical_id) for flat_id, (title, logical_id) in names.items()},
    )


def _services(env: AnyEnvironment) -> list[AnyService]:
    if isinstance(env, ToolsEnvironment):
        return [build_one(name, build_tools, env) for name, build_tools in TOOLS.items()]
    assert isinstance(env, Environment)
    return [build_one(name, build_service, env) for name, build_service in SERVICES.items()]


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
