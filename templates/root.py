"""The root: nests every service, and feeds each parameter from the one output that has its name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.cloudformation import Stack

from resources.naming import bucket_pattern
from templates.service import Service

if TYPE_CHECKING:
    from env.model import AnyEnvironment
    from templates.build import AnyService

# What people and programs ask the root for; everything else is in Parameter Store.
ROOT_OUTPUTS = ("ApiDomainUrl", "ApiHost", "ApiUrl", "DataBucketName", "EdgeUrl", "JobsQueueUrl", "ReleaseAlarmName", "TableName")


class WiringError(Exception):
    """A parameter that no service gives, or an output that two give."""


def build(
    env: AnyEnvironment, services: Sequence[AnyService], digests: Mapping[str, str], given: Iterable[Parameter] = (), prefix: str = ""
) -> AnyService:
    """``digests``: service name -> SHA-256 of its published template; ``given``: the root's own parameters, for what comes from outside the
    stack; ``prefix``: before each service's name in an environment that has several stacks.

    Raises:
        WiringError: naming every parameter without a producer and every output with two.
    """
    root = Service("root", env, f"{env.project} {env.name}: all services")
    for parameter in given:
        root.template.add_parameter(parameter)
    producers = joins(services, root.template.parameters)

    def value(name: str) -> GetAtt | Ref:
        return GetAtt(title(prefix + producers[name]), f"Outputs.{name}") if name in producers else Ref(name)

    for service in services:
        root.add(
            Stack(
                title(prefix + service.name),
                TemplateURL=_template_url(env, digests[service.name]),
                Parameters={name: value(name) for name in sorted(service.template.parameters)},
            )
        )
    for name in ROOT_OUTPUTS:
        if name in producers:
            description = services_by_name(services)[producers[name]].template.outputs[name].properties["Description"]
            root.gives(name, value(name), description)
    return root


def joins(services: Sequence[AnyService], given: Container[str] = ()) -> dict[str, str]:
    """Output name -> the one service that gives it; ``given``: what the root has from elsewhere."""
    producers: dict[str, list[str]] = {}
    for service in services:
        for name in service.template.outputs:
            producers.setdefault(name, []).append(service.name)
    problems = [f"output {name} is given by {' and '.join(found)}: rename one" for name, found in producers.items() if len(found) > 1]
    problems += [
        f"service {service.name} needs {name}, which no service gives: give it, or mend the name"
        for service in services
        for name in service.template.parameters
        if name not in producers and name not in given
    ]
    if problems:
        raise WiringError("\n".join(sorted(problems)))
    return {name: found[0] for name, found in producers.items()}


def services_by_name(services: Sequence[AnyService]) -> dict[str, AnyService]:
    return {service.name: service for service in services}


def title(service: str) -> str:
    """The logical id of a service's nested stack."""
    return "".join(part.capitalize() for part in service.split("_"))


def _template_url(env: AnyEnvironment, digest: str) -> Sub:
    """Path style, since that form is the same in every region and for every bucket name."""
    return Sub(f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{bucket_pattern(env, 'artifacts')}/templates/{digest}.json")
