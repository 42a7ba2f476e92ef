"""What the tools account needs to reach others, beside its bootstrap, which has no room left: made by an administrator as well.

The plan and deploy roles get what StackSets ask for, as policies of their own that hang on them; CloudFormation gets the administration role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import Statement
from troposphere import GetAtt, Ref, Sub
from troposphere.iam import ManagedPolicy, Role

from resources import elsewhere, reach, statements
from resources.naming import global_name, global_pattern
from templates.service import Service

if TYPE_CHECKING:
    from env.model import ToolsEnvironment

NAME = "reach"


def build(env: ToolsEnvironment) -> Service[ToolsEnvironment]:
    service = Service(NAME, env, f"{env.project} {env.name}: how StackSets reach other accounts")
    _hung(service, "Look", ["deploy", "plan"], [*reach.looking(env), *elsewhere.reading(env)])
    _hung(service, "Run", ["deploy"], reach.running(env))
    if env.code_regions:
        _hung(service, "Publish", ["publish"], elsewhere.publishing(env))
        _hung(service, "Clear", ["gc"], elsewhere.clearing(env))
    if administering := reach.administering(env):
        policy = service.add(_policy(env, "Administration", administering))
        role = service.add(
            Role(
                "AdministrationRole",
                RoleName=global_name(env, reach.BOOTSTRAP, "role"),
                Description="CloudFormation takes it to reach the targets of self-managed StackSets",
                AssumeRolePolicyDocument=reach.administrators(env),
                ManagedPolicyArns=[Ref(policy)],
                PermissionsBoundary=statements.global_arn(f"iam:policy/{global_pattern(env, 'bootstrap-boundary', 'policy')}"),
            )
        )
        service.gives("AdministrationRoleArn", GetAtt(role, "Arn"), "ARN of the administration role")
    return service


def _hung(service: Service[ToolsEnvironment], title: str, tasks: list[str], allowed: list[Statement]) -> None:
    """On roles of bootstrap, by their names: this stack comes after that one."""
    policy = service.add(_policy(service.env, title, allowed))
    policy.Roles = [Sub(global_pattern(service.env, task, "role")) for task in tasks]


def _policy(env: ToolsEnvironment, title: str, allowed: list[Statement]) -> ManagedPolicy:
    return ManagedPolicy(
        f"{title}Policy",
        ManagedPolicyName=global_name(env, f"{reach.BOOTSTRAP}-{title.lower()}", "policy"),
        PolicyDocument=statements.document(*allowed),
    )
