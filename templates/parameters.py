"""Parameter Store: every output of every service (R21), and the runtime configuration with its defaults (R25)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resources.parameters import parameter
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment


def build(env: Environment, others: Sequence[Service]) -> Service:
    """``others``: the services whose outputs are published; this one gives none of its own."""
    service = Service("parameters", env, "Parameter Store values of all outputs, and the runtime configuration")
    for other in others:
        for output, made in sorted(other.template.outputs.items()):
            path = ("outputs", other.name, output)
            service.add(parameter(f"{output}Output", env, path, service.needs(output), made.properties["Description"]))
    for setting, value in sorted(env.runtime.settings.items()):
        # A secret has none: only operators set it.
        if (default := env.runtime.default(setting)) is not None:
            title = "".join(part.capitalize() for part in setting.split("-"))
            service.add(parameter(f"{title}Setting", env, ("config", setting), default, value.description))
    return service
