"""The templates that StackSets roll out: of a registry of their own, or services of an environment merged into one.

A merged copy has no nested stacks, which service-managed StackSets cannot deploy. Its functions' code comes from the tools account's bucket
of the same region, and it brings the boundary of its roles along, since its accounts need not be bootstrapped for the environment.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec
from troposphere import Ref, Sub, encode_to_dict
from troposphere.iam import ManagedPolicy

from env.document import Path_, Place, Problem, dotted
from env.stacksets_rules import MOST_VALUE_BYTES
from resources import boundary, naming, statements
from resources.parameters import parameter
from resources.tags import tag, tags
from templates import root
from templates.flat import NESTED, Document, flatten
from templates.service import Origin, Service
from templates.sets import administration, artifacts, baseline, target

if TYPE_CHECKING:
    from env.model import AnyEnvironment, Environment, ToolsEnvironment
    from env.stacksets import StackSet
    from templates.build import AnyService

Found = tuple[Path_, str]

# Every template that a set can name. To add one: write its module, add its line (docs/extending.md).
STACK_SETS: dict[str, Callable[[ToolsEnvironment], Service[ToolsEnvironment]]] = {baseline.NAME: baseline.build}
TEMPLATES = (*STACK_SETS, target.NAME)
BESIDE = frozenset({*TEMPLATES, administration.NAME, artifacts.NAME})
"""Templates that are there where a set needs them, and else not."""
MOST_BYTES = 1024 * 1024
"""Of a template in S3 (CreateStackSet, TemplateURL)."""
FUNCTION = "AWS::Lambda::Function"
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_LENGTHS = (("MinLength", "MaxLength"), ("MinValue", "MaxValue"))


@dataclass(frozen=True, kw_only=True)
class SetTemplate:
    """``service``: its name in the manifest and in the build folder; ``copied``: the services that it was merged from, in ``environment``;
    ``published``: it is rolled out from the bucket, and not made by an administrator's own call alone.
    """

    service: str
    document: Document
    origins: dict[str, Origin] = field(default_factory=dict)
    copied: tuple[str, ...] = ()
    environment: str = ""
    published: bool = True

    @property
    def has_code(self) -> bool:
        """Whether its instances need functions' code in their own region."""
        return any(resource["Type"] == FUNCTION for resource in self.document["Resources"].values())

    @property
    def types(self) -> set[str]:
        return {resource["Type"] for resource in self.document["Resources"].values()}


class WrongSetError(Exception):
    """A set without a template: ``path`` below the set's own, and what is wrong there."""

    def __init__(self, path: Path_, message: str) -> None:
        super().__init__(message)
        self.path = path


def template_name(name: str, one: StackSet) -> str:
    """Nothing else that is built has a hyphen in its name."""
    return one.template or f"flat-{name}"


def build(env: ToolsEnvironment, services: Mapping[str, Callable[[Environment], Service]]) -> dict[str, SetTemplate]:
    """Set name -> its template. ``services``: the registry of an environment's services.

    Raises:
        WrongSetError: as :func:`problems` says with its place.
    """
    made: dict[str, SetTemplate] = {}
    built: dict[str, SetTemplate] = {}
    for name, one in env.stack_sets.items():
        key = template_name(name, one)
        if key not in built:
            built[key] = _made_again(_template(env, name, one, services))
        made[name] = built[key]
    return made


def _made_again(template: SetTemplate) -> SetTemplate:
    """What a create that fails has made goes with it, also what is retained later: it holds nothing yet, and its name would be in the way of the next
    try. For an environment's stack the deployer asks for that (RetainExceptOnCreate); StackSets have no such option, so the template says it.
    """
    resources = {
        logical_id: {**resource, "DeletionPolicy": "RetainExceptOnCreate"} if resource.get("DeletionPolicy") == "Retain" else resource
        for logical_id, resource in template.document["Resources"].items()
    }
    return replace(template, document={**template.document, "Resources": resources})


def problems(
    env: ToolsEnvironment, services: Mapping[str, Callable[[Environment], Service]], places: Mapping[tuple[str, str], Place]
) -> Iterator[Problem]:
    """What is wrong between the sets and their templates, at its place in `stacksets.yaml`."""
    for name, one in env.stack_sets.items():
        try:
            found = list(misfits(one, _template(env, name, one, services).document))
        except WrongSetError as error:
            found = [(error.path, str(error))]
        for path, message in found:
            whole: Path_ = ("stack_sets", name, *path)
            yield _nearest(places, whole).problem(dotted(whole), message)


def _nearest(places: Mapping[tuple[str, str], Place], path: Path_) -> Place:
    for end in range(len(path), 0, -1):
        if place := places.get(("stacksets", dotted(path[:end]))):
            return place
    return Place("stacksets.yaml", 1, 1)


def _template(env: ToolsEnvironment, name: str, one: StackSet, services: Mapping[str, Callable[[Environment], Service]]) -> SetTemplate:
    if one.template is None:
        return _copied(env, name, one, services)
    if one.template not in TEMPLATES:
        raise WrongSetError(("template",), f"there is no template {one.template}{_near(one.template, TEMPLATES)}")
    if one.template == target.NAME:
        return _target(env, services)
    service = STACK_SETS[one.template](env)
    _published(service)
    return SetTemplate(service=one.template, document=service.to_dict(), origins=service.origins)


def sides(env: ToolsEnvironment, services: Mapping[str, Callable[[Environment], Service]]) -> dict[str, SetTemplate]:
    """What must be there on both sides before a set is: of the tools account, of every target, and the buckets in other regions."""
    if not env.stack_sets:
        return {}
    made = [_target(env, services), _stands(administration.NAME, administration.build(env))]
    if env.code_regions:
        made.append(_stands(artifacts.NAME, artifacts.build(env)))
    return {one.service: one for one in made}


def _stands(name: str, service: Service[ToolsEnvironment]) -> SetTemplate:
    return SetTemplate(service=name, document=service.to_dict(), origins=service.origins, published=False)


def _target(env: ToolsEnvironment, services: Mapping[str, Callable[[Environment], Service]]) -> SetTemplate:
    """For what every set with the house's own execution role asks of it."""
    service = target.build(env, list(_asked(env, services)))
    return SetTemplate(service=target.NAME, document=service.to_dict(), origins=service.origins)


def _asked(
    env: ToolsEnvironment, services: Mapping[str, Callable[[Environment], Service]]
) -> Iterator[tuple[AnyEnvironment, str, set[str]]]:
    own = set[str]()
    copies = []
    for name, one in env.stack_sets.items():
        if one.is_service_managed or one.execution_role or one.template == target.NAME:
            continue
        made = _template(env, name, one, services)
        if made.copied:
            source = next(each for each in env.sources if each.name == made.environment)
            copies.append((source, boundary_thing(name), made.types))
        else:
            own |= made.types
    if own:
        yield env, baseline.BOUNDARY, own
    yield from copies


def _published(service: AnyService) -> None:
    """Every output is a Parameter Store value as well (R21), in the account where it is made."""
    for output, made in sorted(service.template.outputs.items()):
        path = ("outputs", service.name, output)
        service.add(parameter(f"{output}Output", service.env, path, made.properties["Value"], made.properties["Description"]))


def _copied(env: ToolsEnvironment, name: str, one: StackSet, services: Mapping[str, Callable[[Environment], Service]]) -> SetTemplate:
    source = next(each for each in env.sources if each.name == one.environment)
    for index, service in enumerate(one.services):
        if service not in services:
            raise WrongSetError(("services", index), f"there is no service {service}{_near(service, services)}")
    made = [services[service](source) for service in one.services]
    _check_whole(one, made, [services[each](source) for each in services if each not in one.services])
    producers = root.joins(made)
    top: Document = {"AWSTemplateFormatVersion": "2010-09-09", "Description": _described(name, one)}
    top["Resources"] = {
        root.title(each.name): {
            "Type": NESTED,
            "Properties": {
                "Parameters": {
                    needed: {"Fn::GetAtt": [root.title(producers[needed]), f"Outputs.{needed}"]} for needed in each.template.parameters
                }
            },
        }
        for each in made
    }
    merged, names = flatten(top, {root.title(each.name): each.to_dict() for each in made})
    origins = {(root.title(each.name), logical_id): origin for each in made for logical_id, origin in each.origins.items()}
    document = _self_contained(env, source, name, merged)
    return SetTemplate(
        service=template_name(name, one),
        document=document,
        origins={flat_id: origins[place] for flat_id, place in names.items()},
        copied=one.services,
        environment=source.name,
    )


def _described(name: str, one: StackSet) -> str:
    return f"StackSet {name}: {', '.join(one.services)} of {one.environment}, merged"


def _check_whole(one: StackSet, made: list[Service], others: list[Service]) -> None:
    """A copy takes with it all that its services need of each other."""
    given = {output for service in made for output in service.template.outputs}
    for index, service in enumerate(made):
        for needed in service.template.parameters:
            if needed not in given:
                giver = next((other.name for other in others if needed in other.template.outputs), "")
                how = f", which {giver} gives: name {giver} as well" if giver else ", which no service gives"
                raise WrongSetError(("services", index), f"service {service.name} needs {needed}{how}")


def _self_contained(env: ToolsEnvironment, source: Environment, name: str, merged: Document) -> Document:
    document = copy.deepcopy(merged)
    code = encode_to_dict(Sub(code_bucket(env)))
    bounded = False
    for resource in document["Resources"].values():
        if resource["Type"] == FUNCTION:
            resource["Properties"]["Code"]["S3Bucket"] = code
        if resource["Type"] == "AWS::IAM::Role":
            resource["Properties"]["PermissionsBoundary"] = encode_to_dict(Ref("Boundary"))
            bounded = True
    if bounded:
        document["Resources"]["Boundary"] = _boundary(source, name)
    return document


def _boundary(source: Environment, name: str) -> Document:
    policy = ManagedPolicy(
        "Boundary",
        ManagedPolicyName=naming.global_name(source, boundary_thing(name), "policy"),
        Description="The most that a role of this StackSet may do",
        PolicyDocument=statements.document(*boundary.of_functions(source)),
    )
    resource: Document = encode_to_dict(policy)
    tag(resource, tags(source))
    return resource


def boundary_thing(name: str) -> str:
    """Of the boundary's name in a merged copy."""
    return f"{name}-boundary"


def code_bucket(env: AnyEnvironment) -> str:
    """The tools account's artifact bucket in the region of whoever asks, as the text of an ``Fn::Sub``."""
    return naming.bucket_pattern(env, "artifacts", "tools").replace(naming.ACCOUNT, env.tools.account)


def misfits(one: StackSet, document: Document) -> Iterator[Found]:
    """What of a set does not fit its template."""
    declared = document.get("Parameters", {})
    given: list[tuple[Path_, Mapping[str, str]]] = [(("parameters",), one.parameters)]
    given += [(("overrides", index, "parameters"), override.parameters) for index, override in enumerate(one.overrides)]
    for path, values in given:
        for name, value in values.items():
            if name not in declared:
                yield (*path, name), f"the template has no parameter {name}{_near(name, declared)}"
            elif problem := misfit(declared[name], value):
                yield (*path, name), problem
    for name, declaration in declared.items():
        if "Default" not in declaration and name not in one.parameters:
            yield ("parameters",), f"{name} is missing: the template has no default for it"
    where: Path_ = ("services",) if one.services else ("template",)
    if one.is_service_managed:
        nested = sorted(logical_id for logical_id, resource in document["Resources"].items() if resource["Type"] == NESTED)
        if nested:
            yield where, f"has nested stacks ({', '.join(nested)}), which a service-managed set cannot deploy: merge them"
        if transforms := document.get("Transform"):
            yield where, f"has the transform {transforms}, which a service-managed set cannot deploy: write out what it makes"
    if (size := len(msgspec.json.encode(document))) > MOST_BYTES:
        yield where, f"makes a template of {size:,} bytes; CloudFormation takes {MOST_BYTES:,}: split it into two sets"


def misfit(declaration: Mapping[str, Any], value: str) -> str | None:
    """Why CloudFormation would refuse this value of a parameter; None where it takes it."""
    limits = {key: declaration[key] for pair in _LENGTHS for key in pair if key in declaration}
    if len(value.encode()) > MOST_VALUE_BYTES:
        return None  # which is said already
    if "AllowedValues" in declaration and value not in [str(each) for each in declaration["AllowedValues"]]:
        return f'"{value}" is none of the template\'s: {", ".join(str(each) for each in declaration["AllowedValues"])}'
    if "AllowedPattern" in declaration and not re.fullmatch(declaration["AllowedPattern"], value):
        return f'"{value}" is not of the form that the template takes: {declaration["AllowedPattern"]}'
    if declaration["Type"] == "Number":
        return _number(limits, value)
    if not int(limits.get("MinLength", 0)) <= len(value) <= int(limits.get("MaxLength", MOST_VALUE_BYTES)):
        return f"{len(value)} characters: the template takes {limits.get('MinLength', 0)} to {limits.get('MaxLength', MOST_VALUE_BYTES)}"
    return None


def _number(limits: Mapping[str, Any], value: str) -> str | None:
    if not _NUMBER.fullmatch(value):
        return f'"{value}" is no number'
    number = float(value)
    if "MinValue" in limits and number < float(limits["MinValue"]):
        return f"{value} is below {limits['MinValue']}, the least that the template takes"
    if "MaxValue" in limits and number > float(limits["MaxValue"]):
        return f"{value} is above {limits['MaxValue']}, the most that the template takes"
    return None


def _near(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f": did you mean {close[0]}?" if close else f": there are {', '.join(sorted(known))}" if list(known) else ""
