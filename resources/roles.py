"""One role for one purpose: its permissions in a managed policy of its own, never beyond the account's boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import PolicyDocument, Statement
from troposphere import Ref, Sub
from troposphere.iam import ManagedPolicy, Role

from resources import statements
from resources.naming import REGION, global_name, global_pattern

if TYPE_CHECKING:
    from env.model import AnyEnvironment


def boundary_arn(env: AnyEnvironment) -> Sub:
    """The permissions boundary that bootstrap makes, by its name."""
    return statements.global_arn(f"iam:policy/{global_pattern(env, 'boundary', 'policy')}")


def made_boundary_arn() -> Sub:
    """The same within bootstrap's own template, which has few bytes to spare: by its logical id."""
    return Sub("${Boundary}")


def role_arn(env: AnyEnvironment, thing: str, region: str = REGION) -> Sub:
    """The ARN that :func:`role_with_policy` gives a role of this name, in the template's own region or in the one named."""
    return statements.global_arn(f"iam:role/{global_pattern(env, thing, 'role').replace(REGION, region)}")


def made_role_arn(thing: str) -> Sub:
    """The same of a role that bootstrap makes, within its own template, which has few bytes to spare: by its logical id."""
    return Sub(f"${{{thing.capitalize()}Role.Arn}}")


def role_with_policy(
    env: AnyEnvironment, title: str, thing: str, trust: PolicyDocument, permissions: list[Statement]
) -> tuple[Role, ManagedPolicy]:
    """A bounded role and its one policy.

    The policy hangs on the role and not the role on the policy: whoever waits for the role finds its permissions in
    place, which a function in a VPC needs while it is being made.
    """
    policy = ManagedPolicy(
        f"{title}Policy",
        ManagedPolicyName=global_name(env, thing, "policy"),
        Description=f"What {thing} may do",
        PolicyDocument=statements.document(*permissions),
    )
    role = Role(
        title,
        RoleName=global_name(env, thing, "role"),
        AssumeRolePolicyDocument=trust,
        ManagedPolicyArns=[Ref(policy)],
        PermissionsBoundary=boundary_arn(env),
    )
    return role, policy
