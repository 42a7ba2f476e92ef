"""What the execution role may do: what the handlers of the templates' resource types call, each where its names lead.

No public deployer derives this; CDK's execution role is AdministratorAccess. `permissions.json` says what is called,
`scopes.py` where, and a permissions boundary (`boundary.py`) holds whatever these would still let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from awacs.aws import Action, ArnLike, Bool, ConditionElement, Statement, StringEquals, StringEqualsIfExists
from troposphere import Sub

from resources import permissions, scopes, statements
from resources.naming import global_pattern
from resources.policies import deny
from resources.roles import made_boundary_arn
from resources.statements import Arn

if TYPE_CHECKING:
    from env.model import AnyEnvironment

# These reach a role: with the boundary as a condition nobody is given more than it (IAM, Permissions boundaries).
_BOUND = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:UpdateAssumeRolePolicy",
)

# About what one statement may take of a policy's 6,144 characters, so that others fit beside it.
_ROOM = 3_000


def given(env: AnyEnvironment, types: Iterable[str], only: Sequence[str] = permissions.HANDLERS) -> set[str]:
    """The actions that these types' handlers get: written out, less what is withheld.

    Raises:
        permissions.UnknownTypesError
    """
    actions: set[str] = set()
    for name, called in permissions.actions(types, only).items():
        withheld = scopes.withheld(name, replicated=env.disaster_recovery is not None)
        for action in called:
            if not scopes.matches(action, withheld):
                actions.update(scopes.EXPANDED.get(action, (action,)))
    return actions


def seen(env: AnyEnvironment, types: Iterable[str]) -> set[str]:
    """What only reads settings: for plan and deploy as well, which detect drift with their own permissions.

    By the action's verb, since some handlers also write, decrypt or pass a role to read. Stacks have a statement of their own.
    """
    read = given(env, types, only=("read",)) - set(scopes.OBJECTS)
    return {action for action in read if scopes.matches(action, scopes.READING) and not action.startswith("cloudformation:")}


def looking(env: AnyEnvironment, actions: Iterable[str]) -> Statement:
    """What only reads, and knows no resource."""
    return everywhere(env, "Look", [action for action in actions if scopes.matches(action, scopes.LOOK)])


def making(env: AnyEnvironment, actions: set[str]) -> list[Statement]:
    """What makes things that have no name before they are there."""
    near = StringEquals("aws:RequestedRegion", _regions(env))
    bare = {action for action in actions if _kind(action) == "untagged"}
    functions = ArnLike("lambda:FunctionArn", scopes.arns(env, "lambda"))
    mappings = statements.arn("lambda:event-source-mapping:*")
    return [
        *_some("Make", actions & set(scopes.MAKE), ["*"], near),
        *_some("MakeUntagged", bare, ["*"], near, StringEqualsIfExists(_own_tags(env))),
        *_some("Mappings", actions & set(scopes.MAPPINGS), ["*"], near, functions),
        *_some("MappingTags", actions & set(scopes.MAPPING_TAGS), [mappings]),
    ]


def named(env: AnyEnvironment, sid: str, actions: Iterable[str]) -> list[Statement]:
    """On the names of the environment alone; and what is known by its tags."""
    by_service: dict[str, set[str]] = {}
    tagged = set()
    for action in actions:
        kind = _kind(action)
        if kind == "named" or action in scopes.ALIASES:
            by_service.setdefault(action.partition(":")[0], set()).add(action)
        if kind == "tagged":
            tagged.add(action)
    return [*_by_name(env, sid, by_service), *_tagged(env, tagged)]


def _by_name(env: AnyEnvironment, sid: str, by_service: dict[str, set[str]]) -> Iterator[Statement]:
    """Several services in one statement: what an action of one cannot act on, the ARNs of another do not widen.

    It saves a fifth of the text, and the whole template must fit into one call.
    """
    room, number, actions, arns = _ROOM, 1, set[str](), list[Sub]()
    for service, wanted in sorted(by_service.items()):
        names = scopes.arns(env, service)
        used = sum(map(len, (*wanted, *scopes.patterns(env, service))))
        if used > room and actions:
            yield statements.allow(f"{sid}{number}", exact(actions), arns)
            room, number, actions, arns = _ROOM, number + 1, set(), []
        room, actions, arns = room - used, actions | wanted, arns + names
    if actions:
        yield statements.allow(f"{sid}{number}", exact(actions), arns)


def identity(env: AnyEnvironment, types: Iterable[str], actions: Iterable[str], boundaries: Sequence[Arn] = ()) -> list[Statement]:
    """Roles and policies of the environment: never without a boundary, passed to one service each. ``boundaries``: others than bootstrap's."""
    known, used = {action for action in actions if action.startswith("iam:")}, set(types)
    attach, pass_, link = (known & {f"iam:{verb}"} for verb in ("AttachRolePolicy", "PassRole", "CreateServiceLinkedRole"))
    reach = known & set(_BOUND) - attach
    roles, policies = (Sub(text) for text in identities(env, "*"))
    bound = StringEquals("iam:PermissionsBoundary", list(boundaries) if boundaries else made_boundary_arn())
    passed = [service for name, service in sorted(scopes.PASSED.items()) if name in used]
    linked = sorted({service for name in used for service in scopes.LINKED.get(name, ())})
    return [
        *_some("Roles", reach, [roles], bound),
        *_some("Attach", attach, [roles], bound, ArnLike("iam:PolicyARN", policies)),
        *_some("Identities", known - reach - attach - pass_ - link, [roles, policies]),
        *(passing for service in passed for passing in _some(f"Pass{_title(service)}", pass_, [roles], _to(service))),
        *_some(
            "LinkedRoles",
            link if linked else set(),
            [statements.global_arn("iam:role/aws-service-role/*")],
            StringEquals("iam:AWSServiceName", linked),
        ),
    ]


def losing(types: Iterable[str]) -> Statement:
    """Denied where data is for good: every call that loses what a type keeps."""
    lost = {action for name in types for action in scopes.LOSING.get(name, ())}
    return deny("KeepData", exact(lost), ["*"])


def nested(env: AnyEnvironment) -> Statement:
    return statements.allow("NestedStacks", exact(scopes.NESTED), scopes.arns(env, "cloudformation"))


def identities(env: AnyEnvironment, thing: str) -> tuple[str, str]:
    """Roles and policies of a name, as texts of ``Fn::Sub``."""
    arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:"
    return f"{arn}role/{global_pattern(env, thing, 'role')}", f"{arn}policy/{global_pattern(env, thing, 'policy')}"


def exact(actions: Iterable[str]) -> list[Action]:
    return [Action(*action.split(":", 1)) for action in sorted(actions)]


def everywhere(env: AnyEnvironment, sid: str, actions: Iterable[str]) -> Statement:
    """On anything, in the environment's own regions."""
    return statements.allow(sid, exact(actions), ["*"], StringEquals("aws:RequestedRegion", _regions(env)))


def _some(sid: str, actions: set[str], resources: Sequence[Arn], *conditions: ConditionElement) -> list[Statement]:
    """One statement, or none where there is nothing to allow."""
    return [statements.allow(sid, exact(actions), resources, *conditions)] if actions else []


def _regions(env: AnyEnvironment) -> list[Sub | str]:
    return [Sub(region) if "$" in region else region for region in scopes.regions(env)]


@cache
def _kind(action: str) -> str:
    """How its statement says where: by name, by tag, or not at all."""
    if action.startswith("iam:") or action in scopes.OBJECTS or action in scopes.MAPPINGS:
        return "elsewhere"
    if scopes.matches(action, (*scopes.LOOK, *scopes.MAKE)):
        return "nameless"
    if action == "kms:TagResource" or (scopes.matches(action, scopes.UNTAGGED) and not scopes.matches(action, scopes.TAGGED)):
        return "untagged"
    return "tagged" if scopes.matches(action, scopes.TAGGED) else "named"


def _tagged(env: AnyEnvironment, actions: set[str]) -> list[Statement]:
    """Keys are used through the services that encrypt with them; grants go to AWS's services alone."""
    own = StringEquals(_own_tags(env))
    keys, network = [statements.arn("kms:key/*")], [statements.arn("ec2:*")]
    use, grant = actions & set(scopes.KEY_USE), actions & {"kms:CreateGrant"}
    manage = {action for action in actions if action.startswith("kms:")} - use - grant
    via = [Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}") for service in ("dynamodb", "lambda", "s3", "sns", "sqs")]
    return [
        *_some("KeysUsed", use, keys, own, StringEquals("kms:ViaService", via)),
        *_some("KeysGranted", grant, keys, own, Bool("kms:GrantIsForAWSResource", "true")),
        *_some("Keys", manage, keys, own),
        *_some("Network", {action for action in actions if action.startswith("ec2:")}, network, own),
    ]


def _own_tags(env: AnyEnvironment) -> dict[str, str]:
    return {"aws:ResourceTag/Environment": env.name, "aws:ResourceTag/Project": env.project}


def _to(service: str) -> StringEquals:
    return StringEquals("iam:PassedToService", service)


def _title(service: str) -> str:
    """``VpcFlowLogs`` of ``vpc-flow-logs.amazonaws.com``."""
    return "".join(part.capitalize() for part in service.split(".")[0].split("-"))
