"""Parameter Store values: plain texts that other stacks, programs and operators read by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere.ssm import Parameter

from resources.naming import parameter_path

if TYPE_CHECKING:
    from env.model import AnyEnvironment


def parameter(title: str, env: AnyEnvironment, path: tuple[str, ...], value: Any, description: str) -> Parameter:
    """A String below the environment's path. Secrets do not belong here (docs/security.md)."""
    return Parameter(title, Name=parameter_path(env, *path), Type="String", Tier="Standard", Value=value, Description=description)
