"""In which regions a template must be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from env.model import ToolsEnvironment
from templates.sets.artifacts import NAME as ARTIFACTS
from templates.stacksets import template_name

if TYPE_CHECKING:
    from env.model import AnyEnvironment


def regions_of(env: AnyEnvironment, service: str) -> list[str]:
    """The regions that this template of the environment must be right in: what StackSets roll out, in all of theirs."""
    sets = env.stack_sets.items() if isinstance(env, ToolsEnvironment) else ()
    reached = {region for name, one in sets if template_name(name, one) == service for region in one.targets.regions}
    if isinstance(env, ToolsEnvironment) and service == ARTIFACTS:
        reached |= set(env.code_regions)
    return sorted(reached) or [env.region, *([env.disaster_recovery.region] if env.disaster_recovery else [])]
