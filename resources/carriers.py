"""Who carries releases without a person: the roles of the pipeline's builds and of GitHub's workflows, and what each may assume.

One table says both sides: what a carrier's own policy allows, and whom an environment's deployment roles trust beside people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs.aws import Statement, StringEquals
from awacs.sts import AssumeRole, TagSession
from troposphere import Region, Sub

from deploy.manifest import TOOLS
from env import model
from resources import statements
from resources.naming import ACCOUNT, REGION, global_pattern

if TYPE_CHECKING:
    from env.model import AnyEnvironment, ToolsEnvironment

TASKS = ("publish", "plan", "deploy")


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """``thing``: of the role's name; ``reach``: (task, environment) of every role that it may assume."""

    thing: str
    reach: tuple[tuple[str, str], ...] = ()


def builds(way: Sequence[str]) -> tuple[Carrier, ...]:
    """One for each build of the pipeline. ``way``: the environments in their order.

    A plan looks at the environment before it as well, for its gates: one role plans them all, so that every environment trusts the same
    ones. An apply reads with plan what it executes with deploy, and tells the tools account's index.
    """
    looks = tuple(("plan", name) for name in (*way, TOOLS))
    made = [
        Carrier(thing="pipeline-check"),
        Carrier(thing="pipeline-publish", reach=(*looks, *(("publish", name) for name in (*way, TOOLS)))),
        Carrier(thing="pipeline-plan", reach=looks),
    ]
    for name in way:
        made.append(Carrier(thing=f"pipeline-apply-{name}", reach=(("deploy", name), ("plan", name), ("publish", TOOLS))))
        made.append(Carrier(thing=f"pipeline-verify-{name}", reach=(("deploy", name), ("plan", name))))
    return tuple(made)


def workflows(way: Sequence[str], reviewed: Sequence[str]) -> tuple[Carrier, ...]:
    """The same for GitHub's workflows: a pull request plans those that are ``reviewed``, the branch plans all, a job of an environment applies
    there.
    """
    looked = tuple((task, name) for name in (*way, TOOLS) for task in ("plan", "publish"))
    review = Carrier(thing="workflow-review", reach=tuple((task, name) for task, name in looked if name in reviewed))
    applies = (Carrier(thing=f"workflow-apply-{name}", reach=(("deploy", name), ("plan", name), ("publish", TOOLS))) for name in way)
    return (review, Carrier(thing="workflow-plan", reach=looked), *applies)


def trusted(env: AnyEnvironment, task: str) -> list[str]:
    """Texts of ``Fn::Sub``: the ARNs of the carriers that may assume the environment's role for this task."""
    way = env.tools.pipeline.environments
    reviewed = (env.name,) if isinstance(env, model.Environment) and env.pull_requests else ()
    carriers = (*builds(way), *(workflows(way, reviewed) if env.tools.trust.workflows else ()))
    return [f"{home(env)}role/{_name(env, carrier.thing)}" for carrier in carriers if (task, env.name) in carrier.reach]


def home(env: AnyEnvironment) -> str:
    """The tools account, as the text before a resource of IAM there."""
    account = ACCOUNT if env.account == env.tools.account else env.tools.account
    return f"arn:${{AWS::Partition}}:iam::{account}:"


def assuming(env: ToolsEnvironment, carrier: Carrier) -> list[Statement]:
    """A carrier's permission; none for one that reaches nothing."""
    roles = [Sub(role) for role in _roles(env, carrier.reach)]
    return [statements.allow("Carry", [AssumeRole, TagSession], roles, _outside(env))] if roles else []


def assumed_at_most(env: ToolsEnvironment) -> Statement:
    """The boundary's: any deployment role of an environment on the way."""
    own = [("plan", TOOLS), ("publish", TOOLS)]
    every = [Sub(role) for role in _roles(env, [*((task, stage.name) for task in TASKS for stage in env.stages), *own])]
    return statements.allow("Carry", [AssumeRole, TagSession], every, _outside(env))


def _outside(env: ToolsEnvironment) -> StringEquals:
    """The deployer asks STS in the region where it works."""
    regions = sorted({env.region, *(region for stage in env.stages for region in stage.regions)})
    return StringEquals("aws:RequestedRegion", [Region if region == env.region else region for region in regions])


def _roles(env: ToolsEnvironment, reach: Sequence[tuple[str, str]]) -> Iterator[str]:
    places = {stage.name: (stage.account, stage.regions) for stage in env.stages} | {TOOLS: (ACCOUNT, (REGION,))}
    for task, name in reach:
        account, regions = places[name]
        for region in regions:
            role = global_pattern(env, task, "role", name).replace(REGION, region)
            yield f"arn:${{AWS::Partition}}:iam::{account}:role/{role}"


def _name(env: AnyEnvironment, thing: str) -> str:
    """As the tools account's own templates name the role."""
    region = REGION if env.account == env.tools.account else env.tools.region
    return global_pattern(env, thing, "role", TOOLS).replace(REGION, region)
