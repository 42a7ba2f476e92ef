"""Which stacks an environment is made of, in the order of their deployment, and which services each nests.

An environment with a second region has ``replica`` there, before ``app``: the first region's bucket replicates to what must be there
already. ``edge``, in front of both where no domain is, comes last; it stands in the second region, so that it changes also while the first
one is out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from troposphere import Parameter

from deploy.manifest import Need
from env.model import Environment, ToolsEnvironment
from resources.naming import name, parameter_path
from templates import data, drift, edge, failover, storage
from templates.service import Env

if TYPE_CHECKING:
    from env.model import AnyEnvironment
    from templates.service import Service

APP, REPLICA, EDGE, PIPELINE = drift.APP_STACK, "replica", "edge", "pipeline"
# Below the environment's path in Parameter Store: what stacks give each other across regions, and which region serves writes.
FAILOVER, ACTIVE = "failover", "active"
ROOT, BOOTSTRAP = "root", "bootstrap"

Builder = Callable[[Any], "Service[Any]"]


@dataclass(frozen=True, kw_only=True)
class Part(Generic[Env]):
    """One stack of an environment.

    ``env``: as the stack's region has it; ``services``: name -> what builds it; ``prefix``: before the names of its templates, among those of
    the other stacks; ``needs``: its root's parameters; ``settings``: it publishes the runtime configuration; ``bootstrap``: the template that
    must stand in its region before, where no earlier stack has named it.
    """

    thing: str
    env: Env
    services: Mapping[str, Builder]
    prefix: str = ""
    needs: tuple[Need, ...] = ()
    settings: bool = True
    bootstrap: str = BOOTSTRAP

    @property
    def root(self) -> str:
        return self.prefix + ROOT

    @property
    def registered(self) -> tuple[str, ...]:
        """Names of its services' templates."""
        return tuple(self.prefix + each for each in (*self.services, "parameters"))

    @property
    def bootstraps(self) -> tuple[str, ...]:
        """Names of the bootstrap templates that it brings, in their order."""
        more = (f"{self.bootstrap}_{FAILOVER}",) if self.env.disaster_recovery else ()
        return (self.bootstrap, *more) if self.bootstrap else ()

    @property
    def templates(self) -> frozenset[str]:
        """Names of all its templates, with the bootstrap's."""
        return frozenset((*self.registered, self.root, *self.bootstraps))

    @property
    def parameters(self) -> list[Parameter]:
        """The root's own."""
        return [Parameter(need.parameter, Type="String") for need in self.needs]


def parts(env: AnyEnvironment, services: Mapping[str, Builder], tools: Mapping[str, Builder]) -> tuple[Part[AnyEnvironment], ...]:
    """``services``: every service of an environment's region; ``tools``: those of the tools account."""
    if isinstance(env, ToolsEnvironment):
        return (Part(thing=PIPELINE, env=env, services=tools),)
    assert isinstance(env, Environment)
    if env.disaster_recovery is None:
        return (Part(thing=APP, env=env, services=services),)
    if env.disaster_recovery.domain is None:
        return (_replica(env, services), Part(thing=APP, env=env, services=services), _edge(env))
    return (_replica(env, services), Part(thing=APP, env=env, services={**services, "failover": failover.build}))


def _replica(env: Environment, services: Mapping[str, Builder]) -> Part[AnyEnvironment]:
    """The same services, but where they depend on what the first region has."""
    own: dict[str, Builder] = {
        **services,
        "storage": storage.build_standby,
        "data": data.build_standby,
        "drift": partial(drift.build, stack=REPLICA),
        "failover": failover.build_standby,
    }
    bucket = _need(env, storage.FIRST_BUCKET, APP, "DataBucketName", otherwise=storage.NOT_YET)
    return Part(thing=REPLICA, env=env.standby, services=own, prefix=f"{REPLICA}_", needs=(bucket,), bootstrap=f"{REPLICA}_{BOOTSTRAP}")


def _edge(env: Environment) -> Part[AnyEnvironment]:
    needs = (
        _need(env, edge.FIRST_HOST, APP, "ApiHost"),
        _need(env, edge.SECOND_HOST, REPLICA, "ApiHost"),
        Need(parameter=edge.ACTIVE_REGION, path=parameter_path(env, FAILOVER, ACTIVE), otherwise=env.region),
    )
    return Part(
        thing=EDGE, env=env.standby, services={"distribution": edge.build}, prefix=f"{EDGE}_", needs=needs, settings=False, bootstrap=""
    )


def _need(env: Environment, parameter: str, thing: str, output: str, otherwise: str = "") -> Need:
    return Need(
        parameter=parameter,
        path=parameter_path(env, FAILOVER, thing, output),
        stack=name(env, thing, "stack"),
        output=output,
        otherwise=otherwise,
    )
