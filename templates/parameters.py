"""Parameter Store: every output of every service (R21), and the runtime configuration with its defaults (R25)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from env.model import Environment
from resources.parameters import parameter
from templates.service import Service

if TYPE_CHECKING:
    from env.model import AnyEnvironment, Runtime
    from templates.build import AnyService


def build(env: AnyEnvironment, others: Sequence[AnyService], *, settings: bool = True) -> AnyService:
    """``others``: the services whose outputs are published; this one gives none of its own. ``settings``: with the runtime configuration,
    which stands once in a region.
    """
    service = Service("parameters", env, "Parameter Store values of all outputs, and the runtime configuration")
    for other in others:
        for output, made in sorted(other.template.outputs.items()):
            path = ("outputs", other.name, output)
            service.add(parameter(f"{output}Output", env, path, service.needs(output), made.properties["Description"]))
    if settings and isinstance(env, Environment):
        _settings(service, env.runtime)
    return service


def _settings(service: AnyService, runtime: Runtime) -> None:
    for setting, value in sorted(runtime.settings.items()):
        # A secret has none: only operators set it.
        if (default := runtime.default(setting)) is not None:
            title = "".join(part.capitalize() for part in setting.split("-"))
            service.add(parameter(f"{title}Setting", service.env, ("config", setting), default, value.description))
