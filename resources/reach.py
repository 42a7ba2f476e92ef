"""Names of what StackSets need: in the tools account who administers them, in each target who carries them out and who looks.

A target's roles serve all of its regions, so their names carry none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.naming import REGION, global_pattern, name

if TYPE_CHECKING:
    from env.model import AnyEnvironment

ADMINISTRATION, EXECUTION, PLAN = "reach-administration", "reach-execution", "reach-plan"


def set_name(env: AnyEnvironment, thing: str) -> str:
    """``tap-baseline-tools``."""
    return name(env, thing, "stack")


def administration(env: AnyEnvironment) -> str:
    return global_pattern(env, ADMINISTRATION, "role").replace(REGION, env.tools.region)


def execution(env: AnyEnvironment) -> str:
    return name(env, EXECUTION, "role")


def plan(env: AnyEnvironment) -> str:
    return name(env, PLAN, "role")
