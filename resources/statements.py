"""Policy statements: exact actions on exact resources, and the conditions that every service trust carries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from awacs.aws import Action, Allow, ArnLike, Bool, Condition, ConditionElement, Deny, PolicyDocument, Principal, Statement, StringEquals
from awacs.sts import AssumeRole
from troposphere import AccountId, Region, Sub

Arn = Any  # a text, or a troposphere function that gives one

THIS_ACCOUNT = StringEquals("aws:SourceAccount", AccountId)


def arn(pattern: str) -> Sub:
    """``arn("sqs:tap-jobs-dev")``: an ARN of this partition, region and account."""
    service, resource = pattern.split(":", 1)
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def global_arn(pattern: str) -> Sub:
    """``global_arn("iam:role/x")``: an ARN of a service that knows no region."""
    service, resource = pattern.split(":", 1)
    return Sub(f"arn:${{AWS::Partition}}:{service}::${{AWS::AccountId}}:{resource}")


def document(*statements: Statement) -> PolicyDocument:
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def allow(sid: str, actions: Iterable[Action], resources: Iterable[Arn], *conditions: ConditionElement) -> Statement:
    """An identity's permission."""
    return Statement(Sid=sid, Effect=Allow, Action=_sorted(actions), Resource=list(resources), **_when(conditions))


def allow_everywhere(sid: str, actions: Iterable[Action], *conditions: ConditionElement) -> Statement:
    """For actions without resource-level permission (Service Authorization Reference): any resource of this region."""
    return allow(sid, actions, ["*"], StringEquals("aws:RequestedRegion", Region), *conditions)


def allow_service(
    sid: str, service: str | Sub, actions: Iterable[Action], resources: Iterable[Arn], *conditions: ConditionElement
) -> Statement:
    """A resource policy's permission for an AWS service that acts for this account and no other."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Principal=Principal("Service", service),
        Action=_sorted(actions),
        Resource=list(resources),
        **_when((THIS_ACCOUNT, *conditions)),
    )


def allow_roles(sid: str, roles: Iterable[Sub], actions: Iterable[Action], *conditions: ConditionElement) -> Statement:
    """A key policy's permission for roles that may not exist yet.

    KMS refuses a policy that names a role which does not exist (PutKeyPolicy, MalformedPolicyDocument), and the roles
    come after the key: so the account is the principal and the roles stand in the condition.
    """
    return Statement(
        Sid=sid,
        Effect=Allow,
        Principal=Principal("AWS", global_arn("iam:root")),
        Action=_sorted(actions),
        Resource=["*"],
        **_when((ArnLike("aws:PrincipalArn", list(roles)), *conditions)),
    )


def allow_all(sid: str, actions: Iterable[Action], resources: Iterable[Arn], *conditions: ConditionElement) -> Statement:
    """A resource policy's permission for whoever the conditions let in."""
    made = allow(sid, actions, resources, *conditions)
    made.Principal = Principal("*")
    return made


def deny_insecure(service: str, resources: Iterable[Arn]) -> Statement:
    """Refuse every request that does not come over TLS."""
    return Statement(
        Sid="DenyInsecureTransport",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[Action(service, "*")],
        Resource=list(resources),
        Condition=Condition(Bool("aws:SecureTransport", "false")),
    )


def trust(service: str, *conditions: ConditionElement) -> PolicyDocument:
    """Who may assume a role: one service, limited to this account where the service says for whom it acts."""
    statement = Statement(Effect=Allow, Principal=Principal("Service", service), Action=[AssumeRole], **_when(conditions))
    return document(statement)


def _sorted(actions: Iterable[Action]) -> list[Action]:
    return sorted(actions, key=lambda action: str(action.JSONrepr()))


def _when(conditions: Iterable[ConditionElement]) -> dict[str, Condition]:
    """One entry an operator: given two of one operator, awacs 2.6 keeps the last and drops the first without a word."""
    operators: dict[type[ConditionElement], dict[str, Any]] = {}
    for condition in conditions:
        operators.setdefault(type(condition), {}).update(condition.get_dict())
    return {"Condition": Condition([operator(keys) for operator, keys in operators.items()])} if operators else {}
