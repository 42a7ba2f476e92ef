"""One service: its resources, what it needs of the others, what it gives them, and where each piece was written."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from troposphere import AWSObject, Output, Parameter, Ref, Template

from resources.tags import tag, tags

if TYPE_CHECKING:
    import typing_extensions

    from env.model import AnyEnvironment, Environment

    # A `Service` is one of an environment; the tools account's are `Service[ToolsEnvironment]`.
    Env = typing_extensions.TypeVar("Env", bound=AnyEnvironment, default=Environment, covariant=True)
else:
    Env = TypeVar("Env")

Resource = TypeVar("Resource", bound=AWSObject)


@dataclass(frozen=True)
class Origin:
    """The line of a template module that made a resource, such as ``templates/storage.py:31``."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Service(Generic[Env]):
    """A template in the making.

    ``needs`` declares a value that another service gives under the same name, ``gives`` an output; the root joins the
    two by that name alone. ``add`` remembers the line that called it, for findings and for failed deployments.
    """

    name: str
    env: Env
    description: str
    template: Template = field(init=False)
    origins: dict[str, Origin] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        template = Template(Description=self.description)
        template.set_version("2010-09-09")
        object.__setattr__(self, "template", template)

    def needs(self, name: str, *, type: str = "String") -> Ref:
        """A parameter fed by the one service with an output ``name``; ask twice and it is the same parameter."""
        if name not in self.template.parameters:
            self.template.add_parameter(Parameter(name, Type=type))
        return Ref(name)

    def asks(self, name: str, description: str, *, type: str, **limits: Any) -> Ref:
        """A parameter that a StackSet gives a value, which may differ by account or region."""
        self.template.add_parameter(Parameter(name, Type=type, Description=description, **limits))
        return Ref(name)

    def gives(self, name: str, value: Any, description: str) -> None:
        """An output, which is a Parameter Store value too (R21)."""
        self.template.add_output(Output(name, Value=value, Description=description))

    def add(self, resource: Resource, *more: AWSObject) -> Resource:
        """Add resources and return the first one."""
        origin = _caller()
        items: tuple[AWSObject, ...] = (resource, *more)
        for item in items:
            self.template.add_resource(item)
            self.origins[str(item.title)] = origin
        return resource

    def to_dict(self) -> dict[str, Any]:
        """The template as CloudFormation reads it, tagged."""
        document: dict[str, Any] = self.template.to_dict()
        values = tags(self.env, self.name)
        for resource in document.get("Resources", {}).values():
            tag(resource, values)
        return document


def _caller() -> Origin:
    """The nearest line outside this file: a service's module, or the builder that it called with itself."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    path = frame.f_code.co_filename.replace("\\", "/").split("/")
    return Origin("/".join(path[-2:]), frame.f_lineno)
