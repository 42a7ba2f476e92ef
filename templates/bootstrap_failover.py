"""What the deployment's roles get beside bootstrap's template where an environment has two regions: the types that lead traffic to one of
them, the switch, and what stacks give each other.

A template of its own, since the first one must fit into the call that creates it. Its policies hang on the roles by their names, so it
comes after.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from awacs import awslambda, cloudwatch, route53, ssm
from awacs.aws import Statement, StringEquals
from troposphere import Sub

from resources import execution, leading, statements
from resources.artifacts import switch_namespace
from resources.naming import global_name, name, parameter_path
from resources.policies import managed_policies
from templates.service import Service

if TYPE_CHECKING:
    from env.model import AnyEnvironment
    from templates.build import AnyService

# In templates' names with an underscore, in names in AWS with a hyphen.
NAME = "bootstrap_failover"
THING = NAME.replace("_", "-")
AWS = "AWS::"


def build(env: AnyEnvironment, types: Iterable[str]) -> AnyService:
    """``types``: every resource type of the region's stacks.

    Raises:
        permissions.UnknownTypesError, policies.TooLongError: as those of bootstrap.
    """
    service = Service("bootstrap", env, f"{env.project} {env.name}: before the first deployment, for two regions")
    handled = sorted(set(types) & leading.FAILOVER)
    service.template.set_metadata({"tapline": {"version": 1, "types": [kind.removeprefix(AWS) for kind in handled]}})
    made, seen = execution.given(env, handled), execution.seen(env, handled)
    copied = {leading.COPIED} & set(types)
    copies, seen_copies = execution.given(env, copied), execution.seen(env, copied)
    see = [*leading.leading(env, "See", seen), *leading.copying(env, "See", seen_copies), *_health(env)]
    _add(service, "FailoverSee", see, ("plan", "deploy", "execution"))
    put = [*leading.leading(env, "Set", made - seen), *leading.copying(env, "Set", copies - seen_copies)]
    _add(service, "FailoverSet", put, ("execution",))
    _add(service, "FailoverDeploy", _moving(env), ("deploy",))
    return service


def _add(service: AnyService, title: str, permissions: list[Statement], roles: Iterable[str]) -> None:
    thing = "-".join(reversed([part.lower() for part in (title.removeprefix("Failover"), "failover")]))
    for policy in managed_policies(service.env, f"{title}Policy", thing, permissions) if permissions else ():
        policy.Roles = [global_name(service.env, role, "role") for role in roles]
        service.add(policy)


def _health(env: AnyEnvironment) -> list[Statement]:
    """How far the copies are behind, what Lambda keeps free, and whether each region is well: asked without a resource, or by an id."""
    return [
        statements.allow("Lag", [cloudwatch.GetMetricData, cloudwatch.ListMetrics], ["*"]),
        statements.allow("Free", [awslambda.GetAccountSettings], ["*"]),
        statements.allow("Kept", [awslambda.GetFunctionConcurrency], [statements.arn(f"lambda:function:{name(env, '*', 'function')}")]),
        statements.allow("Health", [route53.GetHealthCheckStatus], [Sub("arn:${AWS::Partition}:route53:::healthcheck/*")]),
    ]


def _moving(env: AnyEnvironment) -> list[Statement]:
    given = statements.arn(f"ssm:parameter{parameter_path(env, 'failover')}/*")
    return [
        statements.allow("Give", [ssm.AddTagsToResource, ssm.DeleteParameter, ssm.PutParameter], [given]),
        statements.allow_everywhere("Switch", [cloudwatch.PutMetricData], StringEquals("cloudwatch:namespace", switch_namespace(env))),
    ]
