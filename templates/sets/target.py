"""What a target account needs before a self-managed set comes to it, and before anybody looks: the execution role and the plan role.

An administrator deploys it once an account, in any one region, since roles know none; or a service-managed set brings it to every account
of a unit. The execution role may do what the sets' templates ask for, by their resource types, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from awacs.aws import PolicyDocument, Statement, StringEquals, StringLike
from troposphere import GetAtt, Ref, Sub, encode_to_dict
from troposphere.iam import ManagedPolicy, Role

from resources import boundary, execution, policies, reach, scopes, statements
from resources.execution import exact
from resources.naming import REGION, global_pattern, name
from resources.policies import deny
from templates.service import Service

if TYPE_CHECKING:
    from env.model import AnyEnvironment, ToolsEnvironment

NAME = "target"
Types = Iterable[tuple["AnyEnvironment", str, set[str]]]
"""By whose names (an environment), under which boundary's name, which resource types a set's instances have."""

# By their Sids.
_NAMELESS = ("Look", "Make", "MakeUntagged", "Mappings", "MappingTags", "Templates")
# Wildcards, since these are denied.
IDENTITY_CHANGES = tuple(
    f"iam:{verb}*" for verb in ("Add", "Attach", "Create", "Delete", "Detach", "Pass", "Put", "Remove", "Set", "Tag", "Untag", "Update")
)
_LIKE = {"StringEquals": "StringLike", "ArnEquals": "ArnLike", "StringEqualsIfExists": "StringLikeIfExists"}
_REGION = "aws:RequestedRegion"


def build(env: ToolsEnvironment, types: Types) -> Service[ToolsEnvironment]:
    """``types``: of every set that comes with the execution role.

    Raises:
        permissions.UnknownTypesError: a type that the table of permissions has not.
        policies.TooLongError: more than IAM takes.
    """
    service = Service(NAME, env, f"{env.project}: how StackSets reach this account")
    known = list(types)
    carried = [*reach.carrying_out(env), *_made(known)]
    looked = reach.previewing(env)
    regions = reach.regions(env)
    service.add(_boundary(env, regions, known, [*carried, *looked]))
    for title, thing, trust, allowed in (
        ("Execution", reach.EXECUTION, reach.by_administration(env), carried),
        ("Plan", reach.PLAN, reach.by_planners(env), looked),
    ):
        role = service.add(_role(service, title, thing, trust, anywhere(allowed, regions)))
        service.gives(f"{title}RoleArn", GetAtt(role, "Arn"), f"ARN of the role of {thing}")
    return service


def _made(types: Types) -> Iterator[Statement]:
    """What the handlers of the types call, as in an environment's own account (`resources/execution.py`)."""
    for index, (env, bound, kinds) in enumerate(types):
        actions = execution.given(env, kinds)
        number = str(index + 1) if index else ""
        bounds = [Sub(text) for text in _boundaries(env, bound)]
        found = [
            execution.looking(env, actions),
            *execution.making(env, actions),
            *execution.named(env, "Set", actions),
            *execution.identity(env, kinds, actions, bounds),
        ]
        for statement in found:
            statement.properties["Sid"] = f"{statement.properties['Sid']}{number and 'Of'}{number}"
            if statement.properties["Action"]:
                yield statement


def _boundaries(env: AnyEnvironment, bound: str) -> list[str]:
    return [f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{global_pattern(env, bound, 'policy')}"]


def _role(service: Service[ToolsEnvironment], title: str, thing: str, trust: PolicyDocument, allowed: list[dict[str, Any]]) -> Role:
    """What knows no name stands in a policy of its own, so that the allow-list can say of that alone why it may."""
    env = service.env
    nameless = [statement for statement in allowed if statement["Sid"].partition("Of")[0] in _NAMELESS]
    named = [statement for statement in allowed if statement not in nameless]
    own = []
    for kind, group in (("", named), ("Look", nameless)):
        for number, part in _packed(env, title, group):
            own.append(
                service.add(
                    ManagedPolicy(
                        f"{title}{kind}Policy{number}",
                        ManagedPolicyName=name(env, "-".join(filter(None, (thing, kind.lower(), number))), "policy"),
                        Description=f"What {thing} may do",
                        PolicyDocument={"Version": "2012-10-17", "Statement": part},
                    )
                )
            )
    if len(own) > policies.MOST_POLICIES:
        raise policies.TooLongError(
            f"role {thing}: {len(own)} policies; IAM takes {policies.MOST_POLICIES}: give a set an execution role of its own"
        )
    return Role(
        f"{title}Role",
        RoleName=name(env, thing, "role"),
        Description=f"{env.project}: {thing}",
        AssumeRolePolicyDocument=trust,
        ManagedPolicyArns=[Ref(policy) for policy in own],
        PermissionsBoundary=Ref("Boundary"),
    )


def _packed(env: ToolsEnvironment, title: str, allowed: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    parts: list[list[dict[str, Any]]] = [[]]
    room = policies.ROOM
    for statement in allowed:
        used = policies.size(env, statement)
        if used > policies.ROOM:
            raise policies.TooLongError(
                f"statement {statement['Sid']} of role {title}: {used:,} characters; a policy has room for {policies.ROOM:,}"
            )
        if used > room:
            parts.append([])
            room = policies.ROOM
        parts[-1].append(statement)
        room -= used
    numbers = ["", *map(str, range(2, len(parts) + 1))]
    return list(zip(numbers, parts, strict=True))


def _boundary(env: ToolsEnvironment, regions: list[str], types: Types, allowed: Iterable[Statement]) -> ManagedPolicy:
    """The most that both roles may do: the services in use, identities under a set's own boundary, and never these roles themselves."""
    used = {str(action.JSONrepr()).partition(":")[0] for statement in allowed for action in statement.Action}
    services = {f"{service}:*" for service in used if service not in ("account", "iam")}
    found = [statements.allow("Services", exact(services), ["*"], StringEquals(_REGION, regions)), *reach.looking_around(env)]
    for index, (owner, bound, kinds) in enumerate(types):
        roles, named = (Sub(text) for text in execution.identities(owner, "*"))
        number = str(index + 1) if index else ""
        bounds = StringLike("iam:PermissionsBoundary", [Sub(text) for text in _boundaries(owner, bound)])
        passed = sorted({scopes.PASSED[kind] for kind in kinds if kind in scopes.PASSED})
        found += [
            statements.allow(f"Roles{number}", exact(boundary.BOUND), [roles], bounds),
            statements.allow(f"Identities{number}", exact(boundary.KEPT), [roles, named]),
        ]
        if passed:
            found.append(statements.allow(f"Pass{number}", exact(["iam:PassRole"]), [roles], StringEquals("iam:PassedToService", passed)))
    own = [statements.global_arn(f"iam:{kind}/{name(env, 'reach-*', kind)}") for kind in ("role", "policy")]
    found.append(deny("KeepReach", exact(IDENTITY_CHANGES), own))
    return ManagedPolicy(
        "Boundary",
        ManagedPolicyName=name(env, "reach-boundary", "policy"),
        Description="The most that the roles of StackSets may do",
        PolicyDocument={"Version": "2012-10-17", "Statement": anywhere(found, regions)},
    )


def anywhere(allowed: Iterable[Statement], regions: list[str]) -> list[dict[str, Any]]:
    """The same statements for every region of the targets, since a role serves them all: a region in a name becomes ``*``, in a condition on
    the region itself these regions.
    """
    return [_anywhere(encode_to_dict(statement), regions) for statement in allowed]


def _anywhere(statement: dict[str, Any], regions: list[str]) -> dict[str, Any]:
    made = {key: _wide(value) for key, value in statement.items() if key != "Condition"}
    conditions: dict[str, dict[str, Any]] = {}
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            if key == _REGION:
                conditions.setdefault(operator, {})[key] = regions
            else:
                wide = _wide(value)
                conditions.setdefault(_LIKE.get(operator, operator) if wide != value else operator, {})[key] = wide
    return {**made, "Condition": conditions} if conditions else made


def _wide(value: Any) -> Any:
    if isinstance(value, list):
        return [_wide(item) for item in value]
    if isinstance(value, dict) and value.keys() == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        return {"Fn::Sub": value["Fn::Sub"].replace(REGION, "*")}
    return value
